"""Bodies of a known cost, timed by the whole chain: probe, launcher, worker."""

import textwrap

import pytest

from perfkit.probes import build
from tests.truth.clean import until_clean

pytestmark = pytest.mark.machine

BODIES = """
    import subprocess, sys, threading, time
    from perfkit import Metrics

    def busy(seconds):
        end = time.perf_counter() + seconds
        while time.perf_counter() < end:
            pass

    def burning(seconds):
        end = time.process_time() + seconds
        while time.process_time() < end:
            pass

    def sleeping():
        time.sleep(0.005)

    def nothing():
        pass

    def hoarding():
        bytearray(100 << 20)

    def of_a_child():
        subprocess.run([sys.executable, "-IS", "-c", "import time\\nwhile time.process_time() < 0.05: pass"])

    def set_up_and_tear_down():
        time.sleep(0.3)
        yield lambda: time.sleep(0.001)
        time.sleep(0.3)

    def counting():
        return Metrics(answer=42)
"""


@pytest.fixture
def measure(launcher):
    (launcher.root / "bodies.py").write_text(textwrap.dedent(BODIES))

    def of(function, **settings):
        probe = build("call", {"file": "bodies.py", "function": function, "min_time": 0.3, **settings})
        return probe.measure(launcher)

    return of


@pytest.mark.parametrize("seconds", [0.0005, 0.002, 0.05])
def test_a_body_reads_what_it_costs(measure, seconds):
    measured, _ = until_clean(lambda: (measure("busy", params={"seconds": seconds}), None))
    assert measured.values["wall_time"] == pytest.approx(seconds, rel=0.02)
    assert measured.values["cpu_time"] == pytest.approx(seconds, rel=0.05)


@pytest.mark.parametrize("seconds", [0.002, 0.02])
def test_cpu_time_is_the_same_however_long_it_waits_for_a_core(measure, seconds):
    values = measure("burning", params={"seconds": seconds}).values
    assert values["cpu_time"] == pytest.approx(seconds, rel=0.03)
    assert values["wall_time"] >= 0.99 * seconds


def test_the_cpu_time_of_a_sleeping_body_is_far_below_its_wall_time(measure):
    values = measure("sleeping").values
    assert values["wall_time"] >= 0.005
    assert values["cpu_time"] < 0.1 * values["wall_time"]


def test_an_empty_body_costs_a_call(measure):
    measured = measure("nothing")
    assert 1e-9 < measured.values["cpu_time"] < 1e-6
    assert "the call itself counts" in measured.caveats


def test_set_up_and_tear_down_are_not_measured(measure):
    assert 0.001 <= measure("set_up_and_tear_down").values["wall_time"] < 0.01


def test_cpu_time_holds_the_children_of_the_body(measure):
    assert 0.05 <= measure("of_a_child").values["cpu_time"] < 0.1


def test_peak_memory_is_that_of_the_body(measure):
    more = measure("hoarding").values["peak_memory"] - measure("nothing").values["peak_memory"]
    assert 99 <= more / 2**20 <= 104


def test_metrics_of_the_body_arrive(measure):
    assert measure("counting", extra={"answer": {"better": "higher"}}).values["answer"] == 42
