"""Counts of events a launch against the base's, approximately."""

from collections.abc import Sequence
from itertools import chain

from perfkit.judging.margins import default_tolerance
from perfkit.judging.options import Options
from perfkit.judging.refusal import Refusal
from perfkit.model.budget import Tolerance
from perfkit.model.change import Change
from perfkit.model.metric import Better, Metric, Scale
from perfkit.model.verdict import Reason
from perfkit.stats.rates import RateComparison, compare_rates

LEVEL = 0.98


def compare_counts(
    metric: Metric,
    base: Sequence[Sequence[float]],
    candidate: Sequence[float],
    tolerance: Tolerance | None,
    options: Options,
) -> Change | Refusal:
    """Events a launch, all base sessions together; δ in events a launch, from a tolerance in % by the base's rate."""
    before = list(chain.from_iterable(base))
    if min(*before, *candidate) < 0:
        return Refusal(Reason.NOT_POSITIVE, "a count is never negative", f"check what reports {metric.name}")
    relative = tolerance.relative if tolerance else metric.scale is Scale.RATIO
    ratio = 1 + options.ignore if relative else 1.0
    said = compare_rates(before, candidate, ratio=ratio, beta=options.beta, level=LEVEL)
    amount = tolerance.amount if tolerance else default_tolerance(metric, options) if relative else 0.0
    return _as_change(metric, said, amount * said.base_rate if relative else amount, ratio, options)


def _as_change(metric: Metric, said: RateComparison, allowed: float, ratio: float, options: Options) -> Change:
    lower = metric.better is Better.LOWER
    rise = said.candidate_rate - said.base_rate
    p_worse, p_better = (said.p_more, said.p_fewer) if lower else (said.p_fewer, said.p_more)
    most_worse = said.most_rise if lower else -said.least_rise
    return Change(
        estimate=rise if lower else -rise,
        low=said.low if lower else -said.high,
        high=said.high if lower else -said.low,
        confidence=LEVEL,
        relative=False,
        ignore=(ratio - 1) * said.base_rate,
        tolerance=allowed,
        detectable=None,
        p_worse=p_worse,
        p_better=p_better,
        suspected=p_worse <= options.alpha,
        improved=p_better <= options.alpha,
        unchanged=most_worse < allowed,
        method="counts",
        note="approximate: the spread of the counts is estimated",
    )
