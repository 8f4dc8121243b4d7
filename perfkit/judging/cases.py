"""One case a benchmark and metric: its values, what the base knows of it, and its budgets."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from perfkit.judging import comparing, verdict, wording
from perfkit.judging.floors import below_reading
from perfkit.judging.limits import Held, hold_each
from perfkit.judging.options import Options
from perfkit.judging.past import Past
from perfkit.judging.refusal import Refusal
from perfkit.judging.summaries import summarise
from perfkit.judging.verdict import Decision
from perfkit.model.budget import Limit, Tolerance
from perfkit.model.change import Change, Summary
from perfkit.model.launch import Outcome
from perfkit.model.metric import Kind, Metric, Scale
from perfkit.model.run import Result, Run
from perfkit.model.verdict import BudgetVerdict, Finding, Met, Reason, Verdict

NOT_REAL_TIME = "not real-time"
CONFIRMATION_LEVEL = 0.05


@dataclass(frozen=True, slots=True)
class Answer:
    """What pairs with the baseline's commit say of a tolerance, and base and candidate in the pairs that it rests on.

    `first` and `confirmation` as in `Finding`.
    """

    decision: Decision
    change: Change | None
    base: Summary | None
    candidate: Summary | None
    first: Change | None = None
    confirmation: str = ""


@dataclass(frozen=True, slots=True)
class Case:
    """What one finding is made from.

    `second` holds the values of a confirming session, `answer` what pairs say; either only where there was one.
    """

    result: Result
    metric: Metric
    values: tuple[float, ...]
    second: tuple[float, ...]
    base: tuple[tuple[float, ...], ...] | Refusal
    tolerance: Tolerance | None
    limits: tuple[Limit, ...]
    everything: bool
    against: str
    base_at_floor: bool = False
    answer: Answer | None = None

    @property
    def is_compared(self) -> bool:
        """Whether a verdict rests on the comparison."""
        has_size = self.metric.scale is Scale.RATIO or self.metric.kind is Kind.DETERMINISTIC
        return self.tolerance is not None or (self.everything and has_size)

    @property
    def takes_alpha(self) -> bool:
        """Whether it belongs to the family among which alpha is divided."""
        has_both = self.is_compared and not isinstance(self.base, Refusal) and bool(self.values)
        return has_both and not comparing.is_exact(self.metric, self.base, self.values)  # type: ignore[arg-type]


def cases(
    run: Run,
    past: Past,
    options: Options,
    confirmation: Run | None,
    answers: Mapping[tuple[str, str], Answer] | None = None,
) -> Iterator[Case]:
    """Every metric that was measured or has a budget, of every benchmark that was measured."""
    again = {result.benchmark: result for result in confirmation.results} if confirmation else {}
    for result in run.results:
        if result.outcome is not Outcome.MEASURED:
            continue
        for metric in (*result.metrics, *unreported(result)):
            values, budgets = result.values(metric.name), result.budgets.get(metric.name, ())
            if not values and not budgets:
                continue
            second = again.get(result.benchmark)
            yield Case(
                result=result,
                metric=metric,
                values=values,
                second=second.values(metric.name) if second and second.fingerprint == result.fingerprint else (),
                base=past.values(result, metric),
                tolerance=next((budget for budget in budgets if isinstance(budget, Tolerance)), None),
                limits=tuple(budget for budget in budgets if isinstance(budget, Limit)),
                everything=options.everything,
                against=past.branch,
                base_at_floor=past.at_floor(result, metric),
                answer=(answers or {}).get((result.benchmark, metric.name)),
            )


@dataclass(frozen=True, slots=True)
class Judged:
    """A finding with its budgets, each with its own reason: the exit codes come from these."""

    finding: Finding
    held: tuple[Held, ...]


def judged(case: Case, options: Options) -> Judged:
    """Judge one case; `options.alpha` is its own share of the level."""
    summary = summarise(case.metric, (case.values,))
    change, decision = _comparison(case, options)
    limits = hold_each(case.limits, case.result, case.metric, case.values, summary)
    if lacks_real_time(case.result) and case.metric.kind is not Kind.DETERMINISTIC:
        decision, limits = not_real_time(decision, limits)
    own = case.result.at_floor(case.metric)
    decision, limits = below_reading(decision, limits, change, case.values, base=case.base_at_floor, own=own)
    final = verdict.combine(decision, limits)
    held = (*((verdict.hold_tolerance(case.tolerance, decision),) if case.tolerance else ()), *limits)
    answer = case.answer
    before = None if isinstance(case.base, Refusal) else summarise(case.metric, case.base)
    finding = Finding(
        benchmark=case.result.benchmark,
        metric=case.metric,
        verdict=final.verdict,
        why=final.why,
        candidate=(answer and answer.candidate) or summary,
        base=(answer and answer.base) or before,
        change=change,
        budgets=tuple(one.verdict for one in held),
        reason=final.reason,
        advice=final.advice,
        source=case.result.source,
        first=answer.first if answer else None,
        confirmation=answer.confirmation if answer else "",
    )
    return Judged(finding, held)


def _comparison(case: Case, options: Options) -> tuple[Change | None, Decision]:
    """The change with its verdict; only informational where no verdict is asked for."""
    seen = _compared(case, case.values, options)
    change = None if isinstance(seen, Refusal) else seen
    if not case.is_compared:
        return change, Decision(Verdict.INFORMATIONAL, _informed(case, seen))
    if change is not None and case.answer is not None:
        return verdict.settled(case.metric, change, case.answer.change, case.answer.decision)
    if change is not None and change.suspected:
        return verdict.confirmed(case.metric, change, _again(case, options), case.against)
    return change, verdict.decide(case.metric, seen, case.against)


def _compared(case: Case, values: tuple[float, ...], options: Options) -> Change | Refusal:
    if not values:
        advice = f"check that the probe yields {case.metric.name}"
        return Refusal(Reason.TOO_FEW, "the probe did not report it", advice)
    if isinstance(case.base, Refusal):
        return case.base
    return comparing.change(case.metric, case.base, values, case.tolerance, options)


def _again(case: Case, options: Options) -> Change | Refusal | None:
    if not case.second:
        return None
    return _compared(case, case.second, replace(options, alpha=CONFIRMATION_LEVEL))


def _informed(case: Case, seen: Change | Refusal) -> str:
    return seen.why if isinstance(seen, Refusal) else f"{wording.described(case.metric, seen)}; no budget"


def unreported(result: Result) -> tuple[Metric, ...]:
    """Metrics that a budget speaks of and nothing defines: they must not vanish."""
    known = {metric.name for metric in result.metrics}
    unknown = {name: budgets for name, budgets in result.budgets.items() if budgets and name not in known}
    return tuple(Metric(name, budgets[0].unit) for name, budgets in unknown.items())


def lacks_real_time(result: Result) -> bool:
    """Whether audio was played without real-time scheduling in blocks too small for that."""
    is_audio = result.kind.startswith("audio")
    return is_audio and any(NOT_REAL_TIME in launch.caveats for launch in result.measured)


def not_real_time(decision: Decision, limits: list[Held]) -> tuple[Decision, list[Held]]:
    """Nothing is decided of what was measured without real-time scheduling."""
    why = "measured without real-time scheduling: it tells of the machine's set-up, not of the program"
    advice = "allow real-time scheduling (ulimit -r, rtkit) and measure again"
    verdicts = [BudgetVerdict(one.verdict.budget, Met.INCONCLUSIVE, why) for one in limits]
    if decision.verdict is not Verdict.INFORMATIONAL:
        decision = Decision(Verdict.INCONCLUSIVE, why, Reason.NOT_REAL_TIME, advice)
    return decision, [Held(one, Reason.NOT_REAL_TIME, advice) for one in verdicts]
