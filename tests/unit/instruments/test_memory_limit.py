"""The limit's judgement on real children, and its words."""

import subprocess
import sys

import pytest

from perfkit.instruments.memory_limit import MemoryLimit

SLEEPER = [sys.executable, "-IS", "-c", "import time; time.sleep(60)"]
BILLION = 10**9


@pytest.fixture
def sleepers():
    with subprocess.Popen(SLEEPER) as one, subprocess.Popen(SLEEPER) as other:
        yield one, other
        for each in (one, other):
            each.kill()


def test_below_the_limit_nothing_happens(sleepers):
    limit = MemoryLimit(2 * BILLION, began=0.0)
    assert not limit.look(1.0, (sleepers[0].pid,), BILLION)
    assert limit.passed is None
    assert sleepers[0].poll() is None


def test_what_passes_it_is_killed_with_its_companion(sleepers):
    one, other = sleepers
    limit = MemoryLimit(500e6, began=10.0)
    limit.end_with(other.pid)
    assert limit.look(13.21, (one.pid,), 512_000_000)
    assert (one.wait(5), other.wait(5)) == (-9, -9)
    assert str(limit.failure()) == "passed the limit of 500 MB after 3.2 s (512 MB, 1 process)"


def test_a_companion_that_comes_late_is_killed_as_well(sleepers):
    one, other = sleepers
    limit = MemoryLimit(1.0, began=0.0)
    assert limit.look(1.0, (one.pid,), BILLION)
    limit.end_with(other.pid)
    assert other.wait(5) == -9


def test_several_processes_are_judged_by_what_they_do_not_share(sleepers):
    # Their summed RSS is said to be a billion; what they hold by PSS is far less.
    limit = MemoryLimit(500e6, began=0.0)
    assert not limit.look(1.0, tuple(each.pid for each in sleepers), BILLION)
    assert all(each.poll() is None for each in sleepers)
