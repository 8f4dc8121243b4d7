from contextlib import ExitStack

import pytest

from perfkit.model.errors import MeasurementError
from perfkit.running.lock import machine_lock


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
