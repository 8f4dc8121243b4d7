"""One finding of pairs: a benchmark and metric, what both batches say of it, and its budgets."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from perfkit.judging import pair_changes, pair_wording, verdict
from perfkit.judging.batches import Batch, family
from perfkit.judging.cases import Judged, lacks_real_time, not_real_time
from perfkit.judging.exact import compare_exact
from perfkit.judging.floors import below_reading
from perfkit.judging.limits import Held, hold_each
from perfkit.judging.margins import pair_margins
from perfkit.judging.options import Options
from perfkit.judging.pair_gates import IDENTICAL, Settled
from perfkit.judging.refusal import Refusal
from perfkit.judging.summaries import NOTHING, summarise
from perfkit.judging.verdict import Decision
from perfkit.judging.wording import described
from perfkit.model.budget import Limit, Tolerance
from perfkit.model.change import Change, Summary
from perfkit.model.metric import Better, Kind, Metric, Scale
from perfkit.model.reasons import said
from perfkit.model.run import Result, Run
from perfkit.model.verdict import BudgetVerdict, Finding, Met, Reason, Verdict
from perfkit.stats.decision import GateRule
from perfkit.stats.pairs import pair_differences
from perfkit.stats.sign_flip import sign_flip_p


@dataclass(frozen=True, slots=True)
class Pairs:
    """What the findings of one run share. `options.alpha` is each finding's own share of the level."""

    run: Run
    options: Options
    first: Batch
    second: Batch

    @classmethod
    def of(cls, run: Run, options: Options) -> "Pairs":
        """Those of a run, with `options.alpha` as the level of all of its findings together."""
        share = replace(options, alpha=options.alpha / family(result.budgets for result in run.results))
        return cls(run, share, Batch.of(run, confirming=False), Batch.of(run, confirming=True))

    @property
    def ref(self) -> str:
        """The ref that it was measured against, as written."""
        return self.run.against.ref if self.run.against else ""


@dataclass(frozen=True, slots=True)
class Seen:
    """A verdict with the change that leads, the one of the first batch if another leads, and the batch that does."""

    decision: Decision
    change: Change | None
    batch: Batch
    first: Change | None = None
    confirmation: str = ""


def paired_finding(pairs: Pairs, result: Result, metric: Metric) -> Judged:
    """Judge one metric of a benchmark that was measured in pairs."""
    budgets = result.budgets.get(metric.name, ())
    tolerance = next((budget for budget in budgets if isinstance(budget, Tolerance)), None)
    seen = settle(pairs, result, metric, tolerance) if tolerance else _informed(pairs, result, metric)
    values = result.values(metric.name)
    whole = summarise(metric, (values,))
    bounds = [limit for limit in budgets if isinstance(limit, Limit)]
    limits = hold_each(bounds, result, metric, values, whole)
    decision = seen.decision
    if lacks_real_time(result) and metric.kind is not Kind.DETERMINISTIC:
        decision, limits = not_real_time(decision, limits)
    base, own = result.base.at_floor(metric), result.at_floor(metric)
    decision, limits = below_reading(decision, limits, seen.change, values, base=base, own=own)
    final = verdict.combine(decision, limits)
    held = (*((verdict.hold_tolerance(tolerance, decision),) if tolerance else ()), *limits)
    before, after = summaries(result, metric, seen)
    finding = Finding(
        benchmark=result.benchmark,
        metric=metric,
        verdict=final.verdict,
        why=final.why,
        candidate=after or whole,
        base=before,
        change=seen.change,
        budgets=tuple(one.verdict for one in held),
        reason=final.reason,
        advice=final.advice,
        source=result.source,
        first=seen.first,
        confirmation=seen.confirmation,
    )
    return Judged(finding, held)


def summaries(result: Result, metric: Metric, seen: Seen) -> tuple[Summary | None, Summary | None]:
    """Base and candidate of the pairs that the verdict rests on; None where it rests on none."""
    used = result.pairs(metric.name, seen.batch.sessions)[: seen.change.pairs if seen.change else 0]
    if not used:
        return None, None
    before, after = zip(*used, strict=True)
    return summarise(metric, (before,)), summarise(metric, (after,))


def crashed(result: Result, metric: Metric) -> Judged:
    """The finding of a metric that the candidate gave no value of, while the base works."""
    why = f"the candidate {result.outcome.value} where the base does not: {result.reason}"
    held = tuple(Held(BudgetVerdict(one, Met.EXCEEDED, said(why))) for one in result.budgets.get(metric.name, ()))
    finding = Finding(
        benchmark=result.benchmark,
        metric=metric,
        verdict=Verdict.REGRESSED,
        why=why,
        candidate=NOTHING,
        budgets=tuple(one.verdict for one in held),
        reason=Reason.CRASH,
        source=result.source,
    )
    return Judged(finding, held)


def settle(pairs: Pairs, result: Result, metric: Metric, tolerance: Tolerance) -> Seen:
    """What both batches say of a metric with a tolerance."""
    first = pairs.first.replay(result, metric, tolerance, pairs.options)
    around = _around(pairs, result, pairs.first)
    if isinstance(first, Refusal):
        return Seen(pair_wording.decided(metric, first, around), None, pairs.first)
    if first.outcome != "regressed":
        decision = pair_wording.decided(metric, first, around)
        return Seen(decision, _noted(pairs, first.change), pairs.first)
    measured = bool(result.pairs(metric.name, pairs.second.sessions))
    second = pairs.second.replay(result, metric, tolerance, pairs.options) if measured else None
    around = replace(around, interrupted=pairs.first.interrupted or pairs.second.interrupted)
    decision, word = pair_wording.confirmed(metric, first, second, around)
    before = _noted(pairs, first.change)
    if not isinstance(second, Settled):
        return Seen(decision, before, pairs.first, None, word)
    return Seen(decision, _noted(pairs, second.change), pairs.second, before, word)


def _around(pairs: Pairs, result: Result, batch: Batch) -> pair_wording.Circumstances:
    taken = [base.duration + after.duration for base, after in result.complete_pairs(batch.sessions)]
    seconds = sum(taken) / len(taken) if taken else 0.0
    return pair_wording.Circumstances(pairs.ref, pairs.options.beta, seconds, batch.interrupted)


def _noted(pairs: Pairs, change: Change) -> Change:
    """The change with what it rests on in its note."""
    in_place = pairs.run.against is not None and pairs.run.against.in_place and change.method != "exact"
    parts = (change.note, pair_wording.circumstances(change), "layout not confirmed" if in_place else "")
    return replace(change, note="; ".join(part for part in parts if part))


def _informed(pairs: Pairs, result: Result, metric: Metric) -> Seen:
    """A change that nothing is decided by."""
    change = _uncounted(metric, result.pairs(metric.name, pairs.first.sessions), pairs.options)
    if change is None:
        return Seen(Decision(Verdict.INFORMATIONAL, "no pairs that could be compared"), None, pairs.first)
    why = f"{described(metric, change)}; no tolerance"
    return Seen(Decision(Verdict.INFORMATIONAL, why), _noted(pairs, change), pairs.first)


def _uncounted(metric: Metric, values: Sequence[tuple[float, float]], options: Options) -> Change | None:
    if not values:
        return None
    if metric.kind is Kind.COUNT:
        whole = [(round(before), round(after)) for before, after in values]
        return pair_changes.of_counts(None, metric, 0.0, whole)
    if metric.kind is Kind.DETERMINISTIC and len(set(values)) == 1:
        return pair_changes.counted(compare_exact(metric, *values[0], None), min(len(values), IDENTICAL))
    if metric.scale is Scale.RATIO and min(map(min, values)) <= 0:
        return None
    before, after = np.asarray(values, dtype=float).T
    differences = pair_differences(
        before, after, scale=metric.scale.value, higher_is_better=metric.better is Better.HIGHER
    )
    wanted = pair_margins(metric, None, float(np.median(before)), options)
    rule = GateRule(float(np.log1p(wanted.ignore)), float(np.log1p(wanted.tolerance))) if wanted else GateRule(0.0, 1.0)
    change = pair_changes.from_decision(
        pair_changes.undecided(differences.tolist(), rule), metric, wanted or pair_changes.NO_MARGINS
    )
    return replace(change, p_worse=sign_flip_p(differences), detectable=change.detectable if wanted else None)
