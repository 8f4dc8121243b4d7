"""What someone wrote down to be measured, and the benchmarks it expands to."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar, Protocol, runtime_checkable

from perfkit.model.budget import Budget, Tolerance
from perfkit.model.launch import Launcher, Measurement
from perfkit.model.metric import Metric


class Probe(Protocol):
    """How one kind of thing is measured: a frozen dataclass of settings.

    Declaring a probe imports nothing heavy; what it needs is imported inside `measure`, which runs in the probe host.
    """

    kind: ClassVar[str]

    @property
    def metrics(self) -> tuple[Metric, ...]:
        """The metrics that a launch yields."""
        ...

    def measure(self, launcher: Launcher) -> Measurement:
        """One launch. Raises Failed, TimedOut, Skipped or Invalid where there are no values."""
        ...


@runtime_checkable
class SaysWhyMissing(Protocol):
    """A probe whose metrics depend on its settings may tell why one of them is not there."""

    def why_missing(self, name: str) -> str:
        """Why these settings do not yield the metric `name`; empty where no settings would."""
        ...


@runtime_checkable
class MayNotGate(Protocol):
    """A probe that reads some metrics in a way that nothing may be decided by."""

    def why_no_budget(self, name: str) -> str:
        """Why the metric `name`, as these settings read it, may have no budget; empty where it may."""
        ...


@runtime_checkable
class KnowsItsTime(Protocol):
    """A probe whose settings tell how long a launch takes, so that a time limit can be seen to be too short."""

    @property
    def least_time(self) -> float:
        """Seconds below which no launch is begun."""
        ...


@dataclass(frozen=True, slots=True)
class Source:
    """Where a scenario is written: file, name and line (from 1)."""

    file: Path
    name: str
    line: int = 1

    @property
    def where(self) -> str:
        """`file:line`, as editors and CI systems open it."""
        return f"{self.file}:{self.line}"

    def __str__(self) -> str:
        return f"{self.file}::{self.name}"


@dataclass(frozen=True, slots=True)
class Scenario:
    """A scenario as written, in TOML or Python: settings and budgets are still plain data with `{param}` inside."""

    name: str
    kind: str
    source: Source
    settings: Mapping[str, Any]
    params: Mapping[str, tuple[Any, ...]] = field(default_factory=dict)
    budget: Mapping[str, Any] = field(default_factory=dict)
    tags: tuple[str, ...] = ()
    timeout: float = 60.0


@dataclass(frozen=True, slots=True)
class Benchmark:
    """A scenario with its parameters bound.

    `settings` are plain data with only launch placeholders (`{port} {root} {tmp}`) left; `probe` is their checked
    form.
    `fingerprint` changes when the definition does; budgets, tags and timeout are not part of it.
    """

    id: str
    scenario: str
    source: Source
    probe: Probe
    settings: Mapping[str, Any]
    params: Mapping[str, Any]
    budgets: Mapping[str, tuple[Budget, ...]]
    tags: tuple[str, ...]
    timeout: float
    fingerprint: str

    @property
    def metrics(self) -> tuple[Metric, ...]:
        """The metrics that a launch of this benchmark yields."""
        return self.probe.metrics

    @property
    def gating(self) -> tuple[Metric, ...]:
        """The metrics that a budget speaks of."""
        return tuple(metric for metric in self.metrics if self.budgets.get(metric.name))

    def tolerance(self, metric: str) -> Tolerance | None:
        """The tolerance on `metric`, if it has one."""
        return next((b for b in self.budgets.get(metric, ()) if isinstance(b, Tolerance)), None)
