"""A run from its first launch to run.json: the machine held, the host open, every launch on disk as it ends."""

import itertools
import os
import time
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from pathlib import Path

from perfkit import __version__
from perfkit.model.detail import Detail
from perfkit.model.environment import Commit, Conditions, Machine
from perfkit.model.errors import UsageError
from perfkit.model.events import RunObserver
from perfkit.model.launch import Launch
from perfkit.model.run import Run
from perfkit.model.run import Session as SessionRecord
from perfkit.model.scenario import Benchmark
from perfkit.running.host import Host, LaunchRequest
from perfkit.running.lock import machine_lock
from perfkit.running.plan import Plan
from perfkit.running.session import Attempt, Session
from perfkit.running.track import Track
from perfkit.storage.journal import Journal, read_journal
from perfkit.storage.runs import write_details, write_run


@dataclass(frozen=True, slots=True)
class Surroundings:
    """Where a run happens: the side's root and interpreter, and what is recorded of machine and revision.

    `wait` is how many s another run that holds the machine is waited for.
    """

    root: Path
    python: str
    env_pass: tuple[str, ...]
    plugins: Mapping[str, str]
    machine: Machine
    conditions: Conditions
    commit: Commit
    wait: float = 0.0


@dataclass(frozen=True, slots=True)
class Measured:
    """A run on disk; `interrupted` tells that Ctrl-C ended it."""

    run: Run
    folder: Path
    interrupted: bool


def measure(
    benchmarks: Sequence[Benchmark],
    plan: Plan,
    around: Surroundings,
    folder: Path,
    arguments: tuple[str, ...],
    observer: RunObserver,
) -> Measured:
    """Measure `benchmarks` into the run folder `folder`, going on where its journal ends if it has one.

    Ctrl-C ends measuring and keeps what there is. Raises MeasurementError if another run holds the machine,
    UsageError if a journal cannot be gone on with.
    """
    with hold_machine(arguments, around, observer):
        resumed = read_journal(folder).run if (folder / "journal.jsonl").exists() else None
        tracks = [Track(each, place(each, around.root)) for each in benchmarks]
        begun = resumed or _blank(tracks, around, folder.name, arguments)
        if resumed:
            _take_over(tracks, resumed, around)
        with Journal.reopen(folder) if resumed else Journal.start(folder, begun) as journal:
            number = len(begun.sessions)
            session = SessionRecord(number, time.time(), time.time(), plan.seed, interrupted=True)
            journal.session(session)
            finished, interrupted = _session(tracks, plan, around, folder, journal, number, observer)
            session = replace(session, ended=time.time(), interrupted=interrupted)
            journal.session(session)
        # Ctrl-C may come between a launch's line in the journal and its place in the tracks: the journal has them all
        results = read_journal(folder).run.results if interrupted else tuple(track.result() for track in tracks)
        run = replace(begun, sessions=(*begun.sessions, session), results=results, complete=finished)
        write_run(folder, run)
    return Measured(run, folder, interrupted)


def hold_machine(arguments: Sequence[str], around: Surroundings, observer: RunObserver) -> AbstractContextManager[None]:
    """The machine, for the run that these arguments asked for."""
    holder = f"`perfkit {' '.join(arguments)}` (pid {os.getpid()})"
    return machine_lock(holder, wait=around.wait, waiting=observer.machine_held)


def _session(
    tracks: Sequence[Track],
    plan: Plan,
    around: Surroundings,
    folder: Path,
    journal: Journal,
    number: int,
    observer: RunObserver,
) -> tuple[bool, bool]:
    numbers = itertools.count(sum(len(track.launches) for track in tracks))

    def record(benchmark: str, launch: Launch, details: tuple[Detail, ...]) -> Launch:
        kept = replace(launch, details=write_details(folder, next(numbers), details))
        journal.launch(benchmark, kept, refined[benchmark].metrics)
        return kept

    refined = {track.benchmark.id: track for track in tracks}
    try:
        with Host.open() as host:

            def attempt(benchmark: Benchmark, seed: int) -> Attempt:
                return host.launch(_request(benchmark, seed, around))

            session = Session(number, plan, attempt, record, observer, time.monotonic)
            return session.measure(tracks), False
    except KeyboardInterrupt:
        return False, True


def _request(benchmark: Benchmark, seed: int, around: Surroundings) -> LaunchRequest:
    return LaunchRequest(
        kind=benchmark.probe.kind,
        settings=benchmark.settings,
        root=around.root,
        python=around.python,
        seed=seed,
        timeout=benchmark.timeout,
        env_pass=around.env_pass,
        plugins=around.plugins,
    )


def _blank(tracks: Sequence[Track], around: Surroundings, identity: str, arguments: tuple[str, ...]) -> Run:
    return Run(
        id=identity,
        version=__version__,
        created=time.time(),
        arguments=arguments,
        machine=around.machine,
        conditions=around.conditions,
        commit=around.commit,
        sessions=(),
        results=tuple(track.result() for track in tracks),
        complete=False,
    )


def _take_over(tracks: Sequence[Track], run: Run, around: Surroundings) -> None:
    """Give the tracks the launches of an earlier session. Raises UsageError where they would not belong together."""
    recorded = {result.benchmark: result for result in run.results}
    for what, then, now in (
        ("machine", run.machine, around.machine),
        ("commit", run.commit, around.commit),
        ("benchmarks", set(recorded), {track.benchmark.id for track in tracks}),
        (
            "definitions",
            {name: result.fingerprint for name, result in recorded.items()},
            {track.benchmark.id: track.benchmark.fingerprint for track in tracks},
        ),
    ):
        if then != now:
            raise UsageError(
                f"run {run.id} cannot be gone on with: its {what} differ from today's", hint="start anew: perfkit run"
            )
    for track in tracks:
        result = recorded[track.benchmark.id]
        track.launches += result.launches
        track.refined.update({metric.name: metric for metric in result.metrics})


def place(benchmark: Benchmark, root: Path) -> str:
    """Where a benchmark is written, as `file:line` from the project's root."""
    source = benchmark.source
    file = source.file.relative_to(root) if source.file.is_relative_to(root) else source.file
    return f"{file.as_posix()}:{source.line}"
