"""What is kept of every gate and every price: one JSON object a line, on disk before the next gate begins."""

import os
from collections.abc import Sequence
from pathlib import Path

import msgspec


class Pair(msgspec.Struct, frozen=True, array_like=True):
    """One pair of launches, s: base and candidate, CPU time and wall time."""

    base_cpu: float
    candidate_cpu: float
    base_wall: float
    candidate_wall: float


class Place(msgspec.Struct, frozen=True, tag="place"):
    """Where it was measured, and the program: `rounds` of work, its start as much as `start_rounds` more."""

    fingerprint: str
    machine: str
    hypervisor: str
    kernel: str
    python: str
    rounds: int
    start_rounds: int
    cpu_time: float


class GateRecord(msgspec.Struct, frozen=True, tag="gate", kw_only=True):
    """One gate: what was injected, its verdict, and its pairs.

    `pairs` are those of the first batch and, beyond `used`, the further ones for the rules of others; `confirming` is
    how many a second batch took. `again` counts launches run again, `measuring` and `total` are s: of the sessions,
    and with worktrees and all. `estimate`, `low` and `high` are fractions; `load` is the load average beforehand.
    """

    shift: float
    neighbour: bool
    seed: int
    started: float
    load: float
    verdict: str
    reason: str
    confirmation: str
    estimate: float | None
    low: float | None
    high: float | None
    used: int
    confirming: int
    again: int
    measuring: float
    total: float
    pairs: tuple[Pair, ...]


class GatePrice(msgspec.Struct, frozen=True):
    """One `perfkit gate --against` of a program without a change.

    `span` is from the first spawn to the last exit, `programs` how long the launched programs ran within it, `total`
    the whole command, all in s.
    """

    verdict: str
    pairs: int
    launches: int
    span: float
    programs: float
    total: float

    @property
    def added(self) -> float:
        """The share of the span that is perfkit's own."""
        return 1 - self.programs / self.span


class PriceRecord(msgspec.Struct, frozen=True, tag="price"):
    """What a decision costs, and what others take for the same two programs, s; None where a tool is missing."""

    started: float
    load: float
    gates: tuple[GatePrice, ...]
    hyperfine: float | None
    pyperf: float


Record = Place | GateRecord | PriceRecord
_DECODER = msgspec.json.Decoder(Record)


def read_records(path: Path) -> list[Record]:
    """All whole lines of a file; none if there is no file. A last line torn by an interruption is left out."""
    if not path.exists():
        return []
    *whole, _ = path.read_bytes().split(b"\n")
    return [_DECODER.decode(line) for line in whole]


def append_record(path: Path, record: Record) -> None:
    """Add a line, after cutting off a torn one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("ab") as file:
        file.truncate(_whole(path))
        file.write(msgspec.json.encode(record) + b"\n")
        file.flush()
        os.fsync(file.fileno())


def gates_of(records: Sequence[Record], shift: float, *, neighbour: bool) -> list[GateRecord]:
    """The gates of one cell, in the order they were measured."""
    return [
        one
        for one in records
        if isinstance(one, GateRecord) and one.shift == shift and one.neighbour is neighbour
    ]  # fmt: skip


def _whole(path: Path) -> int:
    return path.read_bytes().rfind(b"\n") + 1
