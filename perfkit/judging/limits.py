"""Limits held against what was measured: the interval's bound, or the observed total of a count."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from perfkit.judging.summaries import summarise
from perfkit.model.budget import Limit
from perfkit.model.change import Summary
from perfkit.model.metric import Kind, Metric, Resource
from perfkit.model.run import Result
from perfkit.model.units import counted, format_quantity
from perfkit.model.verdict import BudgetVerdict, Met, Reason


@dataclass(frozen=True, slots=True)
class Held:
    """A budget's verdict; where it is inconclusive, the reason and what to do next. `new` as in Refusal."""

    verdict: BudgetVerdict
    reason: Reason | None = None
    advice: str = ""
    new: bool = False


def hold_each(
    limits: Sequence[Limit], result: Result, metric: Metric, values: Sequence[float], summary: Summary
) -> list[Held]:
    """Hold every limit of one metric against the launches of a result, of which `values` and `summary` speak.

    A count that waiting can cause (missed deadlines, lost frames) is held on the launches that the machine left alone.
    """
    alone = result.undisturbed(metric.name)
    if metric.kind is not Kind.COUNT or metric.resource is not Resource.WALL or len(alone) == len(values):
        return [hold(limit, metric, values, summary) for limit in limits]
    if not alone:
        advice = "end what else runs on the machine and measure again"
        return [_open(limit, Reason.NOISE, "the machine disturbed every launch", advice) for limit in limits]
    held = [hold(limit, metric, alone, summarise(metric, (alone,))) for limit in limits]
    left_out = f"; {_disturbed(len(values) - len(alone))}"
    return [replace(one, verdict=replace(one.verdict, why=one.verdict.why + left_out)) for one in held]


def _disturbed(number: int) -> str:
    return "a disturbed one does not count" if number == 1 else f"{number} disturbed ones do not count"


def hold(limit: Limit, metric: Metric, values: Sequence[float], summary: Summary) -> Held:
    """Hold `limit` against one session's values and their summary."""
    if not values:
        return _open(limit, Reason.TOO_FEW, "the probe did not report it", f"check that the probe yields {metric.name}")
    if metric.kind is Kind.COUNT:
        return _counted(limit, metric, values, summary)
    if limit.operator == "==":
        return _equal(limit, metric, values)
    if summary.low is None or summary.high is None:
        why = f"{counted(summary.n, 'launch')}; a limit on a measured quantity needs 5"
        return _open(limit, Reason.TOO_FEW, why, "measure more launches (--processes 7)")
    return _bounded(limit, metric, summary, summary.low, summary.high)


def _counted(limit: Limit, metric: Metric, values: Sequence[float], summary: Summary) -> Held:
    why = f"{format_quantity(summary.total, metric.unit)} in {counted(len(values), 'launch')}"
    return _closed(limit, limit.holds(summary.total), why)


def _equal(limit: Limit, metric: Metric, values: Sequence[float]) -> Held:
    low, high = format_quantity(min(values), metric.unit), format_quantity(max(values), metric.unit)
    seen = low if low == high else f"{low} to {high}"
    return _closed(limit, all(limit.holds(value) for value in values), f"{seen} in {counted(len(values), 'launch')}")


def _bounded(limit: Limit, metric: Metric, summary: Summary, low: float, high: float) -> Held:
    """The bound on the bad side decides that it is kept, the one on the good side that it is not."""
    bad, good = (high, low) if limit.operator.startswith("<") else (low, high)
    centre, below, above = (format_quantity(value, metric.unit) for value in (summary.median, low, high))
    why = centre if low == high else f"{centre} [{below}, {above}]"
    if limit.holds(bad):
        return _closed(limit, holds=True, why=why)
    if not limit.holds(good):
        return _closed(limit, holds=False, why=why)
    advice = "measure more launches (--thorough), or leave the limit more room"
    return _open(limit, Reason.NEAR_LIMIT, f"{why} lies on both sides of {limit}", advice)


def _closed(limit: Limit, holds: bool, why: str) -> Held:
    sentence = f"{why}, within {limit}" if holds else f"{why}, outside the limit {limit}"
    return Held(BudgetVerdict(limit, Met.MET if holds else Met.EXCEEDED, sentence))


def _open(limit: Limit, reason: Reason, why: str, advice: str) -> Held:
    return Held(BudgetVerdict(limit, Met.INCONCLUSIVE, why), reason, advice)
