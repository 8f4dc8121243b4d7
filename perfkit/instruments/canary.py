"""A canary beside a measurement (`worker/canary.py`): when the machine itself was late."""

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from perfkit.model.errors import Failed
from perfkit.model.launch import Launcher, Program, Ready

_WORKER = Path(__file__).parents[1] / "worker" / "canary.py"
_LATE = 0.5
"""Of the period: a program that uses half of it is late with a canary that wakes so late."""
_WITHIN = 10.0
_NS = 1e9


@dataclass(frozen=True, slots=True)
class Perch:
    """Above the audio threads of a `core`: `beats` a period from `first` on, ns of CLOCK_MONOTONIC.

    `step`, from one to the next, and what counts as `late` are shares of the period.
    """

    core: int
    first: int
    beats: int
    step: float
    late: float


@dataclass(slots=True)
class Canary:
    """What it saw, once it has ended: `late` holds from when and until when the machine was late, s of CLOCK_MONOTONIC.

    `longest` is the latest waking in s. `real_time` tells whether it was scheduled SCHED_FIFO, and `core` where it
    stood above all audio threads, if anywhere.
    """

    period: float
    core: int | None = None
    real_time: bool = False
    beats: int = 0
    longest: float = 0.0
    late: tuple[tuple[float, float], ...] = field(default=())

    def stalled(self, start: float, end: float) -> float:
        """For how many seconds between `start` and `end` it was due and did not run."""
        return sum(max(0.0, min(end, woke) - max(start, due)) for due, woke in self.late)

    def stalls(self, seconds: float) -> int:
        """How often it was late by more than that."""
        return sum(woke - due > seconds for due, woke in self.late)

    def beside(self, start: float, end: float) -> bool:
        """Whether it was late within a period of the time from `start` to `end`."""
        return any(began <= end + self.period and woke >= start - self.period for began, woke in self.late)


@contextmanager
def canary_beside(launcher: Launcher, period: float, above: Perch | None = None) -> Iterator[Canary]:
    """A canary that beats every `period` s from now until the block is left; then it has what it saw."""
    report = launcher.tmp / "canary.json"
    report.unlink(missing_ok=True)
    beat = round(period * _NS)
    limit = round((above.late if above else _LATE) * period * _NS)
    command = (sys.executable, "-I", "-S", str(_WORKER), str(beat), str(limit), str(report))
    there = (above.core, above.first, round(above.step * period * _NS), above.beats) if above else ()
    target = launcher.start(Program(command=(*command, *map(str, there)), ready=Ready(stdout="^canary$")))
    seen = Canary(period, above.core if above else None)
    try:
        target.wait_ready(_WITHIN)
        yield seen
    finally:
        ended = target.stop()
    if not report.exists():
        raise Failed(f"the canary ended with code {ended.code}: {ended.stderr.strip()}", hint="was it killed?")
    told = json.loads(report.read_text(encoding="utf-8"))
    seen.beats, seen.longest, seen.real_time = told["beats"], told["longest"] / _NS, told["real_time"]
    seen.late = tuple((due / _NS, woken / _NS) for due, woken in told["late"])
