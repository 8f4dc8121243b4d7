"""The virtual sink's arithmetic on a fake clock: it counts exactly the misses that were planted."""

import random

import pytest

from perfkit.worker.perfkit_audio.audio_thread import SECOND, Clock
from perfkit.worker.perfkit_audio.sink import Schedule, classify, is_disturbed, next_boundary, run_blocks

RATE = 48_000
FRAMES = 128
PERIOD = FRAMES * SECOND / RATE


class FakeClock(Clock):
    """Time that passes only when the body, a late wake-up or a wait for a core says so."""

    def __init__(self, wake_late=()):
        self.time = 1_000
        self.delayed = 0
        self.used = 0
        self.slept = 0
        self.wake_late = dict(wake_late)
        self.wakes = 0

    def now(self):
        return self.time

    def cpu(self):
        return self.used

    def run_delay(self):
        return self.delayed

    def given_away(self):
        return self.slept

    def sleep_until(self, due):
        self.time = max(self.time, due) + self.wake_late.get(self.wakes, 0)
        self.wakes += 1
        return self.time

    def work(self, periods):
        self.time += round(periods * PERIOD)
        self.used += round(periods * PERIOD)

    def sleep(self, periods):
        self.time += round(periods * PERIOD)
        self.slept += 1

    def be_stolen(self, periods):
        self.time += round(periods * PERIOD)

    def wait_for_a_core(self, periods):
        self.time += round(periods * PERIOD)
        self.delayed += round(periods * PERIOD)


def play(clock, plan, count, until_misses=0):
    """Run `count` blocks; `plan` maps a block's number to what it does, the others take a tenth of a period."""
    number = iter(range(count))

    def body(_block):
        plan.get(next(number), lambda: clock.work(0.1))()

    records = run_blocks(body, None, count, Schedule(FRAMES, RATE, clock.now()), clock, until_misses)
    return records, *classify(records, FRAMES, RATE, own_threads=False)


def test_the_misses_planted_are_the_misses_counted():
    chance = random.Random(7)
    for _ in range(20):
        clock = FakeClock()
        stalls = {k: chance.uniform(1.001, 6.9) for k in chance.sample(range(1000), 37)}
        plan = {k: (lambda length=length, clock=clock: clock.sleep(length)) for k, length in stalls.items()}
        records, missed, disturbed = play(clock, plan, 1000)
        assert missed == sorted(stalls)
        assert disturbed == []
        assert [records.waited[k] for k in missed] == [int(stalls[k]) + 1 for k in missed]
        assert all(records.waited[k] == 1 for k in range(1000) if k not in stalls)


def test_time_stolen_from_a_block_that_never_slept_is_taken_away():
    clock = FakeClock()

    def stolen_in_part():
        clock.work(0.4)
        clock.wait_for_a_core(0.3)
        clock.be_stolen(0.8)

    def slept_as_well():
        stolen_in_part()
        clock.sleep(0.2)

    records, missed, disturbed = play(clock, {2: stolen_in_part, 5: slept_as_well}, 10)
    assert (missed, disturbed) == ([5], [2])
    assert records.run_delay[2] == pytest.approx(1.1 * PERIOD, abs=2)
    assert records.run_delay[5] == pytest.approx(0.3 * PERIOD, abs=2)
    clock.given_away = lambda: None
    assert play(clock, {2: stolen_in_part}, 10)[1:] == ([2], [])


def test_a_stall_of_many_periods_is_one_miss_and_the_next_block_has_a_whole_period():
    clock = FakeClock()
    records, missed, _ = play(clock, {3: lambda: clock.work(4.5), 4: lambda: clock.work(0.99)}, 10)
    assert missed == [3]
    assert list(records.waited[:10]) == [1, 1, 1, 5, 1, 1, 1, 1, 1, 1]
    assert records.late[4] == 0


def test_a_body_that_is_always_too_slow_misses_every_deadline():
    clock = FakeClock()
    _, missed, _ = play(clock, {k: (lambda: clock.work(1.01)) for k in range(50)}, 50)
    assert missed == list(range(50))


@pytest.mark.parametrize(("periods", "late"), [(0.9999, False), (1.0001, True)])
def test_the_deadline_is_the_end_of_the_period(periods, late):
    clock = FakeClock()
    _, missed, _ = play(clock, {5: lambda: clock.work(periods)}, 10)
    assert missed == ([5] if late else [])


def test_a_block_finished_on_the_boundary_is_in_time():
    schedule = Schedule(FRAMES, RATE, 1_000)
    assert schedule.finish(schedule.boundary(1)) == 1
    assert schedule.finish(schedule.boundary(2) + 1) == 2


def test_boundaries_do_not_drift_at_a_period_that_is_no_whole_number_of_ns():
    schedule = Schedule(FRAMES, 44_100, 0)
    assert schedule.boundary(44_100) == FRAMES * SECOND
    for index in (1, 2, 3, 1_000_003):
        schedule.asked = index - 1
        assert schedule.finish(schedule.boundary(index)) == 1


def test_a_sink_that_woke_late_is_a_disturbance_not_a_miss():
    clock = FakeClock(wake_late={4: round(1.2 * PERIOD)})
    records, missed, disturbed = play(clock, {}, 10)
    assert (missed, disturbed) == ([], [4])
    assert records.waited[4] == 2


def test_waiting_for_a_core_is_a_disturbance_and_sleeping_is_not():
    clock = FakeClock()
    plan = {2: lambda: clock.wait_for_a_core(1.3), 6: lambda: clock.sleep(1.3)}
    _, missed, disturbed = play(clock, plan, 10)
    assert (missed, disturbed) == ([6], [2])


def test_a_block_that_would_have_been_late_anyway_is_a_miss_however_late_the_sink_woke():
    clock = FakeClock(wake_late={4: round(0.5 * PERIOD)})
    _, missed, disturbed = play(clock, {4: lambda: clock.work(1.1)}, 10)
    assert (missed, disturbed) == ([4], [])


def test_nothing_is_excused_where_the_program_runs_threads_that_can_delay_the_sink():
    clock = FakeClock(wake_late={4: round(1.2 * PERIOD)})
    records, _, _ = play(clock, {}, 10)
    assert classify(records, FRAMES, RATE, own_threads=True) == ([4], [])


def test_a_search_ends_at_the_first_miss_but_not_at_a_disturbance():
    clock = FakeClock(wake_late={4: round(1.2 * PERIOD)})
    records, missed, disturbed = play(clock, {7: lambda: clock.work(2)}, 100, until_misses=1)
    assert (records.count, missed, disturbed) == (8, [7], [4])


def test_clocks_are_read_apart_for_wall_and_for_the_thread():
    clock = FakeClock()
    records, _, _ = play(clock, {1: lambda: clock.sleep(0.5), 2: lambda: clock.work(0.25)}, 3)
    assert (records.wall[1], records.cpu[1]) == (round(0.5 * PERIOD), 0)
    assert records.wall[2] == records.cpu[2] == round(0.25 * PERIOD)


def test_the_rule_takes_away_exactly_the_wake_up_and_the_run_delay():
    assert is_disturbed(late=300, run_delay=200, finished=1_500, period=1_000)
    assert not is_disturbed(late=300, run_delay=199, finished=1_500, period=1_000)


def test_blocks_that_keep_to_a_grid_are_asked_for_whole_periods_after_its_beginning():
    since = 12_345
    period = FRAMES * SECOND // RATE
    for periods in (0, 1, 999_999):
        boundary = since + periods * FRAMES * SECOND // RATE
        found = next_boundary(boundary, since, FRAMES, RATE)
        assert boundary <= found <= boundary + period + 1
        assert -(found - since) * RATE % (FRAMES * SECOND) < RATE
