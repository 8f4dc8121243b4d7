"""The null distribution of Wilcoxon's signed-rank statistic W+, and the ranks it puts an interval at."""

from functools import lru_cache
from math import floor, sqrt
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

EXACT_UP_TO: Final = 300
"""The largest number of values for which the null distribution is enumerated."""


@lru_cache(maxsize=64)
def null_distribution(count: int) -> NDArray[np.float64]:
    """F(w) = P(W+ <= w) for w = 0 .. count(count+1)/2, without ties (Wilcoxon 1945).

    W+ is the sum of the ranks 1..count that carry a fair coin's head: start with all mass at 0 and let
    rank i move half of every mass up by i. Read-only; time and memory grow with count³ and count².
    """
    mass = np.zeros(count * (count + 1) // 2 + 1)
    mass[0] = 1.0
    for rank in range(1, count + 1):
        mass *= 0.5
        moved = mass[: mass.size - rank].copy()
        mass[rank:] += moved
    distribution = np.cumsum(mass)
    distribution.flags.writeable = False
    return distribution


@lru_cache(maxsize=4096)
def interval_rank(count: int, tail: float) -> int:
    """k, the number of w with F(w) <= tail: an interval's bounds are the k-th smallest and k-th largest average.

    `tail` is the probability allowed on one side. 0 means that so few values support no such interval.
    Exact up to EXACT_UP_TO values; beyond, a normal quantile with the Cornish-Fisher term for the kurtosis of
    W+ (its skewness is 0), which is off by at most one rank in tens of thousands.
    """
    if not 0.0 < tail < 0.5:
        raise ValueError(f"the tail of an interval lies between 0 and 0.5, not at {tail}")
    if count > EXACT_UP_TO:
        return _approximate_rank(count, tail)
    return int(np.searchsorted(null_distribution(count), tail, side="right"))


def _approximate_rank(count: int, tail: float) -> int:
    mean = count * (count + 1) / 4
    variance = count * (count + 1) * (2 * count + 1) / 24
    fourth_powers = count * (count + 1) * (2 * count + 1) * (3 * count * count + 3 * count - 1) / 30
    excess_kurtosis = -fourth_powers / (8 * variance * variance)
    z = float(ndtri(tail))
    z += (z**3 - 3 * z) * excess_kurtosis / 24
    return max(0, floor(mean + z * sqrt(variance) - 0.5) + 1)
