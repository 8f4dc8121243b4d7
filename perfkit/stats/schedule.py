"""When a sequential walk looks at its pairs, how much of its error each look may spend, and when it ends."""

from collections.abc import Iterator
from math import ceil, log2, sqrt
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

SPENT_AT_FIRST: Final = 0.42
"""The share of the error that the first look may spend: most changes worth finding are found there."""
FEWEST_PLANNED: Final = 40
"""No walk plans to end sooner: a spread judged from the first few pairs is itself uncertain."""


def grid() -> Iterator[int]:
    """The numbers of pairs at which walks look: 8 10 12 15 18 22 27 33 40 48 58 70 84 100 120 ...

    Each is six fifths of the one before, rounded up, with the round 100 in place of 101. Endless.
    """
    pairs = 8
    while True:
        yield pairs
        pairs = -(-6 * pairs // 5)
        pairs = 100 if pairs == 101 else pairs


def first_look(level: float, earliest: int = 8) -> int:
    """The fewest pairs at which pairs that all agree could reject at this level, but no fewer than `earliest`."""
    return max(earliest, ceil(log2(1 / (SPENT_AT_FIRST * level))))


def next_look(pairs: int, last: int) -> int:
    """The first member of the grid above `pairs`, or `last` where that comes sooner."""
    return min(last, next(look for look in grid() if look > pairs))


def spend(pairs: int, first: int, last: int) -> float:
    """The share of its error a walk may have spent by a look: .42 + .58·((n - first)/(last - first))^.7.

    A spending function in the manner of Lan & DeMets (1983), concave to favour early looks; 1 at `last`.
    """
    if pairs >= last:
        return 1.0
    share = (pairs - first) / (last - first)
    return SPENT_AT_FIRST + (1 - SPENT_AT_FIRST) * float(share**0.7)


def last_look(magnitudes: NDArray[np.float64], gap: float, level: float, other: float, cap: int) -> int:
    """The look at which a walk gives up: twice the pairs a test at a fixed number of them would take, 40 to `cap`.

    That number is ((z_level + z_other)·1.05·rms / gap)² where `gap` is δ - θ0, `other` the error of missing a change
    and rms that of the magnitudes, shape (n,), at the first look; rounded up to the grid. Not a robust scale: of
    eight pairs it is too often far too small, and a walk that gives up early misses one change in ten more.
    """
    rms = sqrt(float(np.mean(np.square(magnitudes))))
    fixed = (float(-ndtri(level) - ndtri(other)) * 1.05 * rms / gap) ** 2
    wanted = min(max(2 * fixed, FEWEST_PLANNED), cap)
    return min(cap, next(look for look in grid() if look >= wanted))
