"""The slope of readings over time, with an interval that holds for readings that depend on their neighbours."""

from math import ceil, sqrt

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import ndtri, stdtrit

from perfkit.stats.pseudo_median import Interval, finite_sample

_MOST_POINTS = 100
"""More readings are averaged in equal stretches: the pairs are quadratic in number, and the slope gains nothing."""
_ROWS_AT_ONCE = 50
_ENOUGH = 3


def theil_sen(times: ArrayLike, values: ArrayLike) -> float:
    """The median of the slopes of all pairs of points (Theil 1950, Sen 1968), in the values' unit by that of times.

    Stands up to 29 % of outliers. Raises ValueError for fewer than 3 points or two at the same time.
    """
    at, row = _points(times, values)
    first, second = np.triu_indices(at.size, 1)
    return float(np.median((row[second] - row[first]) / (at[second] - at[first])))


def slope_interval(
    times: ArrayLike, values: ArrayLike, *, seed: int, level: float = 0.95, rounds: int = 500
) -> Interval:
    """The interval of Theil-Sen's slope by a moving-block bootstrap of its residuals (Künsch 1989).

    Residuals are drawn in blocks twice as long as their integrated autocorrelation time (at least the cube root of
    their number, at most a quarter of it), so that what depends on its neighbour stays together; drawn one by one, the
    interval of samples of memory would be several times too narrow. They are widened as Student's t is for so few
    blocks, two of which the line took. Percentiles of `rounds` slopes, drawn by `seed`.
    """
    at, row = _points(times, values)
    slope = theil_sen(at, row)
    residuals = row - slope * at
    residuals -= np.median(residuals)
    draw = np.random.default_rng(seed)
    length = _block_length(residuals)
    drawn = _moving_blocks(residuals * _widening(residuals.size / length, level), length, rounds, draw)
    first, second = np.triu_indices(at.size, 1)
    apart = at[second] - at[first]
    slopes = np.empty(rounds)
    for start in range(0, rounds, _ROWS_AT_ONCE):
        some = drawn[start : start + _ROWS_AT_ONCE]
        slopes[start : start + len(some)] = np.median((some[:, second] - some[:, first]) / apart, axis=1)
    low, high = np.quantile(slopes, ((1 - level) / 2, (1 + level) / 2))
    return Interval(slope + float(low), slope + float(high))


def thinned(times: ArrayLike, values: ArrayLike, most: int = _MOST_POINTS) -> tuple[NDArray[np.float64], ...]:
    """At most `most` points: the means of as many equal stretches of readings."""
    at, row = finite_sample(times), finite_sample(values)
    size = ceil(at.size / most)
    starts = np.arange(0, at.size, size)
    counts = np.diff(np.append(starts, at.size))
    return np.add.reduceat(at, starts) / counts, np.add.reduceat(row, starts) / counts


def _points(times: ArrayLike, values: ArrayLike) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    at, row = finite_sample(times), finite_sample(values)
    if at.size != row.size or at.size < _ENOUGH:
        raise ValueError(f"a slope takes {_ENOUGH} points, not {at.size} times and {row.size} values")
    if (np.diff(at) <= 0).any():
        raise ValueError("times must rise")
    return at, row


def _block_length(residuals: NDArray[np.float64]) -> int:
    size = residuals.size
    wanted = 2 * autocorrelation_time(residuals)
    return int(max(1, min(max(wanted, size ** (1 / 3)), size / 4)))


def autocorrelation_time(values: ArrayLike) -> float:
    """How many readings count as one: 1 + 2·Σ of the autocorrelations up to the first below .05; 1 if independent."""
    row = finite_sample(values)
    row = row - float(row.mean())
    variance = float(row @ row)
    if variance == 0:
        return 1.0
    correlations = np.correlate(row, row, "full")[row.size :] / variance
    below = np.flatnonzero(correlations < 0.05)
    end = int(below[0]) if below.size else correlations.size
    return 1.0 + 2.0 * float(correlations[:end].sum())


def _widening(blocks: float, level: float) -> float:
    share, free = (1 + level) / 2, blocks - 2
    return sqrt(blocks / free) * float(stdtrit(free, share) / ndtri(share))


def _moving_blocks(
    residuals: NDArray[np.float64], length: int, rounds: int, draw: np.random.Generator
) -> NDArray[np.float64]:
    """`rounds` rows as long as the residuals, each put together from blocks that begin anywhere."""
    size = residuals.size
    starts = draw.integers(0, size - length + 1, (rounds, ceil(size / length)))
    picked: NDArray[np.float64] = residuals[starts[:, :, None] + np.arange(length)]
    return picked.reshape(rounds, -1)[:, :size]
