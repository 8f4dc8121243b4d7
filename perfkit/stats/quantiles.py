"""Quantiles of one launch's many readings (latencies of requests, times of blocks)."""

from functools import lru_cache
from math import ceil

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import betainc

from perfkit.stats.pseudo_median import finite_sample


def harrell_davis(values: ArrayLike, share: float) -> float:
    """The Harrell-Davis estimate (1982) of the quantile that `share` (0..1, exclusive) of readings lie below.

    A weighted mean of all n order statistics, the i-th with weight I(i/n; a, b) - I((i-1)/n; a, b) where
    a = share·(n+1), b = (1-share)·(n+1) and I is the regularised incomplete beta function. It varies
    less from launch to launch than a single order statistic. Unit of the values.
    """
    ordered = np.sort(finite_sample(values))
    return float(_harrell_davis_weights(ordered.size, _open_share(share)) @ ordered)


def percentile(values: ArrayLike, share: float) -> float:
    """The smallest reading with at least `share` (0..1) of all readings at or below it (the nearest rank).

    Always a reading that occurred: nothing is interpolated. Never average percentiles of several launches.
    """
    if not 0.0 <= share <= 1.0:
        raise ValueError(f"a share lies between 0 and 1, not at {share}")
    sample = finite_sample(values)
    rank = max(0, ceil(share * sample.size * (1 - 1e-12)) - 1)  # .07 of 100 is 7, not the 7.000000000000001 of doubles
    return float(np.partition(sample, rank)[rank])


def readings_needed(share: float) -> int:
    """The fewest readings a launch needs for that quantile to be worth testing: 10 / (1 - share)."""
    return ceil(10 / (1 - _open_share(share)) * (1 - 1e-12))


def _open_share(share: float) -> float:
    if not 0.0 < share < 1.0:
        raise ValueError(f"the share of a quantile lies strictly between 0 and 1, not at {share}")
    return share


@lru_cache(maxsize=16)
def _harrell_davis_weights(count: int, share: float) -> NDArray[np.float64]:
    steps = np.arange(count + 1) / count
    below: NDArray[np.float64] = betainc(share * (count + 1), (1 - share) * (count + 1), steps)
    return np.diff(below)
