"""The Hodges-Lehmann pseudo-median of one sample and its signed-rank interval (Hodges & Lehmann 1963)."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from perfkit.stats.signed_rank import interval_rank
from perfkit.stats.walsh import walsh_count, walsh_select


@dataclass(frozen=True, slots=True)
class Interval:
    """Two bounds, low <= high, in the unit of the values they were made from."""

    low: float
    high: float

    @property
    def half_width(self) -> float:
        """Half the distance between the bounds."""
        return (self.high - self.low) / 2


def finite_sample(values: ArrayLike) -> NDArray[np.float64]:
    """The values as a one-dimensional array of doubles.

    Raises ValueError when there are none, when the shape is not (n,), or when one of them is NaN or infinite.
    """
    sample = np.asarray(values, dtype=np.float64)
    if sample.ndim != 1 or sample.size == 0:
        raise ValueError(f"a sample is one row of one or more values, not of shape {sample.shape}")
    if not np.isfinite(sample).all():
        raise ValueError("a sample holds finite values only; NaN or infinity is a failed launch, not a value")
    return sample


def pseudo_median(values: ArrayLike) -> float:
    """The median of the n(n+1)/2 Walsh averages (x_i + x_j)/2, i <= j, in the unit of the values.

    Its efficiency on Gaussian values is 95.5 % (the median's: 63.7 %), and it stands up to 29 % of outliers.
    """
    sample = finite_sample(values)
    low, high = walsh_select(sample, _middle(sample.size))
    return (low + high) / 2


def pseudo_medians(rows: ArrayLike) -> NDArray[np.float64]:
    """The pseudo-median of every row; shape (samples, n) to (samples,). About 40 µs a row of 100 values."""
    samples = np.asarray(rows, dtype=np.float64)
    if samples.ndim != 2:
        raise ValueError(f"samples of equal length form an array of two dimensions, not {samples.ndim}")
    return np.fromiter((pseudo_median(row) for row in samples), dtype=np.float64, count=len(samples))


def signed_rank_interval(values: ArrayLike, tail: float) -> Interval | None:
    """The interval for the centre of symmetry that inverts Wilcoxon's signed-rank test.

    low is the k-th smallest and high the k-th largest Walsh average, k = #{w: P(W+ <= w) <= tail}; it misses
    the centre with probability <= 2·tail on values from a symmetric law, whatever that law is.
    `tail` is explicit because the two uses differ: (1 - level)/2 at a fixed n, `sequential_tail(n)` where
    the number of values was chosen by looking at them. None when n is too small for any such interval.
    """
    sample = finite_sample(values)
    rank = interval_rank(sample.size, tail)
    if rank == 0:
        return None
    low, high = walsh_select(sample, (rank - 1, walsh_count(sample.size) - rank))
    return Interval(low, high)


def sequential_tail(count: int) -> float:
    """One side's tail for an interval shown at 98 % when the pairs were stopped by a sequential gate.

    Stopping early favours extreme samples, so the tail is .0025 instead of the fixed-n .01 (.005 up to ten
    pairs, where .0025 would leave no interval at eight).
    """
    return 0.005 if count <= 10 else 0.0025


def _middle(count: int) -> tuple[int, int]:
    averages = walsh_count(count)
    return (averages - 1) // 2, averages // 2
