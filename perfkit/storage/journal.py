"""The journal of a run: one JSON line per event, on disk before the next launch begins."""

import os
from dataclasses import dataclass, replace
from pathlib import Path
from types import TracebackType
from typing import Self

import msgspec

from perfkit.model.errors import DataError, UsageError
from perfkit.model.launch import Launch
from perfkit.model.metric import Metric
from perfkit.model.run import Result, Run, Session
from perfkit.storage import converting, files
from perfkit.storage.structs import (
    JOURNAL_SCHEMA,
    JournalHeader,
    LaunchEntry,
    SessionEntry,
)

JOURNAL_FILE = "journal.jsonl"
_ENCODER = msgspec.json.Encoder()
_HEADER = msgspec.json.Decoder(JournalHeader)
_ENTRY = msgspec.json.Decoder(LaunchEntry | SessionEntry)


class Journal:
    """An open journal; every method returns when its line is on disk. Used as a context manager."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("ab")

    @classmethod
    def start(cls, folder: Path, plan: Run) -> Self:
        """Begin the journal of a new run. `plan` is the run before its first launch: results without launches.

        Raises UsageError if the folder already holds a journal.
        """
        path = folder / JOURNAL_FILE
        if path.exists():
            raise UsageError(f"{path} already exists", hint=f"`perfkit run --resume {folder.name}` goes on with it")
        folder.mkdir(parents=True, exist_ok=True)
        journal = cls(path)
        journal._append(_header(plan))
        files.sync_folder(folder)
        return journal

    @classmethod
    def reopen(cls, folder: Path) -> Self:
        """Go on with the journal of an unfinished run; a last line torn by the interruption is cut off."""
        path = folder / JOURNAL_FILE
        data = files.read(path)
        if (whole := data.rfind(b"\n") + 1) < len(data):
            os.truncate(path, whole)
        return cls(path)

    def session(self, session: Session) -> None:
        """A session began or ended; a later line of the same number counts."""
        self._append(SessionEntry(converting.session_to_stored(session)))

    def launch(self, benchmark: str, launch: Launch, metrics: tuple[Metric, ...] = ()) -> None:
        """A launch ended; `metrics` are definitions that only it knew.

        Of several lines with the same benchmark, session and order the last counts.
        Raises ValueError for a value that is not finite.
        """
        defined = tuple(map(converting.metric_to_stored, metrics))
        self._append(LaunchEntry(benchmark, converting.launch_to_stored(launch), defined))

    def close(self) -> None:
        """Close the file; what was appended is on disk already."""
        self._file.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _append(self, entry: msgspec.Struct) -> None:
        with files.naming(Path(self._file.name)):
            self._file.write(_ENCODER.encode(entry) + b"\n")
            self._file.flush()
            os.fsync(self._file.fileno())


@dataclass(frozen=True, slots=True)
class Recovered:
    """What a journal holds: the run so far (not complete), and which lines could not be read, in words."""

    run: Run
    damaged: tuple[str, ...] = ()


def read_journal(folder: Path) -> Recovered:
    """The run that the journal tells of. A torn last line is dropped, damage in the middle is told.

    Raises UsageError if there is no journal, DataError if its first line cannot be read.
    """
    path = folder / JOURNAL_FILE
    first, *rest = files.read(path).split(b"\n")
    plan = _plan(files.decode(first, _HEADER, path, schema=JOURNAL_SCHEMA), path)
    contents = _Contents(plan)
    last = len(rest)
    for number, line in enumerate(rest, start=1):
        if number < last:  # what follows the last line break is torn or empty
            contents.take(line, number + 1, path)
    return contents.recovered()


class _Contents:
    """Gathers the entries; later lines of the same launch or session replace earlier ones."""

    def __init__(self, plan: Run) -> None:
        self._plan = plan
        self._launches: dict[str, dict[tuple[int, int], Launch]] = {result.benchmark: {} for result in plan.results}
        self._metrics: dict[str, dict[str, Metric]] = {
            result.benchmark: {metric.name: metric for metric in result.metrics} for result in plan.results
        }
        self._sessions: dict[int, Session] = {}
        self._damaged: list[str] = []

    def take(self, line: bytes, number: int, path: Path) -> None:
        try:
            entry = files.decode(line, _ENTRY, path, schema=JOURNAL_SCHEMA, at=f"line {number}: $")
            self._keep(entry)
        except DataError as error:
            where = "" if f"line {number}" in str(error) else f"line {number}: "
            self._damaged.append(where + str(error).removeprefix(f"{path}: "))

    def _keep(self, entry: LaunchEntry | SessionEntry) -> None:
        if isinstance(entry, SessionEntry):
            self._sessions[entry.session.number] = converting.session_from(entry.session)
            return
        if entry.benchmark not in self._launches:
            raise DataError(f"a launch of {entry.benchmark!r}, which the journal's first line does not name")
        launch = converting.launch_from(entry.launch)
        self._launches[entry.benchmark][launch.session, launch.order] = launch
        self._metrics[entry.benchmark].update({m.name: converting.metric_from(m) for m in entry.metrics})

    def recovered(self) -> Recovered:
        results = tuple(self._result(result) for result in self._plan.results)
        notes = tuple(f"journal: {damage}" for damage in self._damaged)
        sessions = tuple(self._sessions[number] for number in sorted(self._sessions))
        run = replace(self._plan, results=results, sessions=sessions, complete=False, notes=(*self._plan.notes, *notes))
        return Recovered(run, tuple(self._damaged))

    def _result(self, result: Result) -> Result:
        launches = tuple(self._launches[result.benchmark].values())
        return replace(result, launches=launches, metrics=tuple(self._metrics[result.benchmark].values()))


def _header(plan: Run) -> JournalHeader:
    benchmarks = tuple(map(converting.head_to_stored, plan.results))
    return JournalHeader(schema=JOURNAL_SCHEMA, benchmarks=benchmarks, **converting.identity_to_stored(plan))


def _plan(header: JournalHeader, path: Path) -> Run:
    try:
        results = tuple(converting.result_from(head, ()) for head in header.benchmarks)
    except ValueError as error:
        raise DataError(f"{path}: line 1: {error}") from None
    return Run(**converting.identity_from(header), sessions=(), results=results, complete=False)
