"""A/A sessions on a fake program and a fake clock: pairs, waits, what is kept, and what ends them."""

import pytest

from perfkit.model.diagnosis import DoctorObserver
from perfkit.model.environment import Conditions
from perfkit.model.errors import MeasurementError
from perfkit.model.launch import Disturbance, Measurement, Outcome
from perfkit.running.diagnosing import Asked, Clocks, measure_repeats, program_name
from perfkit.running.session import Attempt

CALM = Disturbance()
ABOUT = ("a program", Conditions({"governor": "performance"}))


class World:
    """A clock that only launches and waits move on, and a program that takes a little longer each time."""

    def __init__(self, ends_at=None, outcome=Outcome.MEASURED, disturbance=CALM):
        self.time, self.launches, self.waits, self.seeds = 1000.0, 0, [], []
        self.ends_at, self.outcome, self.disturbance = ends_at, outcome, disturbance
        self.clocks = Clocks(lambda: 1e9 + self.time, lambda: self.time, self.sleep)

    def launch(self, seed):
        if self.launches == self.ends_at:
            raise KeyboardInterrupt
        self.launches += 1
        self.seeds.append(seed)
        self.time += 0.5
        values = {"ready_time": float(self.launches), "run_delay": 0.1, "cpu_time": 0.4, "peak_memory": 1e7, "odd": 0.0}
        reason = "" if self.outcome is Outcome.MEASURED else "no interpreter"
        return Attempt(self.outcome, reason, Measurement(values), self.disturbance, self.time, 0.5)

    def sleep(self, seconds):
        self.waits.append(seconds)
        self.time += seconds


class Told(DoctorObserver):
    def __init__(self):
        self.said = []

    def session_started(self, number, sessions):
        self.said.append(f"session {number} of {sessions}")

    def pair_ended(self, pairs, of):
        self.said.append(f"{pairs} of {of}")

    def waiting(self, seconds):
        self.said.append(f"{seconds:.0f} s")


def measured(world, asked, observer=None):
    kept = []
    finished = measure_repeats(asked, world.launch, kept.append, ABOUT, observer or Told(), world.clocks)
    return kept, finished


def test_pairs_are_kept_in_the_order_of_time_with_the_coin_that_decided_them():
    world = World()
    (session,), finished = measured(world, Asked(1, 8, 60.0, seed=1))
    assert finished
    assert session.first["ready_time"] == (1.0, 3.0, 5.0, 7.0, 9.0, 11.0, 13.0, 15.0)
    assert session.second["ready_time"] == (2.0, 4.0, 6.0, 8.0, 10.0, 12.0, 14.0, 16.0)
    assert set(session.first) == {"ready_time", "run_delay", "cpu_time", "peak_memory"}
    assert set(session.swapped) == {True, False}
    assert session.ended - session.started == pytest.approx(8.0)
    assert (session.program, session.conditions) == ABOUT
    assert len(set(world.seeds)) == 16


def test_the_same_seed_draws_the_same_coins_and_another_one_does_not():
    drawn = [measured(World(), Asked(1, 40, 60.0, seed=seed))[0][0].swapped for seed in (1, 1, 2)]
    assert drawn[0] == drawn[1] != drawn[2]


def test_sessions_wait_for_each_other_and_say_so():
    world, told = World(), Told()
    kept, _ = measured(world, Asked(3, 3, 2.5, seed=1), told)
    assert kept[1].started - kept[0].ended == pytest.approx(2.5)
    assert sum(world.waits) == pytest.approx(1.0 + 2 * 2.5)  # it settles before the first one
    assert told.said[:7] == ["session 1 of 3", "1 of 3", "2 of 3", "3 of 3", "2 s", "2 s", "0 s"]


def test_without_a_number_of_pairs_ten_seconds_are_measured():
    (session,), _ = measured(World(), Asked(1, None, 60.0, seed=1))
    assert len(session.swapped) == 10


def test_ctrl_c_keeps_the_sessions_that_are_done_and_drops_the_one_going_on():
    kept, finished = measured(World(ends_at=9), Asked(3, 4, 60.0, seed=1))
    assert not finished
    assert len(kept) == 1


def test_a_program_that_cannot_be_measured_ends_it():
    with pytest.raises(MeasurementError, match="no interpreter"):
        measured(World(outcome=Outcome.FAILED), Asked(1, 4, 60.0, seed=1))


def test_disturbed_launches_are_counted_and_kept():
    (session,), _ = measured(World(disturbance=Disturbance(steal=0.5)), Asked(1, 4, 60.0, seed=1))
    assert session.contaminated == 8
    assert len(session.swapped) == 4


def test_what_the_machine_did_meanwhile_lies_between_none_and_all():
    (session,), _ = measured(World(), Asked(1, 3, 60.0, seed=1))
    assert 0 <= session.busy <= 1
    for seen in (session.idle, session.during):
        assert seen.cpu_pressure is None or 0 <= seen.cpu_pressure <= 1


def test_another_interpreter_is_another_program():
    here, there = (program_name(Conditions({"side's Python": f"CPython 3.{minor}.1"})) for minor in (11, 12))
    assert here != there
