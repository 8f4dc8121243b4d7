"""What repeated sessions of one unchanged program show: drift, order, modes, clock steps, and their own spread."""

from collections.abc import Sequence
from math import inf, sqrt
from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import chdtri

from perfkit.stats.power import pair_spread
from perfkit.stats.pseudo_median import finite_sample, pseudo_median
from perfkit.stats.sessions import PSEUDO_MEDIAN_VARIANCE, RepeatedSessions

SEPARATE: Final = 5.0
"""Ashman's D beyond which values have two modes: Gaussian, exponential and even values, cut at their best place, stay
below it in 99 of 100 samples of 40 (simulated)."""
FEWEST: Final = 20
"""Fewer values fall into two groups by chance."""
SMALLEST_MODE: Final = 0.1
"""A mode holds at least this share of the values, and three of them: fewer are outliers."""
SAME: Final = 1e-9
"""s, or the values' unit: readings closer than this are one reading."""


def autocorrelation(rows: Sequence[ArrayLike]) -> float:
    """The lag-1 autocorrelation of values in the order of time, sessions each of shape (n_k,) around its own mean.

    r = Σ(x_t - m)(x_{t+1} - m) / Σ(x_t - m)², sums over all sessions (Box & Jenkins 1970); 0 for constant values.
    Independent values stay within ±2/√n.
    """
    around = [sample - sample.mean() for sample in map(finite_sample, rows)]
    total = sum(float(np.square(row).sum()) for row in around)
    return sum(float(row[1:] @ row[:-1]) for row in around) / total if total > 0 else 0.0


def separation(values: ArrayLike, least: float = 0.0) -> float:
    """Ashman's D of the two groups that values, shape (n,), fall into best; above SEPARATE they are two modes.

    The cut has the least sum of squares within groups (Fisher 1958) among those that leave SMALLEST_MODE on either
    side; D = √2·|m1 - m2| / √(s1² + s2²) (Ashman, Bird & Zepf 1994). `least` is the sd that any group has at least,
    that of a clock's step. 0 for fewer than FEWEST values.
    """
    ordered = np.sort(finite_sample(values))
    if ordered.size < FEWEST:
        return 0.0
    fewest = max(3, int(np.ceil(SMALLEST_MODE * ordered.size)))
    cuts = range(fewest, ordered.size - fewest + 1)
    low, high = min(((ordered[:cut], ordered[cut:]) for cut in cuts), key=_within)
    within = sum(max(float(group.var(ddof=1)), least**2, SAME**2) for group in (low, high))
    apart = float(high.mean() - low.mean())
    return sqrt(2) * apart / sqrt(within)


def quantum(values: ArrayLike) -> float:
    """The step of the clock that values, shape (n,), were read with, in their unit; 0 where none shows.

    A step shows where more than half of the readings recur: then it is the smallest distance between two that differ.
    """
    steps = np.diff(np.sort(finite_sample(values)))
    apart = steps[steps > SAME]
    return float(apart.min()) if 0 < apart.size < steps.size / 2 else 0.0


def session_spread(groups: Sequence[Sequence[ArrayLike]]) -> RepeatedSessions:
    """The sd of sessions' centres beyond what launches alone would make of them, in the unit of the values.

    Each group holds the sessions of one program, each of shape (n_k,); groups are pooled around their own means, so
    that the count is one more than the degrees of freedom. Centres are pseudo-medians; what their launches explain is
    1.05·s²/n_k with a robust s, which errs on the side of a larger spread.
    """
    squares, explained, degrees = 0.0, [], 0
    for group in groups:
        samples = [finite_sample(values) for values in group]
        centres = np.array([pseudo_median(sample) for sample in samples])
        squares += float(np.square(centres - centres.mean()).sum())
        degrees += centres.size - 1
        explained += [PSEUDO_MEDIAN_VARIANCE * pair_spread(sample) ** 2 / sample.size for sample in samples]
    if degrees < 1:
        return RepeatedSessions(1, 0.0)
    return RepeatedSessions(degrees + 1, sqrt(max(0.0, squares / degrees - float(np.mean(explained)))))


def largest_spread(seen: RepeatedSessions, confidence: float = 0.8) -> float:
    """The upper bound of the sd between sessions by the chi-squared law of a variance; infinite for one session."""
    degrees = seen.count - 1
    return seen.tau * sqrt(degrees / float(chdtri(degrees, confidence))) if degrees else inf


def _within(groups: tuple[NDArray[np.float64], NDArray[np.float64]]) -> float:
    return sum(float(np.square(group - group.mean()).sum()) for group in groups)
