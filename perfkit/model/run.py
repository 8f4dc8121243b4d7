"""What was measured: runs, the samples drawn from them, and what a baseline keeps."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Self

from perfkit.model.budget import Budget, Limit, Tolerance
from perfkit.model.environment import Commit, Conditions, Machine
from perfkit.model.launch import AT_FLOOR, Launch, Outcome, Side
from perfkit.model.metric import Metric
from perfkit.model.reasons import adding


@dataclass(frozen=True, slots=True)
class Session:
    """One uninterrupted stretch of measuring; times in seconds since the epoch.

    `confirmation` marks the second batch of pairs, of what the first one suspected. `out_of_time` names the benchmarks
    that a time limit ended before they were decided.
    """

    number: int
    started: float
    ended: float
    seed: int
    interrupted: bool = False
    confirmation: bool = False
    out_of_time: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Against:
    """What the pairs of a run compare: the ref as written, and the base that it led to.

    The base is the merge base with `ref`, or `ref` itself where `exact`. `snapshot` is the commit that the candidate
    was measured as. `in_place` tells that it was measured in the user's own work tree, `identical` whether both
    builds made the same bytes (None where nothing was built).
    """

    ref: str
    commit: Commit
    snapshot: str
    exact: bool = False
    in_place: bool = False
    identical: bool | None = None

    def __str__(self) -> str:
        return f"{self.ref if self.exact else f'the merge base with {self.ref}'} ({self.commit})"


@dataclass(frozen=True, slots=True)
class Result:
    """All launches of one benchmark, in order; in a comparison of pairs those of both sides.

    `metrics` are the definitions in force, budgets those of the scenario. What is said of the outcome, the measured
    launches and their values is said of the candidate; `base` says it of the other side.
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
        outcomes = [launch.outcome for launch in self._own]
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
        reasons = [launch.reason for launch in self._own if launch.outcome is outcome]
        if not reasons:
            return "no launch was made"
        share = f" ({len(reasons)} of {len(self._own)} launches)" if len(self._own) > 1 else ""
        return adding(reasons[-1], share)

    @property
    def measured(self) -> tuple[Launch, ...]:
        """The launches that count.

        A contaminated launch that was run again stays recorded but gives way to its replacement.
        """
        launches = tuple(launch for launch in self._own if launch.outcome is Outcome.MEASURED)
        clean = tuple(launch for launch in launches if not launch.replaced)
        return clean or launches

    def values(self, metric: str) -> tuple[float, ...]:
        """The sample of one metric: one value per counting launch, in launch order, base unit."""
        return tuple(launch.values[metric] for launch in self.measured if metric in launch.values)

    def undisturbed(self, metric: str) -> tuple[float, ...]:
        """The same without the launches that the machine disturbed."""
        clean = (launch for launch in self.measured if not launch.contaminated)
        return tuple(launch.values[metric] for launch in clean if metric in launch.values)

    def at_floor(self, metric: Metric) -> bool:
        """Whether all values of a peak are only upper bounds, as no launch needed more than can be read."""
        if metric.name != "peak_memory":
            return False
        launches = [launch for launch in self.measured if metric.name in launch.values]
        return bool(launches) and all(AT_FLOOR in launch.caveats for launch in launches)

    @property
    def base(self) -> "Result":
        """The base's launches of a comparison of pairs, as a result of their own."""
        launches = (replace(launch, side=Side.CANDIDATE) for launch in self.launches if launch.side is Side.BASE)
        return replace(self, launches=tuple(launches))

    def complete_pairs(self, sessions: Collection[int]) -> tuple[tuple[Launch, Launch], ...]:
        """Base and candidate of every pair of these sessions that was measured on both sides, in pair order.

        Pairs that were run again are left out.
        """
        paired: dict[tuple[int, int], dict[Side, Launch]] = {}
        for launch in self.launches:
            counts = launch.outcome is Outcome.MEASURED and not launch.replaced and launch.session in sessions
            if counts and launch.pair is not None:
                paired.setdefault((launch.session, launch.pair), {})[launch.side] = launch
        return tuple(
            (sides[Side.BASE], sides[Side.CANDIDATE]) for _, sides in sorted(paired.items()) if len(sides) == len(Side)
        )

    def pairs(self, metric: str, sessions: Collection[int]) -> tuple[tuple[float, float], ...]:
        """The values of one metric in the complete pairs of these sessions: (base, candidate), base unit."""
        return tuple(
            (base.values[metric], candidate.values[metric])
            for base, candidate in self.complete_pairs(sessions)
            if metric in base.values and metric in candidate.values
        )

    @property
    def half_pairs(self) -> int:
        """Pairs with a launch of one side only: measuring was interrupted between the two."""
        sides: dict[tuple[int, int], set[Side]] = {}
        for launch in self.launches:
            if launch.pair is not None and not launch.replaced:
                sides.setdefault((launch.session, launch.pair), set()).add(launch.side)
        return sum(len(seen) < len(Side) for seen in sides.values())

    @property
    def _own(self) -> tuple[Launch, ...]:
        return tuple(launch for launch in self.launches if launch.side is Side.CANDIDATE)


@dataclass(frozen=True, slots=True)
class Sample:
    """All values of one metric of one benchmark in one session; `at_floor` as in Result."""

    benchmark: str
    fingerprint: str
    metric: Metric
    values: tuple[float, ...]
    at_floor: bool = False


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

    `complete` is False if it was interrupted or time ran out before every benchmark had its launches; pairs that a
    time limit ended are complete. `against` is there where pairs of two sides were measured.
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
    against: Against | None = None

    def batch(self, *, confirmation: bool) -> frozenset[int]:
        """The numbers of the sessions of the first batch of pairs, or of the second, the confirmation."""
        return frozenset(one.number for one in self.sessions if one.confirmation is confirmation)

    def recorded_base(self) -> Recorded | None:
        """The base's samples of a comparison of pairs, as one session; None where there was no such comparison."""
        if self.against is None:
            return None
        base = replace(self, commit=self.against.commit, results=tuple(result.base for result in self.results))
        return base.recorded()

    def recorded(self) -> Recorded:
        """This run's samples, as one session."""
        samples = tuple(
            Sample(result.benchmark, result.fingerprint, metric, values, result.at_floor(metric))
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
