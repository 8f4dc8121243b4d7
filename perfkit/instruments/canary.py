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


@dataclass(slots=True)
class Canary:
    """What it saw, once it has ended: `late` holds from when and until when the machine was late, s of CLOCK_MONOTONIC.

    `longest` is the latest waking in s.
    """

    period: float
    beats: int = 0
    longest: float = 0.0
    late: tuple[tuple[float, float], ...] = field(default=())

    def beside(self, start: float, end: float) -> bool:
        """Whether it was late within a period of the time from `start` to `end`."""
        return any(began <= end + self.period and woke >= start - self.period for began, woke in self.late)


@contextmanager
def canary_beside(launcher: Launcher, period: float) -> Iterator[Canary]:
    """A canary that beats every `period` s from now until the block is left; then it has what it saw."""
    report = launcher.tmp / "canary.json"
    report.unlink(missing_ok=True)
    beat, limit = round(period * _NS), round(_LATE * period * _NS)
    command = (sys.executable, "-I", "-S", str(_WORKER), str(beat), str(limit), str(report))
    target = launcher.start(Program(command=command, ready=Ready(stdout="^canary$")))
    seen = Canary(period)
    try:
        target.wait_ready(_WITHIN)
        yield seen
    finally:
        ended = target.stop()
    if not report.exists():
        raise Failed(f"the canary ended with code {ended.code}: {ended.stderr.strip()}", hint="was it killed?")
    told = json.loads(report.read_text(encoding="utf-8"))
    seen.beats, seen.longest = told["beats"], told["longest"] / _NS
    seen.late = tuple((due / _NS, woken / _NS) for due, woken in told["late"])
