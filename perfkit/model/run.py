"""What was measured: runs, the samples drawn from them, and what a baseline keeps."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Self

from perfkit.model.budget import Budget, Limit, Tolerance
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
        """How the benchmark went: any failure or timeout counts, an invalid launch only if none was measured."""
        outcomes = [launch.outcome for launch in self.launches]
        for outcome in (Outcome.FAILED, Outcome.TIMED_OUT, Outcome.MEASURED, Outcome.INVALID):
            if outcome in outcomes:
                return outcome
        return Outcome.SKIPPED

    @property
    def reason(self) -> str:
        """Why it was not measured, with how many launches that befell; empty if it was."""
        outcome = self.outcome
        if outcome is Outcome.MEASURED:
            return ""
        reasons = [launch.reason for launch in self.launches if launch.outcome is outcome]
        if not reasons:
            return "no launch was made"
        share = f" ({len(reasons)} of {len(self.launches)} launches)" if len(self.launches) > 1 else ""
        return reasons[-1] + share

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

    def keeping(self, *kinds: type[Limit | Tolerance]) -> Self:
        """This run with only these kinds of budgets: limits, where there is no base to hold tolerances against."""
        results = tuple(
            replace(
                result,
                budgets={
                    name: kept
                    for name, budgets in result.budgets.items()
                    if (kept := tuple(budget for budget in budgets if isinstance(budget, kinds)))
                },
            )
            for result in self.results
        )
        return replace(self, results=results)
