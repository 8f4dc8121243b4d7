"""A stall of the machine in the middle of a block is not the program's."""

from dataclasses import replace

import numpy as np
import pytest

from perfkit.instruments.canary import Canary
from perfkit.instruments.stalls import excused
from perfkit.instruments.virtual_sink import Blocks, Played, Stretch
from perfkit.worker.canary import Canary as Beating

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
        floor=blocks, blocks=blocks, missed=missed, disturbed=(7,),
        asked=ORIGIN + (np.cumsum(waited) - waited) * PERIOD,
    )  # fmt: skip
    return replace(told, **changes)


def canary(*late, real_time=True):
    """One that was late in these intervals, in ms from the third block's asking."""
    asked = ORIGIN + 2 * PERIOD
    return Canary(
        0.3e-3, core=1, real_time=real_time, late=tuple((asked + due / 1e3, asked + woke / 1e3) for due, woke in late)
    )


def test_a_block_that_the_machine_stalled_is_disturbed():
    seen = excused(played(3.3e-3, (2,)), canary((0.2, 3.1)))
    assert (seen.missed, seen.disturbed) == ((), (2, 7))
    assert seen.lost_frames == 0


def test_a_block_that_would_have_been_late_anyway_is_a_miss():
    seen = excused(played(1.25e-3, (2,)), canary((0.2, 0.3), (0.6, 0.7), (0.8, 0.9)))
    assert (seen.missed, seen.disturbed) == ((), (2, 7))
    seen = excused(played(1.5e-3, (2,)), canary((0.2, 0.3), (0.6, 0.7), (0.8, 0.9)))
    assert (seen.missed, seen.disturbed) == ((2,), (7,))


def test_only_what_lies_within_the_block_is_taken_away():
    assert excused(played(1.1e-3, (2,)), canary((-0.1, 0.04), (1.05, 1.19))).missed == (2,)
    assert excused(played(1.1e-3, (2,)), canary((-0.1, 0.04), (1.05, 1.19), (0.5, 0.52))).missed == ()


def test_a_late_waking_is_not_taken_away_twice():
    stalled = played(1.2e-3, (2,), late=0.14e-3)
    assert excused(stalled, canary((0.0, 0.14))).missed == (2,)
    assert excused(stalled, canary((0.0, 0.14), (0.3, 0.4))).missed == ()


def test_a_miss_close_to_a_long_stall_is_the_machines_and_one_far_from_it_is_not():
    assert excused(played(2.5e-3, (2,)), canary((-2.3, -1.9))).missed == ()
    assert excused(played(2.5e-3, (2,)), canary((4.4, 4.7))).missed == ()
    assert excused(played(2.5e-3, (2,)), canary((-2.3, -2.1), (4.6, 4.9))).missed == (2,)
    assert excused(played(2.5e-3, (2,)), canary((0.3, 0.44))).missed == (2,)


def test_a_miss_amid_several_short_stalls_is_the_machines():
    assert excused(played(2.5e-3, (2,)), canary((-1.2, -1.07), (0.3, 0.42))).missed == (2,)
    assert excused(played(2.5e-3, (2,)), canary((-1.2, -1.07), (0.3, 0.42), (3.1, 3.22))).missed == ()


def test_a_disturbed_block_is_not_part_of_the_latency():
    stalled = played(2.5e-3, (2,))
    assert stalled.latency.max() == pytest.approx(3 * PERIOD)
    assert excused(stalled, canary((0.2, 2.4))).latency == pytest.approx(np.full(8, PERIOD))


def test_an_overload_is_never_excused():
    overloaded = played(2.5e-3, (2,))
    slow = replace(overloaded.blocks, cpu=np.full(10, 1.1e-3))
    assert excused(replace(overloaded, blocks=slow), canary((0.2, 3.1))).missed == (2,)
    assert excused(overloaded, canary((0.2, 3.1))).missed == ()


def test_a_body_that_sleeps_in_every_block_is_never_excused():
    asleep = played(2.5e-3, (2,))
    slow = replace(asleep.blocks, cpu=np.full(10, 0.1e-3), wall=np.full(10, 1.1e-3))
    assert excused(replace(asleep, blocks=slow), canary((0.2, 3.1))).missed == (2,)
    waiting = replace(slow, run_delay=np.full(10, 0.9e-3))
    assert excused(replace(asleep, blocks=waiting), canary((0.2, 3.1))).missed == ()


def test_a_miss_far_longer_than_the_stalls_around_it_is_the_programs():
    assert excused(played(3.5e-3, (2,)), canary((0.3, 0.7))).missed == ()
    assert excused(played(3.7e-3, (2,)), canary((0.3, 0.7))).missed == (2,)
    assert excused(played(9.7e-3, (2,)), canary((0.3, 2.7))).missed == ()


@pytest.mark.parametrize("changes", [{"policy": "non-RT"}, {"own_threads": True}])
def test_nothing_is_excused_where_the_program_can_delay_the_canary(changes):
    assert excused(played(3.3e-3, (2,), **changes), canary((0.2, 3.1))).missed == (2,)


def test_a_canary_without_real_time_scheduling_excuses_nothing():
    assert excused(played(3.3e-3, (2,)), canary((0.2, 3.1), real_time=False)).missed == (2,)


def test_a_canary_beats_when_a_period_is_mostly_over_and_goes_on_while_it_is_late():
    beating = Beating(period=1000, limit=50, step=150, count=3)
    assert [beating.next_beat(now, 600) for now in (0, 599, 600, 750, 899, 900)] == [600, 600, 750, 900, 900, 1600]
    assert beating.beat(600, 640, 600) == 750
    assert beating.beat(900, 1_050, 600) == 1_200
    assert beating.beat(1_200, 1_400, 600) == 1_550
    assert beating.late == [(900, 1_050), (1_200, 1_400)]
    assert beating.beat(1_550, 1_560, 600) == 1_600
    assert (beating.beats, beating.longest) == (4, 200)
