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
