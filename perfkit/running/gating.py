"""A comparison with a git ref from its first worktree to run.json: two sides, pairs of launches, and a second batch."""

import itertools
import time
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass, replace
from pathlib import Path

from perfkit import __version__
from perfkit.judging.batches import family
from perfkit.judging.options import Options
from perfkit.judging.paired import pair_suspects
from perfkit.model.detail import Detail
from perfkit.model.environment import Commit
from perfkit.model.errors import UsageError
from perfkit.model.events import RunObserver
from perfkit.model.launch import Launch, Side
from perfkit.model.run import Against, Result, Run
from perfkit.model.run import Session as SessionRecord
from perfkit.model.scenario import Benchmark
from perfkit.running.definitions import programs_of, share_scenarios
from perfkit.running.host import Host, LaunchRequest
from perfkit.running.measuring import Measured, Surroundings, hold_machine, place
from perfkit.running.pair_track import PairTrack
from perfkit.running.pairing import Pairing
from perfkit.running.session import Attempt
from perfkit.running.sides import Build, Revisions, Sides, built_alike, find_revisions, open_sides, prove_sides
from perfkit.storage.journal import Journal, read_journal
from perfkit.storage.runs import write_details, write_run

CONFIRMING_SHARE = 0.25
"""The share of a time limit that is kept for the second batch, besides the time it takes to make its sides."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """What is asked: the ref and how to take it, how sides are built, the seed, the time limit in s, and the rules.

    `python` is `[project] python`. `options.alpha` is that of the whole judgement.
    """

    ref: str
    seed: int
    options: Options
    exact: bool = False
    in_place: bool = False
    build: Build | None = None
    python: str = ""
    max_time: float | None = None


def measure_pairs(
    benchmarks: Sequence[Benchmark],
    asked: Comparison,
    around: Surroundings,
    folder: Path,
    arguments: tuple[str, ...],
    observer: RunObserver,
) -> Measured:
    """Measure `benchmarks` on both sides into the run folder `folder`, then once more what looks regressed.

    Goes on where the folder's journal ends if it has one. Ctrl-C while measuring keeps what there is, without a
    verdict. Raises UsageError where there is no base, MeasurementError where a side cannot be made, built or proven,
    or another run holds the machine.
    """
    clock = _Clock(time.monotonic(), asked.max_time)
    revisions = find_revisions(around.root, asked.ref, exact=asked.exact)
    with hold_machine(arguments, around, observer):
        gate = _Gate(benchmarks, asked, around, folder, observer, revisions, clock)
        if (folder / "journal.jsonl").exists():
            gate.go_on(read_journal(folder).run)
        else:
            gate.begin(arguments)
        interrupted = gate.select() or gate.confirm()
        return Measured(gate.finish(complete=not interrupted), folder, interrupted)


@dataclass(frozen=True, slots=True)
class _Clock:
    """When the gate began (monotonic s) and how long it may take; the limit covers all, building included."""

    begun: float
    limit: float | None

    def selecting(self, opening: float) -> float | None:
        """When the first batch ends, if opening the sides took `opening` s: the second needs as much again."""
        if self.limit is None:
            return None
        return self.begun + self.limit - min(self.limit / 2, opening + CONFIRMING_SHARE * self.limit)

    @property
    def end(self) -> float | None:
        """When all ends."""
        return None if self.limit is None else self.begun + self.limit


class _Gate:
    """A gate under way: its run so far, and what it is made with."""

    def __init__(
        self,
        benchmarks: Sequence[Benchmark],
        asked: Comparison,
        around: Surroundings,
        folder: Path,
        observer: RunObserver,
        revisions: Revisions,
        clock: _Clock,
    ) -> None:
        self._benchmarks, self._asked, self._around = benchmarks, asked, around
        self._folder, self._observer, self._revisions, self._clock = folder, observer, revisions, clock
        share = asked.options.alpha / family(benchmark.budgets for benchmark in benchmarks)
        self._options = replace(asked.options, alpha=share)
        self._arguments: tuple[str, ...] = ()
        self._run: Run | None = None

    def begin(self, arguments: tuple[str, ...]) -> None:
        """A new run; its journal begins once the sides are known to be two."""
        self._arguments = arguments

    def go_on(self, run: Run) -> None:
        """A run that was interrupted. Raises UsageError where it was of something else."""
        today = self._against(identical=run.against.identical if run.against else None)
        for what, then, now in (
            ("machine", run.machine, self._around.machine),
            ("commits or layout", run.against, today),
            ("definitions", _fingerprints(run), {one.id: one.fingerprint for one in self._benchmarks}),
        ):
            if then != now:
                problem = f"run {run.id} cannot be gone on with: its {what} differ from today's"
                raise UsageError(problem, hint=f"start anew: perfkit gate --against {self._asked.ref}")
        self._run = run

    def select(self) -> bool:
        """The first batch; whether it was interrupted."""
        tracks = [self._track(benchmark) for benchmark in self._benchmarks]
        self._take_over(tracks, confirming=False)
        if all(track.is_decided for track in tracks):
            return False
        began = time.monotonic()
        with self._open() as sides:
            self._prepare(sides)
            until = self._clock.selecting(time.monotonic() - began)
            return self._session(tracks, sides, self._asked.seed, until, confirming=False)

    def confirm(self) -> bool:
        """The second batch, of the suspects alone and from other builds in another place; whether it was interrupted.

        What was measured is on disk before, as making sides may fail.
        """
        suspected = pair_suspects(self._known, self._asked.options)
        tracks = [self._track(one, suspected[one.id]) for one in self._benchmarks if one.id in suspected]
        self._take_over(tracks, confirming=True)
        late = self._clock.end is not None and time.monotonic() >= self._clock.end
        if late or all(track.is_decided for track in tracks):
            return False
        self.finish(complete=False)
        try:
            with self._open() as sides:
                self._prepare(sides)
                return self._session(tracks, sides, self._asked.seed + 1, self._clock.end, confirming=True)
        except KeyboardInterrupt:
            return True

    def finish(self, *, complete: bool) -> Run:
        """Write run.json and return what it holds."""
        self._run = replace(self._known, complete=complete)
        write_run(self._folder, self._run)
        return self._run

    @property
    def _known(self) -> Run:
        """The run so far; there from the moment the sides are proven."""
        assert self._run is not None
        return self._run

    def _open(self) -> AbstractContextManager[Sides]:
        asked = self._asked
        return open_sides(self._revisions, in_place=asked.in_place, build=asked.build, python=asked.python)

    def _prepare(self, sides: Sides) -> None:
        """Share the definitions, prove that the sides are two, and begin the run if it has not begun."""
        identical = built_alike(sides) if self._asked.build else None
        share_scenarios(self._benchmarks, self._around.root, sides)
        prove_sides(sides, programs_of(self._benchmarks), env_pass=self._around.env_pass)
        if self._run is None:
            self._run = self._blank(self._against(identical=identical), sides)
            Journal.start(self._folder, self._run).close()

    def _session(
        self, tracks: Sequence[PairTrack], sides: Sides, seed: int, until: float | None, *, confirming: bool
    ) -> bool:
        number, began = len(self._known.sessions), time.time()
        session = SessionRecord(number, began, began, seed, interrupted=True, confirmation=confirming)
        with Journal.reopen(self._folder) as journal:
            journal.session(session)
            with suppress(KeyboardInterrupt), Host.open() as host:
                pairing = self._pairing(host, sides, journal, tracks, number, seed, until)
                session = replace(session, out_of_time=pairing.measure(tracks), interrupted=False)
            session = replace(session, ended=time.time())
            journal.session(session)
        self._keep(tracks, session)
        return session.interrupted

    def _pairing(
        self,
        host: Host,
        sides: Sides,
        journal: Journal,
        tracks: Sequence[PairTrack],
        number: int,
        seed: int,
        until: float | None,
    ) -> Pairing:
        numbers = itertools.count(sum(len(result.launches) for result in self._known.results))
        refined = {track.benchmark.id: track for track in tracks}
        homes = {Side.BASE: sides.base, Side.CANDIDATE: sides.candidate}

        def record(benchmark: str, launch: Launch, details: tuple[Detail, ...]) -> Launch:
            kept = replace(launch, details=launch.details or write_details(self._folder, next(numbers), details))
            journal.launch(benchmark, kept, refined[benchmark].metrics)
            return kept

        def attempt(benchmark: Benchmark, side: Side, seed: int) -> Attempt:
            home = homes[side]
            return host.launch(
                LaunchRequest(
                    kind=benchmark.probe.kind,
                    settings=benchmark.settings,
                    root=home.root,
                    python=home.interpreter.path,
                    seed=seed,
                    timeout=benchmark.timeout,
                    env_pass=self._around.env_pass,
                    plugins=self._around.plugins,
                )
            )

        return Pairing(number, seed, attempt, record, self._observer, time.monotonic, until)

    def _keep(self, tracks: Sequence[PairTrack], session: SessionRecord) -> None:
        """Add a session's launches to the run."""
        measured = {track.benchmark.id: track for track in tracks}

        def joined(result: Result) -> Result:
            track = measured.get(result.benchmark)
            if track is None:
                return result
            new = tuple(launch for launch in track.launches if launch.session == session.number)
            return replace(result, launches=(*result.launches, *new), metrics=track.metrics)

        results = tuple(map(joined, self._known.results))
        self._run = replace(self._known, results=results, sessions=(*self._known.sessions, session))

    def _track(self, benchmark: Benchmark, only: tuple[str, ...] = ()) -> PairTrack:
        return PairTrack(benchmark, place(benchmark, self._around.root), options=self._options, only=only)

    def _take_over(self, tracks: Sequence[PairTrack], *, confirming: bool) -> None:
        """Give tracks the launches of earlier sessions of the same batch."""
        if self._run is None:
            return
        sessions = self._run.batch(confirmation=confirming)
        ended = {name for one in self._run.sessions if one.number in sessions for name in one.out_of_time}
        known = {result.benchmark: result for result in self._run.results}
        for track in tracks:
            result = known[track.benchmark.id]
            own = [launch for launch in result.launches if launch.session in sessions]
            track.refined.update({metric.name: metric for metric in result.metrics})
            track.go_on(own, closed=track.benchmark.id in ended)

    def _against(self, *, identical: bool | None) -> Against:
        asked, revisions = self._asked, self._revisions
        base = Commit(revisions.base)
        return Against(asked.ref, base, revisions.candidate, asked.exact, asked.in_place, identical)

    def _blank(self, against: Against, sides: Sides) -> Run:
        return Run(
            id=self._folder.name,
            version=__version__,
            created=time.time(),
            arguments=self._arguments,
            machine=self._around.machine,
            conditions=self._around.conditions,
            commit=self._around.commit,
            sessions=(),
            results=tuple(self._track(benchmark).result() for benchmark in self._benchmarks),
            complete=False,
            notes=sides.notes,
            against=against,
        )


def _fingerprints(run: Run) -> Mapping[str, str]:
    return {result.benchmark: result.fingerprint for result in run.results}
