"""Metrics that repeat to the digit: bytes, instructions, allocations."""

from perfkit.model.budget import Tolerance
from perfkit.model.change import Change
from perfkit.model.metric import Better, Metric, Scale


def compare_exact(metric: Metric, base: float, candidate: float, tolerance: Tolerance | None) -> Change:
    """One number against one number; worse by more than the tolerance (0 without one) is a regression.

    From a base of zero there is no percentage: the change is then in the metric's unit and nothing is tolerated.
    """
    worse = candidate - base if metric.better is Better.LOWER else base - candidate
    relative = metric.scale is Scale.RATIO and base > 0
    estimate = worse / base if relative else worse
    allowed = tolerance.amount if tolerance and tolerance.relative == relative else 0.0
    return Change(
        estimate=estimate,
        low=estimate,
        high=estimate,
        confidence=1.0,
        relative=relative,
        ignore=0.0,
        tolerance=allowed,
        detectable=0.0,
        p_worse=0.0 if estimate > 0 else 1.0,
        p_better=0.0 if estimate < 0 else 1.0,
        suspected=estimate > allowed and not _is_rounding(estimate, allowed),
        improved=estimate < 0,
        unchanged=0 <= estimate <= allowed or _is_rounding(estimate, allowed),
        method="exact",
    )


def _is_rounding(estimate: float, allowed: float) -> bool:
    """1007 against 1000 is within +0.7 %, although 7/1000 > 0.7/100 in doubles."""
    return allowed > 0 and abs(estimate - allowed) <= 1e-12 * allowed
