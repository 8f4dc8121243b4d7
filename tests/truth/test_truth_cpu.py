"""Threads that burn a known share of a core, or wait for one all the time."""

import time
from pathlib import Path

import pytest

from perfkit.instruments.threads import READABLE, ThreadMonitor
from perfkit.model.detail import Curve, Facts
from perfkit.model.errors import Failed
from perfkit.model.launch import Program, Ready
from perfkit.probes import build
from tests.truth.clean import attempts

pytestmark = [
    pytest.mark.machine,
    pytest.mark.skipif(not READABLE, reason="this kernel does not tell the clocks of threads"),
]

BODIES = str(Path(__file__).with_name("cpu_bodies.py"))
CLOSE = 0.05


def cpu(mode, **settings):
    settings = {"ready": {"stdout": "ready"}, "hold": "2 s", **settings}
    return build("cpu", {"command": ["python", "-S", BODIES, mode], **settings})


def facts(measured):
    return dict(next(each for each in measured.details if isinstance(each, Facts)).rows)


def calm(launcher, probe):
    """A launch whose threads waited little for a core; the rule never looks at what is asserted."""
    for _ in attempts():
        measured = probe.measure(launcher)
        if measured.values["run_delay"] <= 0.15 * (probe.hold or 2.0):
            return measured
    return pytest.skip("the machine is too busy: every launch waited for a core")


def test_groups_of_threads_take_what_their_threads_burn(launcher):
    measured = calm(launcher, cpu("threads", threads={"first": "^render-1$", "second": "^render-[2-9]$"}))
    values = measured.values
    for name, share in (("first_cpu", 0.20), ("second_cpu", 0.10), ("cpu", 0.30)):
        assert values[name] == pytest.approx(share, rel=CLOSE)
        assert values[f"{name}_p50"] == pytest.approx(share, rel=CLOSE)
        assert values[f"{name}_p95"] >= values[f"{name}_p50"]
    (curve,) = [each for each in measured.details if isinstance(each, Curve)]
    assert [name for name, _ in curve.beside] == ["first", "second", "other"]
    assert facts(measured)["threads second"].startswith("render-2: ")
    assert "of a core" in facts(measured)["monitor's own CPU"]


def test_a_thread_that_never_sleeps_runs_or_waits(launcher):
    # What it did not run it waited: the sum is the time that passed, however busy the machine is.
    measured = cpu("sharing", hold="1 s", threads={"render": "^render$", "neighbour": "^neighbour$"}).measure(launcher)
    values = measured.values
    for name in ("render", "neighbour"):
        assert values[f"{name}_cpu"] + values[f"{name}_run_delay"] == pytest.approx(1.0, rel=CLOSE)
    assert values["render_run_delay"] > 0.15
    assert values["render_run_delay_p99"] > 0.1e-3
    assert values["run_delay"] == pytest.approx(
        values["render_run_delay"] + values["neighbour_run_delay"], rel=CLOSE
    )  # fmt: skip


def test_cpu_by_unit_of_work_is_what_a_unit_burns(launcher):
    probe = cpu("counted", ready={}, hold=None, work=r"done (\d+) units")
    values = probe.measure(launcher).values
    # 1000 units of 1 ms, and the interpreter's own start.
    assert values["cpu_per_unit"] == pytest.approx(0.001, rel=CLOSE)
    assert values["cpu_time"] == pytest.approx(1000 * values["cpu_per_unit"])


DRIVER = """
import time
started = int(open("/proc/self/stat").read().rpartition(")")[2].split()[19]) / 100
time.sleep(1.5)
print("calls:", round(100 * (time.clock_gettime(time.CLOCK_BOOTTIME) - started)))
"""
"""A call for each hundredth of a second since it was started."""


def test_a_driver_counts_the_work_of_the_driven_time(launcher):
    probe = cpu("threads", hold=None, drive=["python", "-IS", "-c", DRIVER], work=r"calls: (\d+)")
    # 30 % of a core make 3 ms of CPU in a hundredth of a second.
    assert calm(launcher, probe).values["cpu_per_unit"] == pytest.approx(0.003, rel=CLOSE)


def test_a_group_without_a_thread_is_a_failure_that_names_the_threads(launcher):
    with pytest.raises(Failed, match=r"no thread's name matches threads\.audio = '\^audio'") as caught:
        cpu("threads", hold="0.3 s", threads={"audio": "^audio"}).measure(launcher)
    assert "render-1, render-2" in caught.value.hint


def test_the_monitor_takes_no_more_than_half_a_percent_of_a_core(launcher):
    program = Program(("python", "-S", BODIES, "idle"), ready=Ready(stdout="ready"))
    target = launcher.start(program)
    target.wait_ready(30.0)
    shares = []
    for _ in attempts():
        with ThreadMonitor(target.pid) as monitor:
            time.sleep(3.0)
        assert len(monitor.at) >= 28
        assert len(monitor.threads) == 9
        shares.append(monitor.own_cpu / (monitor.at[-1] - monitor.at[0]))
        if shares[-1] <= 0.005:
            return
    pytest.fail(f"the monitor took {[f'{share:.2%}' for share in shares]} of a core")


def test_a_program_that_ends_at_once_still_has_its_cpu(launcher):
    values = build("cpu", {"command": ["python", "-IS", "-c", "pass"]}).measure(launcher).values
    assert 0 < values["cpu"] < 1.5
    assert values["cpu_time"] > 0
