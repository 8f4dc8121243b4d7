"""A stall of the machine in the middle of a block is not the program's."""

from dataclasses import replace

import numpy as np
import pytest

from perfkit.instruments.canary import Canary
from perfkit.instruments.stalls import excused
from perfkit.instruments.virtual_sink import Blocks, Played, Stretch

PERIOD = 0.001
ORIGIN = 100.0


def played(finished, missed, *, late=0.0, run_delay=0.0, **changes):
    """Ten blocks of 0.3 ms; the third took until `finished` s from its asking and was late."""
    times = np.full(10, 0.3e-3)
    times[2] = finished
    waited = np.ones(10, np.int64)
    waited[2] = max(1, int(np.ceil(finished / PERIOD)))
    lateness, delays = np.zeros(10), np.zeros(10)
    lateness[2], delays[2] = late, run_delay
    blocks = Blocks(lateness, times, times, delays, times, waited)
    stretch = Stretch(body="m:f", arguments={}, frames=48, rate=48_000, blocks=10)
    told = Played(
        stretch=stretch, policy="SCHED_FIFO", locked=True, python="3.12", own_threads=False, peak=0.5,
        floor=blocks, blocks=blocks, missed=missed, disturbed=(7,), origin=ORIGIN,
    )  # fmt: skip
    return replace(told, **changes)


def canary(*late, real_time=True):
    """One that was late in these intervals, in ms from the third block's asking."""
    asked = ORIGIN + 2 * PERIOD
    return Canary(0.3e-3, real_time, late=tuple((asked + due / 1e3, asked + woke / 1e3) for due, woke in late))


def test_a_block_that_the_machine_stalled_is_disturbed():
    seen = excused(played(3.3e-3, (2,)), canary((0.2, 3.1)))
    assert (seen.missed, seen.disturbed) == ((), (2, 7))
    assert seen.lost_frames == 0


def test_a_block_that_would_have_been_late_anyway_is_a_miss():
    seen = excused(played(3.3e-3, (2,)), canary((0.2, 2.4)))
    assert (seen.missed, seen.disturbed) == ((2,), (7,))


def test_only_what_lies_within_the_block_is_taken_away():
    assert excused(played(1.4e-3, (2,)), canary((-2.0, 0.2), (1.3, 9.0))).missed == (2,)
    assert excused(played(1.4e-3, (2,)), canary((-2.0, 0.2), (1.3, 9.0), (0.5, 0.65))).missed == ()


def test_a_late_waking_is_not_taken_away_twice():
    stalled = played(2.3e-3, (2,), late=0.8e-3)
    assert excused(stalled, canary((0.0, 0.8))).missed == (2,)
    assert excused(stalled, canary((0.0, 1.4))).missed == ()


@pytest.mark.parametrize("changes", [{"policy": "non-RT"}, {"own_threads": True}])
def test_nothing_is_excused_where_the_program_can_delay_the_canary(changes):
    assert excused(played(3.3e-3, (2,), **changes), canary((0.2, 3.1))).missed == (2,)


def test_a_canary_without_real_time_scheduling_excuses_nothing():
    assert excused(played(3.3e-3, (2,)), canary((0.2, 3.1), real_time=False)).missed == (2,)
