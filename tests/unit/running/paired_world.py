"""A gate on pairs without processes: launches are scripted, the clock moves with them, the run is judged by replay."""

import random
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

from perfkit.judging.batches import family
from perfkit.judging.options import Options
from perfkit.judging.paired import judge_pairs, pair_suspects
from perfkit.model.environment import Commit
from perfkit.model.events import RunObserver
from perfkit.model.launch import Disturbance, Measurement, Outcome, Side
from perfkit.model.metric import Kind, Metric, Resource, Scale
from perfkit.model.run import Against, Session
from perfkit.model.scenario import Benchmark, Source
from perfkit.running.pair_track import PairTrack
from perfkit.running.pairing import Pairing
from perfkit.running.session import Attempt
from tests.builders import a_run

CPU = Metric("cpu_time", "s", resource=Resource.CPU)
BYTES = Metric("raw", "B", kind=Kind.DETERMINISTIC)
ERRORS = Metric("errors", "1", scale=Scale.DIFFERENCE, kind=Kind.COUNT)
AGAINST = Against("main", Commit("b" * 40), "c" * 40)


def benchmark(name="a", metrics=(CPU,), **budgets):
    from tests.builders import a_budget_table

    table = a_budget_table(budgets or {"cpu_time": ["+5 %"]}, metrics)
    probe = SimpleNamespace(kind="fake", metrics=metrics)
    return Benchmark(name, name, Source(Path("a.toml"), name), probe, {}, {}, table, (), 60.0, "f")


def measured(values, **disturbance):
    return Attempt(Outcome.MEASURED, "", Measurement(values), Disturbance(**disturbance), started=0.0, duration=0.5)


def ended(outcome, reason="why"):
    return Attempt(outcome, reason, Measurement({}), Disturbance(), started=0.0, duration=0.5)


class World:
    """`script(name, side, batch)` gives the value of cpu_time, or an Attempt; `limit` s bound each batch."""

    def __init__(self, script, seed=1, limits=(None, None), options=None):
        self.script, self.seed, self.limits, self.options = script, seed, limits, options or Options()
        self.now = 0.0
        self.observer = RunObserver()
        self.interrupt_after = None
        self.recorded = []

    def attempt(self, batch):
        def make(asked, side, seed):
            self.now += 0.5
            if self.interrupt_after is not None and self.now > self.interrupt_after:
                raise KeyboardInterrupt
            found = self.script(asked.id, side, batch)
            return found if isinstance(found, Attempt) else measured({"cpu_time": found})

        return make

    def record(self, name, launch, details):
        self.recorded.append((name, launch))
        return launch

    def session(self, batch, tracks):
        """Measure a batch; its record."""
        limit = dict(enumerate(self.limits)).get(batch)
        deadline = None if limit is None else self.now + limit
        pairing = Pairing(
            batch, self.seed + batch, self.attempt(batch), self.record, self.observer, lambda: self.now, deadline
        )
        try:
            late, interrupted = pairing.measure(tracks), False
        except KeyboardInterrupt:
            late, interrupted = (), True
        return Session(batch, 0.0, self.now, self.seed + batch, interrupted, confirmation=batch == 1, out_of_time=late)

    def gate(self, *benchmarks):
        """Both batches, as a run."""
        share = replace(self.options, alpha=self.options.alpha / family(one.budgets for one in benchmarks))
        tracks = [PairTrack(one, options=share) for one in benchmarks]
        sessions = [self.session(0, tracks)]
        run = a_run(*(track.result() for track in tracks), sessions=tuple(sessions), against=AGAINST)
        suspected = pair_suspects(run, self.options)
        if not suspected or sessions[0].interrupted:
            return run
        again = [PairTrack(one, options=share, only=suspected[one.id]) for one in benchmarks if one.id in suspected]
        sessions.append(self.session(1, again))
        more = {track.benchmark.id: tuple(track.launches) for track in again}
        results = tuple(
            replace(result, launches=(*result.launches, *more.get(result.benchmark, ()))) for result in run.results
        )
        return replace(run, results=results, sessions=tuple(sessions))

    def judge(self, *benchmarks):
        """The judgement of a gate."""
        return judge_pairs(self.gate(*benchmarks), self.options)


def noisy(spread=0.01, seed=7, **slower):
    """Values around 1 s with this sd in ln units; `slower` is by how much each benchmark's candidate is."""
    draw = random.Random(seed)

    def script(name, side, batch):
        shift = slower.get(name, 0.0) if side is Side.CANDIDATE else 0.0
        return (1 + shift) * 2.718281828 ** draw.gauss(0.0, spread)

    return script
