"""Blocks held against a server's cycles, on cycles and deliveries that are known."""

import numpy as np
import pytest

from perfkit.instruments.jack_watch import Watched, unwrapped
from perfkit.model.errors import Invalid
from perfkit.probes._audio_cycles import audible, grid, hold, lateness

PERIOD = 128 / 48_000


def canary(count=100, *, skipped=(), late=None):
    ran = np.array([k for k in range(count) if k not in skipped])
    since = np.zeros(len(ran))
    for cycle, seconds in (late or {}).items():
        since[np.flatnonzero(ran == cycle)] = seconds
    return Watched(
        rate=48_000,
        block=128,
        real_time=True,
        xruns=0,
        at=10 + ran * PERIOD + since,
        frame=1000 + ran * 128,
        own=since,
        recorded=np.zeros((len(ran), 128), np.float32),
    )


def delivered(*, stalls=None, count=100):
    """When each block is delivered by a program that takes a tenth of a period, or what `stalls` says of its number."""
    times, now = [], 0.0
    for k in range(count):
        now = max(now, np.ceil(now - 1e-9)) + (stalls or {}).get(k, 0.1)
        times.append(10 + now * PERIOD)
    return np.array(times)


def test_a_program_in_time_has_no_misses():
    held = hold(grid(canary()), delivered())
    assert held.missed == held.disturbed == ()
    assert set(held.waited) == {1}
    assert held.finished == pytest.approx(0.1 * PERIOD)


@pytest.mark.parametrize(("stall", "waited"), [(1.5, 2), (2.5, 3), (4.2, 5)])
def test_one_stall_is_one_late_block_however_many_periods_it_costs(stall, waited):
    held = hold(grid(canary()), delivered(stalls={30: stall, 60: stall}))
    assert len(held.missed) == 2
    assert [held.waited[k] for k in held.missed] == [waited, waited]
    assert [held.finished[k] for k in held.missed] == pytest.approx([stall * PERIOD] * 2)
    assert held.disturbed == ()


def test_a_block_beside_a_late_canary_is_disturbed_not_missed():
    late = canary(late={30: 0.6 * PERIOD})
    held = hold(grid(late), delivered(stalls={30: 1.5}))
    assert (held.missed, len(held.disturbed)) == ((), 1)


def test_a_block_that_would_have_been_late_anyway_is_missed():
    held = hold(grid(canary(late={30: 0.2 * PERIOD})), delivered(stalls={30: 1.5}))
    assert (len(held.missed), held.disturbed) == (1, ())


def test_a_miss_is_alone_unless_the_canary_was_late_around_it():
    late = canary(late={33: 0.6 * PERIOD})
    assert hold(grid(late), delivered(stalls={30: 2.5})).alone == ()
    held = hold(grid(late), delivered(stalls={30: 2.5, 60: 2.5}))
    assert (len(held.missed), held.alone) == (2, held.missed[1:])


def test_where_the_canary_did_not_run_the_machine_was_late():
    held = hold(grid(canary(skipped={30})), delivered(stalls={30: 1.5}))
    assert (held.missed, len(held.disturbed)) == ((), 1)


def test_the_time_a_thread_waited_for_a_core_is_taken_away():
    delays = np.zeros(100)
    delays[30] = 0.7 * PERIOD
    held = hold(grid(canary()), delivered(stalls={30: 1.5}), delays)
    assert (held.missed, len(held.disturbed)) == ((), 1)


def test_a_client_that_ran_twice_in_a_cycle_caught_up():
    times = delivered()
    times[50] = times[49] + 0.3 * PERIOD
    times = np.delete(times, 51)
    held = hold(grid(canary()), np.sort(times))
    assert len(held.missed) == 1
    assert held.waited[held.missed[0]] == 3  # nothing came in two periods
    assert min(held.waited) == 1


def lateness_of(*late):
    """Of cycles that ran so many periods after their begin, which whole periods tell."""
    number = np.arange(len(late))
    return lateness(10 + (number + np.array(late)) * PERIOD, 1000 + number * 128, 48_000) / PERIOD


def test_a_cycle_is_late_by_what_those_after_it_are_not():
    assert lateness_of(0, 0, 1.5, 0.5, 0, 0.2, 0) == pytest.approx([0, 0, 1.5, 0.5, 0, 0.2, 0])


def test_a_server_that_goes_on_later_after_a_stall_has_begun_its_cycles_later():
    assert lateness_of(0, 0, 3.3, 3.0, 3.0, 3.1, 3.0) == pytest.approx([0, 0, 0.3, 0, 0, 0.1, 0], abs=1e-9)


def test_a_canary_that_hardly_ran_makes_the_launch_void():
    with pytest.raises(Invalid, match="only 3 cycles"):
        grid(canary(3))


def test_glitches_beside_a_hole_of_the_canary_say_nothing():
    ran = np.ones(50, bool)
    ran[20] = False
    assert audible([5, 19, 21, 40], ran) == 2


def test_the_servers_clock_wraps():
    assert unwrapped([2**32 - 128, 0, 128]).tolist() == [2**32 - 128, 2**32, 2**32 + 128]
