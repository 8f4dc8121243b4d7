"""What a run tells while it goes on; every method defaults to doing nothing."""

from collections.abc import Sequence
from dataclasses import dataclass

from perfkit.model.launch import Launch
from perfkit.model.metric import Metric
from perfkit.model.scenario import Benchmark


@dataclass(frozen=True, slots=True)
class Progress:
    """How far one benchmark is.

    `estimate`, `low` and `high` are the leading metric's pseudo-median and its interval in the metric's base unit;
    `trouble` is the last outcome that was not a measurement, in words.
    In a comparison `pairs` is how many were measured of `most` at most, and `state` how its decision stands. The
    numbers are then those of the change, positive is worse: fractions on a ratio scale, else in the base unit.
    """

    benchmark: str
    launches: int
    metric: Metric | None = None
    estimate: float | None = None
    low: float | None = None
    high: float | None = None
    settled: bool = False
    trouble: str = ""
    pairs: int | None = None
    most: int | None = None
    state: str = ""


class RunObserver:
    """Told of everything that happens in a run."""

    def machine_held(self, holder: str) -> None:
        """Another run, which says `holder` of itself, holds the machine; its end is waited for."""

    def session_started(self, benchmarks: Sequence[Benchmark]) -> None:
        """Measuring begins."""

    def launch_started(self, benchmark: str, number: int, expected: float | None) -> None:
        """Launch `number` (from 1) of a benchmark begins; the session is expected to end within `expected` s."""

    def launch_ended(self, benchmark: str, launch: Launch, progress: Progress) -> None:
        """A launch ended and is on disk."""
