"""Counts of events on two sides without pairs, each with its own exposure in launches."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import betainc, gammaincinv

from perfkit.stats.pseudo_median import finite_sample


@dataclass(frozen=True, slots=True)
class RateComparison:
    """Rates in events a launch.

    `low` and `high` bound the rise at the level asked for, `least_rise` and
    `most_rise` each alone at 1 - beta. Approximate, because the overdispersion `factor` is estimated.
    """

    base_rate: float
    candidate_rate: float
    low: float
    high: float
    least_rise: float
    most_rise: float
    p_more: float
    p_fewer: float
    factor: float


def compare_rates(
    base: ArrayLike, candidate: ArrayLike, *, ratio: float = 1.0, beta: float = 0.05, level: float = 0.98
) -> RateComparison:
    """Compare counts a launch, shapes (n,) and (m,).

    The p-values condition on the total (Przyborowski & Wilenski 1940) and ask for a rate more than `ratio` times
    the other's. The bounds are differences of Poisson limits (Garwood 1936), each side taking half the error, so
    they hold at least their level. Both are widened by F = max(1, within-side variance / mean). Raises ValueError
    for an empty side, NaN, infinity or a negative count.
    """
    before, after = finite_sample(base), finite_sample(candidate)
    if before.min() < 0 or after.min() < 0:
        raise ValueError("a count is never negative")
    if not ratio >= 1.0:
        raise ValueError(f"a ratio to be exceeded is at least 1, not {ratio}")
    factor = _overdispersion(before, after)
    base_events, events = float(before.sum()) / factor, float(after.sum()) / factor
    base_launches, launches = before.size / factor, after.size / factor
    low, high = _rise(base_events, base_launches, events, launches, (1 - level) / 4)
    least, most = _rise(base_events, base_launches, events, launches, beta / 2)
    return RateComparison(
        base_rate=base_events / base_launches,
        candidate_rate=events / launches,
        low=low,
        high=high,
        least_rise=least,
        most_rise=most,
        p_more=_at_least(events, base_events, ratio * launches / (ratio * launches + base_launches)),
        p_fewer=_at_least(base_events, events, ratio * base_launches / (ratio * base_launches + launches)),
        factor=factor,
    )


def _overdispersion(base: NDArray[np.float64], candidate: NDArray[np.float64]) -> float:
    """Pooled variance within the sides relative to the pooled mean, at least 1; 1 where it cannot be told."""
    degrees = base.size + candidate.size - 2
    mean = float(base.sum() + candidate.sum()) / (degrees + 2)
    if degrees < 1 or mean == 0:
        return 1.0
    squares = float(np.square(base - base.mean()).sum() + np.square(candidate - candidate.mean()).sum())
    return max(1.0, squares / degrees / mean)


def _rise(
    base_events: float, base_launches: float, events: float, launches: float, error: float
) -> tuple[float, float]:
    """The least and the most that the rate may have risen, each bound of each side missed with probability `error`."""
    least = _least(events, error) / launches - _most(base_events, error) / base_launches
    most = _most(events, error) / launches - _least(base_events, error) / base_launches
    return least, most


def _least(events: float, error: float) -> float:
    return float(gammaincinv(events, error)) if events > 0 else 0.0


def _most(events: float, error: float) -> float:
    return float(gammaincinv(events + 1, 1 - error))


def _at_least(events: float, others: float, share: float) -> float:
    """P(X >= events) for X binomial of events + others at `share`; 1 where nothing happened."""
    return float(betainc(events, others + 1, share)) if events > 0 else 1.0
