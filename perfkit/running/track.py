"""How far one benchmark is: its launches so far and whether they are enough."""

from dataclasses import dataclass, field

from perfkit.model.budget import Limit, Tolerance
from perfkit.model.events import Progress
from perfkit.model.launch import Launch, Outcome
from perfkit.model.metric import Kind, Metric, Resource
from perfkit.model.run import Result
from perfkit.model.scenario import Benchmark
from perfkit.running.plan import IDENTICAL, Plan

FAILURES = 2
COMPARABLE = 5
"""The fewest launches that can be compared: where many are invalid, no more are tried once time is short."""


@dataclass(slots=True)
class Track:
    """The launches of one benchmark and the metric definitions in force (a launch may refine them).

    `place` is where it is written, as `file:line` from the project's root.
    """

    benchmark: Benchmark
    place: str = ""
    launches: list[Launch] = field(default_factory=list)
    refined: dict[str, Metric] = field(default_factory=dict)

    @property
    def metrics(self) -> tuple[Metric, ...]:
        """The probe's metrics, refined or joined by those that launches brought."""
        declared = {metric.name: metric for metric in self.benchmark.metrics}
        return tuple((declared | self.refined).values())

    @property
    def waiting(self) -> bool:
        """Whether a judged metric contains waiting, so that pressure on the machine disturbs it."""
        return any(metric.resource is Resource.WALL for metric in self.judged)

    @property
    def judged(self) -> tuple[Metric, ...]:
        """The metrics with budgets; without any the probe's first metric leads."""
        metrics = self.metrics
        return tuple(m for m in metrics if self.benchmark.budgets.get(m.name)) or metrics[:1]

    def may_rerun(self, plan: Plan) -> bool:
        """Whether another contaminated launch may be replaced."""
        return sum(launch.replaced for launch in self.launches) < plan.reruns

    def given_up(self, plan: Plan) -> bool:
        """Whether going on is pointless: skipped, failed twice, or invalid as often as it should be measured."""
        outcomes = [launch.outcome for launch in self.launches]
        failed = outcomes.count(Outcome.FAILED) + outcomes.count(Outcome.TIMED_OUT)
        return (
            Outcome.SKIPPED in outcomes
            or failed >= min(FAILURES, plan.most)
            or outcomes.count(Outcome.INVALID) >= plan.least
        )

    def counting(self) -> int:
        """The launches that count."""
        return sum(launch.outcome is Outcome.MEASURED and not launch.replaced for launch in self.launches)

    def mean_duration(self) -> float | None:
        """Seconds that a launch took on average; None before the first."""
        return sum(launch.duration for launch in self.launches) / len(self.launches) if self.launches else None

    def settled(self, plan: Plan, *, late: bool) -> bool:
        """Whether this benchmark needs no further launch; `late` means that the soft limit has passed."""
        if self.given_up(plan):
            return True
        count, least = self.counting(), plan.least
        if all(metric.kind is Kind.DETERMINISTIC for metric in self.metrics):
            least = min(least, IDENTICAL)
        if late and any(launch.outcome is Outcome.INVALID for launch in self.launches):
            least = min(least, COMPARABLE)
        if count < least:
            return False
        return late or count >= plan.most or all(self._narrow(metric, plan.precision) for metric in self.judged)

    def result(self) -> Result:
        """What the run file keeps."""
        benchmark = self.benchmark
        return Result(
            benchmark=benchmark.id,
            scenario=benchmark.scenario,
            kind=benchmark.probe.kind,
            source=self.place,
            fingerprint=benchmark.fingerprint,
            params=benchmark.params,
            tags=benchmark.tags,
            budgets=benchmark.budgets,
            metrics=self.metrics,
            launches=tuple(self.launches),
        )

    def progress(self, plan: Plan, *, late: bool = False) -> Progress:
        """How far it is, for the observer: the leading metric's estimate and interval so far."""
        from perfkit.stats.estimate import estimate  # numpy: not at import, the command line's help passes here

        leading = self.judged[0] if self.judged else None
        values = self.result().values(leading.name) if leading else ()
        trouble = next((launch.reason for launch in reversed(self.launches) if launch.reason), "")
        done = self.settled(plan, late=late)
        if leading is None or not values:
            return Progress(self.benchmark.id, self.counting(), leading, settled=done, trouble=trouble)
        seen = estimate(values, scale=leading.scale.value)
        low, high = (seen.interval.low, seen.interval.high) if seen.interval else (None, None)
        return Progress(self.benchmark.id, self.counting(), leading, seen.pseudo_median, low, high, done, trouble)

    def _narrow(self, metric: Metric, precision: float) -> bool:
        from perfkit.stats.estimate import estimate

        if metric.kind is not Kind.NOISY:
            return True
        values = self.result().values(metric.name)
        if not values:
            return True
        seen = estimate(values, scale=metric.scale.value)
        budgets = self.benchmark.budgets.get(metric.name, ())
        limits = [budget for budget in budgets if isinstance(budget, Limit)]
        if limits and not any(isinstance(budget, Tolerance) for budget in budgets) and seen.interval:
            ends = (seen.interval.low, seen.interval.high)
            return all(limit.holds(ends[0]) == limit.holds(ends[1]) for limit in limits)
        return seen.is_within(precision if metric.scale.value == "ratio" else precision * abs(seen.pseudo_median))
