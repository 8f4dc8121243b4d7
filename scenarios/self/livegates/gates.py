"""One live gate: `perfkit gate --against` on the scratch project, and further pairs for the rules of others."""

import os
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from perfkit.judging.options import Options
from perfkit.judging.paired import judge_pairs
from perfkit.judging.standing import Standing
from perfkit.model.change import Change
from perfkit.model.detail import Detail
from perfkit.model.events import RunObserver
from perfkit.model.launch import Launch, Side
from perfkit.model.run import Run
from perfkit.model.scenario import Benchmark
from perfkit.model.verdict import Finding
from perfkit.running.gating import Comparison, measure_pairs
from perfkit.running.host import Host, LaunchRequest
from perfkit.running.lock import machine_lock
from perfkit.running.measuring import Surroundings
from perfkit.running.pair_track import PairTrack
from perfkit.running.pairing import Pairing
from perfkit.running.session import Attempt
from perfkit.running.sides import find_revisions, open_sides

from .project import Project
from .records import GateRecord, Pair

GATED = "cpu_time"
REF = "HEAD"


@dataclass(frozen=True, slots=True)
class Asked:
    """One gate: the injected share of work, whether a neighbour is there, its time limit in s, and pairs at least."""

    shift: float
    neighbour: bool
    seed: int
    limit: float
    least: int


def measure_gate(project: Project, around: Surroundings, asked: Asked) -> GateRecord:
    """Measure and judge one gate. Raises KeyboardInterrupt where it was interrupted, PerfkitError where it failed."""
    project.change(asked.shift)
    started, load, clock = time.time(), os.getloadavg()[0], time.monotonic()
    run = _measure(project, around, asked)
    finding = _judged(run)
    total = time.monotonic() - clock
    pairs = _pairs(run.results[0].complete_pairs(run.batch(confirmation=False)))
    further = _further(project, around, asked, asked.least - len(pairs))
    change = finding.change
    return GateRecord(
        shift=asked.shift,
        neighbour=asked.neighbour,
        seed=asked.seed,
        started=started,
        load=load,
        verdict=finding.verdict.value,
        reason=finding.reason.value if finding.reason else "",
        confirmation=finding.confirmation,
        estimate=change.estimate if change else None,
        low=_end(change, "low"),
        high=_end(change, "high"),
        used=len(pairs),
        confirming=len(run.results[0].complete_pairs(run.batch(confirmation=True))),
        again=sum(launch.replaced for launch in run.results[0].launches),
        measuring=sum(session.ended - session.started for session in run.sessions),
        total=total,
        pairs=(*pairs, *further),
    )


def _measure(project: Project, around: Surroundings, asked: Asked) -> Run:
    comparison = Comparison(
        ref=REF, seed=asked.seed, options=Options(), python=around.python, max_time=asked.limit, exact=True
    )
    with TemporaryDirectory(prefix="perfkit-gatebench-") as name:
        folder, arguments = Path(name, "run"), ("gate", "--against", REF)
        measured = measure_pairs([project.benchmark], comparison, around, folder, arguments, RunObserver())
    if measured.interrupted:
        raise KeyboardInterrupt
    return measured.run


def _judged(run: Run) -> Finding:
    return next(one for one in judge_pairs(run, Options()).findings if one.metric.name == GATED)


def _end(change: Change | None, name: str) -> float | None:
    return getattr(change, name) if change else None


def _pairs(launches: Sequence[tuple[Launch, Launch]]) -> tuple[Pair, ...]:
    def both(base: Launch, candidate: Launch, metric: str) -> tuple[float, float]:
        return round(base.values[metric], 7), round(candidate.values[metric], 7)

    return tuple(Pair(*both(*pair, GATED), *both(*pair, "ready_time")) for pair in launches)


@dataclass(slots=True)
class FixedTrack(PairTrack):
    """Pairs of a number fixed beforehand, whatever they say."""

    wanted: int = 0

    @property
    def is_decided(self) -> bool:
        """Whether there are enough, or there never will be."""
        return self.pairs >= self.wanted or self.stands in {Standing.CRASHED, Standing.UNMEASURED}


def _further(project: Project, around: Surroundings, asked: Asked, wanted: int) -> tuple[Pair, ...]:
    """So many more pairs of the same two sides, measured and run again by the same rules."""
    if wanted <= 0:
        return ()
    track = FixedTrack(project.benchmark, wanted=wanted)
    revisions = find_revisions(project.root, REF, exact=True)
    with machine_lock("gatebench"), open_sides(revisions, python=around.python) as sides, Host.open() as host:
        roots = {Side.BASE: sides.base.root, Side.CANDIDATE: sides.candidate.root}

        def attempt(benchmark: Benchmark, side: Side, seed: int) -> Attempt:
            return host.launch(
                LaunchRequest(
                    kind=benchmark.probe.kind,
                    settings=benchmark.settings,
                    root=roots[side],
                    python=around.python,
                    seed=seed,
                    timeout=benchmark.timeout,
                    env_pass=(),
                    plugins={},
                )
            )

        Pairing(0, asked.seed + 2, attempt, _kept, RunObserver(), time.monotonic).measure([track])
    return _pairs(track.result().complete_pairs({0}))


def _kept(_benchmark: str, launch: Launch, _details: tuple[Detail, ...]) -> Launch:
    return launch
