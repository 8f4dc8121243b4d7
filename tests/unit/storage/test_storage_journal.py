import json
import os
import stat
from dataclasses import replace
from pathlib import Path

import pytest

from perfkit.model.errors import DataError, UsageError
from perfkit.model.metric import Metric
from perfkit.model.run import Session
from perfkit.storage.journal import Journal, read_journal
from tests.builders import CPU, a_launch, a_result, a_run

PLAN = a_run(
    a_result({CPU: ()}, budgets={"cpu_time": ["+5 %"]}),
    a_result({CPU: ()}, benchmark="other"),
    sessions=(),
    complete=False,
)
FIRST, SECOND = a_launch({"cpu_time": 0.1}, order=0), a_launch({"cpu_time": 0.2}, order=1)


def a_journal(folder):
    with Journal.start(folder, PLAN) as journal:
        journal.session(Session(1, 10.0, 10.0, 7, interrupted=True))
        journal.launch("synth_startup", FIRST)
        journal.launch("other", SECOND)
        journal.session(Session(1, 10.0, 20.0, 7))
    return folder / "journal.jsonl"


def test_the_run_so_far_is_rebuilt(tmp_path):
    a_journal(tmp_path / "id")
    recovered = read_journal(tmp_path / "id")
    results = (replace(PLAN.results[0], launches=(FIRST,)), replace(PLAN.results[1], launches=(SECOND,)))
    assert recovered.run == replace(PLAN, results=results, sessions=(Session(1, 10.0, 20.0, 7),))
    assert recovered.damaged == ()


def test_the_plan_alone_is_a_run_without_launches(tmp_path):
    Journal.start(tmp_path, PLAN).close()
    assert read_journal(tmp_path).run == PLAN


def test_every_prefix_gives_the_launches_that_were_whole(tmp_path):
    path = a_journal(tmp_path / "id")
    data = path.read_bytes()
    first_line = data.index(b"\n") + 1
    for end in range(first_line, len(data)):
        path.write_bytes(data[:end])
        recovered = read_journal(path.parent)
        assert recovered.damaged == ()
        launches = sum(len(result.launches) for result in recovered.run.results)
        assert launches == sum(b'"launch"' in line for line in data[:end].split(b"\n")[1:-1])


def test_a_torn_line_is_cut_off_before_going_on(tmp_path):
    path = a_journal(tmp_path / "id")
    path.write_bytes(path.read_bytes() + b'{"entry":"launch","bench')
    with Journal.reopen(path.parent) as journal:
        journal.launch("other", replace(FIRST, session=2))
    recovered = read_journal(path.parent)
    assert recovered.damaged == ()
    assert recovered.run.results[1].launches == (SECOND, replace(FIRST, session=2))


def test_damage_in_the_middle_is_told_and_the_rest_used(tmp_path):
    path = a_journal(tmp_path / "id")
    lines = path.read_bytes().split(b"\n")
    lines[2] = lines[2].replace(b"0.1", b'"x"')
    lines.insert(4, b'{"entry":"launch","benchmark":"gone",' + lines[3].split(b",", 2)[2])
    path.write_bytes(b"\n".join(lines))
    recovered = read_journal(path.parent)
    assert recovered.run.results[1].launches == (SECOND,)
    assert recovered.damaged == (
        "line 3: $.launch.values[...]: Expected `float`, got `str`",
        "line 5: a launch of 'gone', which the journal's first line does not name",
    )
    assert recovered.run.notes == tuple(f"journal: {damage}" for damage in recovered.damaged)


def test_a_launch_told_again_counts_as_told_last(tmp_path):
    with Journal.start(tmp_path, PLAN) as journal:
        journal.launch("other", FIRST)
        journal.launch("other", replace(FIRST, replaced=True))
    assert read_journal(tmp_path).run.results[1].launches == (replace(FIRST, replaced=True),)


def test_metrics_that_only_a_launch_knew_join_the_definition(tmp_path):
    refined, own = replace(CPU, method="cgroup"), Metric("frames", "frames")
    with Journal.start(tmp_path, PLAN) as journal:
        journal.launch("other", FIRST, (refined, own))
    assert read_journal(tmp_path).run.results[1].metrics == (refined, own)


def test_each_line_is_on_disk_when_the_call_returns(tmp_path, monkeypatch):
    synced = []
    real = os.fsync

    def fsync(descriptor):
        if not stat.S_ISDIR(os.fstat(descriptor).st_mode):
            synced.append((tmp_path / "journal.jsonl").read_bytes().count(b"\n"))
        real(descriptor)

    monkeypatch.setattr(os, "fsync", fsync)
    with Journal.start(tmp_path, PLAN) as journal:
        journal.launch("other", FIRST)
        journal.launch("other", SECOND)
    assert synced == [1, 2, 3]


def test_a_journal_is_never_begun_over_another(tmp_path):
    path = a_journal(tmp_path / "id")
    before = path.read_bytes()
    with pytest.raises(UsageError, match="already exists"):
        Journal.start(path.parent, PLAN)
    assert path.read_bytes() == before


def test_a_first_line_that_cannot_be_read_is_an_error(tmp_path):
    path = a_journal(tmp_path / "id")
    lines = path.read_text().split("\n")
    header = json.loads(lines[0])
    for damaged, message in [
        ("{", "truncated"),
        (json.dumps(header | {"schema": "perfkit-journal/2"}), "newer perfkit"),
        (json.dumps(header | {"more": 1}), "unknown field `more`"),
    ]:
        path.write_text("\n".join([damaged, *lines[1:]]))
        with pytest.raises(DataError, match=message):
            read_journal(path.parent)


def test_no_journal_is_an_error(tmp_path):
    with pytest.raises(UsageError, match="no such file"):
        read_journal(tmp_path)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
def test_a_full_disk_is_told_with_the_files_name():
    journal = Journal(Path("/dev/full"))
    with pytest.raises(OSError, match="/dev/full"):
        journal.session(Session(0, 10.0, 10.0, 7))
    with pytest.raises(OSError, match="No space left"):
        journal.close()
