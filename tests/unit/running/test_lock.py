import os
from contextlib import ExitStack
from pathlib import Path

import pytest

from perfkit.model.errors import MeasurementError
from perfkit.running.lock import lock_file, machine_lock


def test_a_second_run_is_told_who_measures(tmp_path):
    path = tmp_path / "lock"
    with (
        machine_lock("perfkit run (pid 7)", path),
        pytest.raises(MeasurementError, match=r"perfkit run \(pid 7\)"),
        machine_lock("another", path),
    ):
        pytest.fail("two runs hold the machine")


def test_it_is_free_again_afterwards_also_after_an_error(tmp_path):
    path = tmp_path / "lock"
    with pytest.raises(RuntimeError), machine_lock("first", path):
        raise RuntimeError
    with machine_lock("second", path):
        assert path.read_text() == "second"
    assert path.read_text() == ""


def test_it_is_waited_for_and_whom_for_is_told(tmp_path):
    path, told, slept = tmp_path / "lock", [], []
    with ExitStack() as first:
        first.enter_context(machine_lock("perfkit run (pid 7)", path))

        def sleep(seconds: float) -> None:
            slept.append(seconds)
            if len(slept) == 3:
                first.close()

        with machine_lock("second", path, wait=60.0, waiting=told.append, clock=lambda: sum(slept), sleep=sleep):
            assert path.read_text() == "second"
    assert told == ["perfkit run (pid 7)"]
    assert len(slept) == 3


def test_it_is_not_waited_for_longer_than_asked(tmp_path):
    path, slept = tmp_path / "lock", [0.0]
    with (
        machine_lock("perfkit run (pid 7)", path),
        pytest.raises(MeasurementError, match=r"perfkit run \(pid 7\) is measuring"),
        machine_lock("second", path, wait=2.0, clock=lambda: sum(slept), sleep=slept.append),
    ):
        pytest.fail("two runs hold the machine")
    assert 2.0 <= sum(slept) < 3.0


def test_everybody_locks_the_same_file_wherever_their_temporary_files_go(tmp_path, monkeypatch):
    private, shared = tmp_path / "private", tmp_path / "shared"
    private.mkdir(mode=0o755)
    shared.mkdir()
    shared.chmod(0o1777)
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    assert lock_file({}, (tmp_path / "absent", private, shared)) == shared / "perfkit-measuring.lock"
    assert lock_file({}, (private,)) == tmp_path / "perfkit-measuring.lock"
    assert lock_file({"PERFKIT_LOCK": "/a/b"}, (shared,)) == Path("/a/b")


def test_the_file_is_everybodys_whatever_the_umask(tmp_path):
    before = os.umask(0o077)
    try:
        with machine_lock("first", tmp_path / "lock"):
            assert (tmp_path / "lock").stat().st_mode & 0o777 == 0o666
    finally:
        os.umask(before)


def test_no_other_file_is_written_through_a_link(tmp_path):
    victim, fifo = tmp_path / "victim", tmp_path / "fifo"
    victim.write_text("precious")
    (tmp_path / "symbolic").symlink_to(victim)
    (tmp_path / "hard").hardlink_to(victim)
    os.mkfifo(fifo)
    for path in (tmp_path / "symbolic", tmp_path / "hard", fifo, tmp_path / "absent" / "lock"):
        with pytest.raises(MeasurementError, match=f"lock {path} cannot be used") as caught, machine_lock("me", path):
            pytest.fail("it was locked")
        assert "PERFKIT_LOCK" in caught.value.hint
    assert victim.read_text() == "precious"
