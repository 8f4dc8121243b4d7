"""What was measured: runs, the samples drawn from them, and what a baseline keeps."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from perfkit.model.budget import Budget
from perfkit.model.environment import Commit, Conditions, Machine
from perfkit.model.launch import Launch, Outcome
from perfkit.model.metric import Metric


@dataclass(frozen=True, slots=True)
class Session:
    """One uninterrupted stretch of measuring; times in seconds since the epoch."""

    number: int
    started: float
    ended: float
    seed: int
    interrupted: bool = False


@dataclass(frozen=True, slots=True)
class Result:
    """All launches of one benchmark, in order.

    `metrics` are the definitions in force, budgets those of the scenario.
    """

    benchmark: str
    scenario: str
    kind: str
    source: str
    fingerprint: str
    params: Mapping[str, Any]
    tags: tuple[str, ...]
    budgets: Mapping[str, tuple[Budget, ...]]
    metrics: tuple[Metric, ...]
    launches: tuple[Launch, ...]

    @property
    def outcome(self) -> Outcome:
        """Measured if any launch was; else how the last launch ended."""
        if any(launch.outcome is Outcome.MEASURED for launch in self.launches):
            return Outcome.MEASURED
        return self.launches[-1].outcome if self.launches else Outcome.SKIPPED

    @property
    def reason(self) -> str:
        """Why nothing was measured; empty if something was."""
        if self.outcome is Outcome.MEASURED:
            return ""
        return self.launches[-1].reason if self.launches else "no launch was made"

    @property
    def measured(self) -> tuple[Launch, ...]:
        """The launches that count.

        A contaminated launch that was run again stays recorded but gives way to its replacement.
        """
        launches = tuple(launch for launch in self.launches if launch.outcome is Outcome.MEASURED)
        clean = tuple(launch for launch in launches if not launch.replaced)
        return clean or launches

    def values(self, metric: str) -> tuple[float, ...]:
        """The sample of one metric: one value per counting launch, in launch order, base unit."""
        return tuple(launch.values[metric] for launch in self.measured if metric in launch.values)


@dataclass(frozen=True, slots=True)
class Sample:
    """All values of one metric of one benchmark in one session."""

    benchmark: str
    fingerprint: str
    metric: Metric
    values: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Recorded:
    """The samples of one session with where they come from: what a baseline keeps and a comparison needs."""

    id: str
    created: float
    machine: Machine
    conditions: Conditions
    commit: Commit
    samples: tuple[Sample, ...]
    accepted: str = ""
    anchor: bool = False


@dataclass(frozen=True, slots=True)
class Baseline:
    """Accepted sessions of one machine under a name, oldest first."""

    name: str
    sessions: tuple[Recorded, ...] = ()


@dataclass(frozen=True, slots=True)
class Run:
    """Everything one `run` or `gate` wrote.

    `complete` is False if it was interrupted or time ran out before every benchmark had its launches.
    """

    id: str
    version: str
    created: float
    arguments: tuple[str, ...]
    machine: Machine
    conditions: Conditions
    commit: Commit
    sessions: tuple[Session, ...]
    results: tuple[Result, ...]
    complete: bool = True
    notes: tuple[str, ...] = field(default=())

    def recorded(self) -> Recorded:
        """This run's samples, as one session."""
        samples = tuple(
            Sample(result.benchmark, result.fingerprint, metric, values)
            for result in self.results
            for metric in result.metrics
            if (values := result.values(metric.name))
        )
        return Recorded(self.id, self.created, self.machine, self.conditions, self.commit, samples)
