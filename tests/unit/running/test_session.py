from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest

from perfkit.model.budget import Limit, Tolerance
from perfkit.model.events import RunObserver
from perfkit.model.launch import Disturbance, Launch, Measurement, Outcome
from perfkit.model.metric import Kind, Metric, Resource
from perfkit.model.scenario import Benchmark, Source
from perfkit.running.plan import Plan, exactly, limited, once, quick
from perfkit.running.session import Attempt, Session
from perfkit.running.track import Track

WALL = Metric("wall_time", "s", resource=Resource.WALL)
BYTES = Metric("raw", "B", kind=Kind.DETERMINISTIC)


def benchmark(name="a", metrics=(WALL,), **budgets):
    probe = SimpleNamespace(kind="fake", metrics=metrics)
    return Benchmark(
        name,
        name,
        Source(Path("a.toml"), name),
        probe,
        {},
        {},
        {k: tuple(v) for k, v in budgets.items()},
        (),
        60.0,
        "f",
    )


class World:
    """A clock that every launch moves on, and launches whose outcome a test scripts."""

    def __init__(self, script=None, seconds=1.0, **durations):
        self.now, self.seconds, self.script = 0.0, seconds, script or (lambda name, nth: measured(1.0))
        self.durations = durations
        self.asked: list[tuple[str, int]] = []
        self.recorded: list[tuple[str, Launch]] = []

    def attempt(self, asked, seed):
        nth = sum(name == asked.id for name, _ in self.asked)
        self.asked.append((asked.id, seed))
        took = self.durations.get(asked.id, self.seconds)
        self.now += took
        found = self.script(asked.id, nth)
        if isinstance(found, BaseException):
            raise found
        return replace(found, duration=took)

    def record(self, name, launch, details):
        self.recorded.append((name, launch))
        return launch

    def run(self, plan, *benchmarks, observer=None):
        tracks = [Track(each) for each in benchmarks]
        session = Session(0, plan, self.attempt, self.record, observer or RunObserver(), lambda: self.now)
        return session.measure(tracks), tracks


def measured(value, metric=WALL, **disturbance):
    return Attempt(
        Outcome.MEASURED, "", Measurement({metric.name: value}), Disturbance(**disturbance), started=0.0, duration=1.0
    )


def ended(outcome, reason="why"):
    return Attempt(outcome, reason, Measurement({}), Disturbance(), started=0.0, duration=1.0)


def names(world):
    return [name for name, _ in world.asked]


def test_steady_values_settle_after_the_least_launches():
    done, (track,) = World().run(Plan(1), benchmark(wall_time=[Tolerance(0.05, "s", relative=True)]))
    assert done
    assert len(track.launches) == 7
    assert track.settled(Plan(1), late=False)


def test_wide_intervals_go_on_to_the_most():
    world = World(lambda name, nth: measured(1.0 + nth % 2))
    _, (track,) = world.run(Plan(1, most=12), benchmark(wall_time=[Tolerance(0.05, "s", relative=True)]))
    assert len(track.launches) == 12


def test_a_limit_that_is_far_away_needs_no_narrow_interval():
    world = World(lambda name, nth: measured(1.0 + nth % 2))
    _, (track,) = world.run(Plan(1), benchmark(wall_time=[Limit("<", 10.0, "s")]))
    assert len(track.launches) == 7


def test_a_limit_inside_the_interval_goes_on():
    world = World(lambda name, nth: measured(1.0 + nth % 2))
    _, (track,) = world.run(Plan(1, most=12), benchmark(wall_time=[Limit("<", 1.5, "s")]))
    assert len(track.launches) == 12


def test_rounds_interleave_and_the_seed_draws_their_order():
    first, second, third = World(), World(), World()
    for world, seed in ((first, 1), (second, 1), (third, 2)):
        world.run(exactly(seed, 20), benchmark("a"), benchmark("b"), benchmark("c"))
    assert first.asked == second.asked
    assert first.asked != third.asked
    rounds = [set(names(first)[i : i + 3]) for i in range(0, 60, 3)]
    assert all(each == {"a", "b", "c"} for each in rounds)
    assert len({tuple(names(first)[i : i + 3]) for i in range(0, 60, 3)}) > 1


def test_short_launches_come_oftener_so_that_every_benchmark_costs_the_same():
    world = World(lambda name, nth: measured(1.0 + nth * 37 % 101 / 10), short=0.25, middle=0.75, long=2.0)
    wide = {"wall_time": [Tolerance(0.05, "s", relative=True)]}
    world.run(Plan(1, most=1000, soft_limit=300.0), *(benchmark(name, **wide) for name in ("short", "middle", "long")))
    spent = {name: names(world).count(name) * took for name, took in world.durations.items()}
    assert spent["short"] == pytest.approx(spent["middle"], rel=0.03)
    assert 1.9 < spent["long"] / spent["middle"] < 2.1  # one in every round, whatever it costs
    assert sum(spent.values()) == pytest.approx(300, abs=2)
    tenths = [names(world)[i : i + 60].count("short") for i in range(60, 420, 60)]
    assert max(tenths) - min(tenths) <= 6


def test_a_benchmark_is_left_as_soon_as_it_is_settled():
    world = World(short=0.1, long=10.0)
    world.run(exactly(1, 7), benchmark("short"), benchmark("long"))
    assert names(world).count("short") == names(world).count("long") == 7


@pytest.mark.parametrize(("plan", "launches"), [(once(1), 1), (quick(1), 5), (exactly(1, 9), 9)])
def test_plans_say_how_many(plan, launches):
    _, (track,) = World().run(plan, benchmark())
    assert len(track.launches) == launches


def test_deterministic_values_need_three():
    world = World(lambda name, nth: measured(100.0, BYTES))
    _, (track,) = world.run(Plan(1), benchmark(metrics=(BYTES,), raw=[Limit("<", 800.0, "B")]))
    assert len(track.launches) == 3


def test_the_soft_limit_completes_the_least_and_no_more():
    world = World(lambda name, nth: measured(1.0 + nth % 2))
    done, (track,) = world.run(Plan(1, soft_limit=2.0), benchmark(wall_time=[Tolerance(0.05, "s", relative=True)]))
    assert done
    assert len(track.launches) == 7


def test_the_hard_limit_ends_it():
    done, tracks = World().run(limited(Plan(1), 5.0), benchmark("a"), benchmark("b"))
    assert not done
    assert sum(len(track.launches) for track in tracks) == 5


def test_a_disturbed_launch_is_run_again_and_both_are_kept():
    world = World(lambda name, nth: measured(1.0, steal=0.5 if nth == 2 else 0.0))
    _, (track,) = world.run(Plan(1), benchmark())
    assert len(track.launches) == 8
    assert [launch.replaced for launch in track.launches].count(True) == 1
    assert track.launches[2].contaminated == ("steal 50.0 %",)
    assert len(track.result().measured) == 7


def test_on_a_machine_that_is_always_disturbed_launches_are_kept_and_labelled():
    world = World(lambda name, nth: measured(1.0, run_delay=0.2))
    _, (track,) = world.run(Plan(1), benchmark())
    assert len(track.launches) == 14
    assert len(track.result().measured) == 7
    assert all(launch.contaminated for launch in track.result().measured)


def test_pressure_disturbs_only_what_waits():
    cpu = Metric("cpu_time", "s", resource=Resource.CPU)
    world = World(lambda name, nth: measured(1.0, WALL if name == "wall" else cpu, cpu_pressure=0.5))
    _, (wall, work) = world.run(quick(1), benchmark("wall"), benchmark("cpu", metrics=(cpu,)))
    assert wall.launches[0].contaminated == ("CPU pressure 50.0 %",)
    assert work.launches[0].contaminated == ()


@pytest.mark.parametrize(
    ("outcome", "launches"), [(Outcome.SKIPPED, 1), (Outcome.FAILED, 2), (Outcome.TIMED_OUT, 2), (Outcome.INVALID, 7)]
)
def test_a_benchmark_that_cannot_be_measured_is_given_up(outcome, launches):
    _, (track,) = World(lambda name, nth: ended(outcome)).run(Plan(1), benchmark())
    assert len(track.launches) == launches
    assert track.result().outcome is outcome
    assert track.result().reason.startswith("why")


def test_many_invalid_launches_are_not_tried_again_for_ever():
    world = World(lambda name, nth: ended(Outcome.INVALID) if nth % 2 else measured(1.0))
    _, (track,) = world.run(Plan(1, soft_limit=1.0), benchmark())
    assert track.counting() == 5
    assert track.result().outcome is Outcome.MEASURED


def test_one_failure_among_many_fails_the_benchmark():
    world = World(lambda name, nth: ended(Outcome.FAILED, "crashed") if nth == 3 else measured(1.0))
    _, (track,) = world.run(Plan(1), benchmark())
    assert track.result().outcome is Outcome.FAILED
    assert track.result().reason == "crashed (1 of 8 launches)"


def test_an_interruption_leaves_what_was_measured():
    world = World(lambda name, nth: KeyboardInterrupt() if nth == 3 else measured(1.0))
    track = Track(benchmark())
    session = Session(0, Plan(1), world.attempt, world.record, RunObserver(), lambda: world.now)
    with pytest.raises(KeyboardInterrupt):
        session.measure([track])
    assert len(track.launches) == len(world.recorded) == 3


def test_a_resumed_track_only_gets_what_is_missing():
    first = World()
    _, (track,) = first.run(exactly(1, 4), benchmark())
    second = World()
    session = Session(1, Plan(2), second.attempt, second.record, RunObserver(), lambda: second.now)
    assert session.measure([track])
    assert [launch.session for launch in track.launches] == [0] * 4 + [1] * 3


class Listening(RunObserver):
    def __init__(self):
        self.heard: list[str] = []

    def session_started(self, benchmarks):
        self.heard.append(f"{len(benchmarks)} benchmarks")

    def launch_started(self, benchmark, number, expected):
        self.heard.append(f"{benchmark} {number} {expected}")

    def launch_ended(self, benchmark, launch, progress):
        self.heard.append(f"{progress.launches} {progress.estimate} {progress.settled}")


def test_the_observer_hears_of_every_launch():
    observer = Listening()
    World().run(exactly(1, 2), benchmark(), observer=observer)
    assert observer.heard == ["1 benchmarks", "a 1 None", "1 1.0 False", "a 2 149.0", "2 1.0 True"]


def test_how_many_launches_failed_stands_above_the_evidence():
    world = World(lambda name, nth: ended(Outcome.FAILED, "KeyError: 'x'; look\n  File p.py"))
    _, (track,) = world.run(Plan(1), benchmark())
    assert track.result().reason.splitlines()[1:] == ["  File p.py"]
    assert track.result().reason.startswith("KeyError: 'x'; look (")
