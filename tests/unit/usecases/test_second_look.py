"""Which commit a baseline is settled with, and what an interrupted second look leaves."""

from dataclasses import replace

from perfkit.model.environment import Commit
from perfkit.model.run import Baseline
from perfkit.storage import runs
from perfkit.usecases.settling import AGAIN, PAIRS, buildable, expect, folder_of, forget_expected, put_aside
from tests.builders import a_recorded


def session(commit, *, dirty=False, anchor=False):
    return replace(a_recorded(), commit=Commit(commit, "main", dirty=dirty), anchor=anchor)


def commit_of(*sessions):
    found = buildable(Baseline("main", sessions), sessions[0].machine.fingerprint)
    return found and found.id


def test_pairs_are_of_the_newest_session_that_is_no_anchor():
    assert commit_of(session("old"), session("new"), session("release", anchor=True)) == "new"
    assert commit_of(session("release", anchor=True)) == "release"


def test_what_was_not_committed_cannot_be_built_again():
    assert commit_of(session("old"), session("new", dirty=True)) is None
    assert buildable(None, "machine") is None
    assert buildable(Baseline("main", (session("other"),)), "another machine") is None


def test_a_second_look_that_was_interrupted_before_it_began_is_gone_on_with(tmp_path):
    folder = tmp_path / "20260101T000000Z-000001"
    folder.mkdir()
    (folder / runs.JOURNAL_FILE).write_text("{}")
    (folder / runs.RUN_FILE).write_text('{"complete": true}')
    assert runs.find_unfinished(tmp_path) is None
    for name in (PAIRS, AGAIN):
        expect(folder, name)
        assert runs.find_unfinished(tmp_path) == folder
        forget_expected(folder)
        assert runs.find_unfinished(tmp_path) is None
    expect(folder, PAIRS)
    (folder_of(folder, PAIRS) / runs.JOURNAL_FILE).write_text("{}")
    forget_expected(folder)
    assert runs.find_unfinished(tmp_path) == folder


def test_pairs_that_were_given_up_are_kept_and_not_read_again(tmp_path):
    folder = tmp_path / "20260101T000000Z-000001"
    place = folder_of(folder, PAIRS)
    for told in ("first", "second"):
        place.mkdir(parents=True)
        (place / runs.JOURNAL_FILE).write_text(told)
        put_aside(place)
        assert runs.find_unfinished(tmp_path) is None
    assert [file.read_text() for file in folder.rglob(runs.JOURNAL_FILE)] == ["second"]
