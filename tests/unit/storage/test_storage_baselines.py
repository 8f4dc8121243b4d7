import json

import pytest

from perfkit.model.errors import DataError, UsageError
from perfkit.storage.baselines import (
    list_baselines,
    load_baseline,
    machines_with,
    remove_baseline,
    save_baseline,
)
from tests.builders import a_machine, a_recorded

HERE = a_machine().fingerprint


def test_a_session_comes_back_as_it_was(tmp_path):
    recorded = a_recorded(accepted="the new reverb is worth it", anchor=True)
    path = save_baseline(tmp_path, "main", recorded)
    assert path == tmp_path / HERE / "main" / f"{recorded.id}.json"
    assert load_baseline(tmp_path, HERE, "main").sessions == (recorded,)
    assert json.loads(path.read_text())["schema"] == "perfkit-baseline/1"


def test_the_newest_five_and_the_newest_anchor_count_oldest_first(tmp_path):
    for day in range(8):
        save_baseline(tmp_path, "main", a_recorded(id=f"s{day}", created=float(day), anchor=day in {0, 1}))
    baseline = load_baseline(tmp_path, HERE, "main")
    assert [session.id for session in baseline.sessions] == ["s1", "s3", "s4", "s5", "s6", "s7"]
    assert [session.anchor for session in baseline.sessions] == [True, *[False] * 5]


@pytest.mark.parametrize("name", ["main", "release/1.2", "..", ".hidden", "ümläut 50%", "a\\b:c"])
def test_any_name_is_one_folder_and_is_listed_as_given(tmp_path, name):
    path = save_baseline(tmp_path / "root", name, a_recorded())
    assert path.parent.parent == tmp_path / "root" / HERE
    assert not path.parent.name.startswith(".")
    assert list_baselines(tmp_path / "root") == ((HERE, name),)
    assert load_baseline(tmp_path / "root", HERE, name).name == name


def test_machines_are_kept_apart(tmp_path):
    there = a_machine(identity="there")
    save_baseline(tmp_path, "main", a_recorded(machine=there))
    save_baseline(tmp_path, "other", a_recorded())
    assert machines_with(tmp_path, "main") == (there.fingerprint,)
    assert load_baseline(tmp_path, HERE, "main").sessions == ()
    assert list_baselines(tmp_path / "none") == ()


def test_a_damaged_file_is_named_and_never_overwritten(tmp_path):
    path = save_baseline(tmp_path, "main", a_recorded())
    path.write_text('{"schema":"perfkit-baseline/1"')
    with pytest.raises(DataError, match=f"{path.name}: ends too early"):
        load_baseline(tmp_path, HERE, "main")
    with pytest.raises(DataError, match=path.name):
        save_baseline(tmp_path, "main", a_recorded())
    assert path.read_text() == '{"schema":"perfkit-baseline/1"'


def test_a_session_can_be_anchored_later(tmp_path):
    save_baseline(tmp_path, "main", a_recorded())
    save_baseline(tmp_path, "main", a_recorded(anchor=True))
    assert [session.anchor for session in load_baseline(tmp_path, HERE, "main").sessions] == [True]


def test_an_empty_session_is_no_baseline(tmp_path):
    with pytest.raises(UsageError, match="nothing was measured"):
        save_baseline(tmp_path, "main", a_recorded(samples=()))
    with pytest.raises(UsageError, match="needs a name"):
        save_baseline(tmp_path, "", a_recorded())


def test_sessions_or_the_whole_baseline_are_removed(tmp_path):
    for name in ("s1", "s2", "s3"):
        save_baseline(tmp_path, "main", a_recorded(id=name))
    with pytest.raises(UsageError, match="no session 'nope'"):
        remove_baseline(tmp_path, "main", HERE, ["s1", "nope"])
    assert [path.name for path in remove_baseline(tmp_path, "main", HERE, ["s1"])] == ["s1.json"]
    assert len(load_baseline(tmp_path, HERE, "main").sessions) == 2
    assert len(remove_baseline(tmp_path, "main", HERE)) == 2
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(UsageError, match="no baseline 'main'"):
        remove_baseline(tmp_path, "main", HERE)
