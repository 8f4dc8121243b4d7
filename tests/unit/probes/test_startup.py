"""Probe startup on scripted ends."""

import pytest

from perfkit.model.errors import Failed, UsageError
from perfkit.model.launch import Ready
from perfkit.probes import build
from tests.fakes import MIB, FakeLauncher, an_exit


def startup(**settings):
    return build("startup", {"command": ["server", "--quiet"], **settings})


def test_without_ready_it_is_ready_when_it_ends(tmp_path):
    measured = startup().measure(FakeLauncher(tmp_path, [an_exit(started=10.0, ended=10.4)]))
    assert measured.values == {
        "ready_time": pytest.approx(0.4),
        "cpu_time": 0.25,
        "run_delay": 0.001,
        "peak_memory": 50 * MIB,
        "minor_faults": 1234,
    }
    assert set(measured.values) == {metric.name for metric in startup().metrics}
    assert measured.caveats == ()


def test_a_program_that_stays_is_stopped_once_ready(tmp_path):
    fake = FakeLauncher(tmp_path, [an_exit(-15, ready=100.3, stopped=True, peak_memory=10 * MIB)])
    measured = startup(ready={"stdout": "up"}, cwd="src", env={"A": "1"}).measure(fake)
    assert fake.targets[0].asked == ["wait_ready", "stop"]
    assert measured.values["ready_time"] == pytest.approx(0.3)
    assert (fake.programs[0].ready, fake.programs[0].cwd) == (Ready(stdout="up"), "src")
    assert "peak memory ≤ floor" in measured.caveats


def test_where_the_clocks_at_ready_cannot_be_read_those_of_the_end_stand_labelled(tmp_path):
    fake = FakeLauncher(tmp_path, [an_exit(0, ready=100.3)])
    measured = startup(ready={"stdout": "up"}).measure(fake)
    assert measured.values["cpu_time"] == 0.25
    assert measured.caveats == ("cpu_time includes the end",)


def test_a_program_that_fails_after_it_was_ready_has_failed(tmp_path):
    fake = FakeLauncher(tmp_path, [an_exit(3, ready=100.3, stderr="Traceback\nOops\n")])
    with pytest.raises(Failed, match="ended with code 3") as caught:
        startup(ready={"stdout": "up"}).measure(fake)
    assert "Oops" in caught.value.hint


def test_other_exit_codes_can_be_success(tmp_path):
    fake = FakeLauncher(tmp_path, [an_exit(3)])
    assert startup(exit_codes=[3]).measure(fake).values["ready_time"] == 1.5


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"command": []}, "command is empty"),
        ({"command": "server --quiet"}, "array"),
        ({"ready": {"stdout": "a", "tcp": 1}}, "one of stdout, tcp"),
        ({"ready": {"stdot": "a"}}, "unknown key `ready.stdot`"),
        ({"ready": {"stdout": "("}}, "ready.stdout .*not a regular expression: missing"),
        ({"grace": -1}, "not a positive duration"),
    ],
)
def test_settings_that_make_no_sense_are_refused(settings, message):
    with pytest.raises(UsageError, match=message):
        startup(**settings)
