"""Whether memory grows without end: a slope, its interval, and what else must hold."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import ArrayLike

from perfkit.stats.pseudo_median import Interval
from perfkit.stats.slopes import slope_interval, theil_sen, thinned

LEAST_GROWTH: Final = 2.0**20
"""B; less is what allocators and page tables come to."""
LEAST_SHARE: Final = 0.02
HALF_SHARE: Final = 0.25
"""Each half must rise by this share of the whole slope: what wanders or levels off does not."""
FEWEST: Final = 20
"""Readings below which there is no slope."""


@dataclass(frozen=True, slots=True)
class Leak:
    """Growth of memory in B/s with its 95 % interval; `growth` is what the slope comes to over the window, B.

    `rises` tells that both halves rise, `level` is the median reading, B.
    """

    slope: float
    interval: Interval
    growth: float
    level: float
    rises: bool

    @property
    def found(self) -> bool:
        """The interval lies above 0, both halves rise, and the growth is more than 1 MiB and 2 %."""
        return self.interval.low > 0 and self.rises and self.growth > max(LEAST_GROWTH, LEAST_SHARE * self.level)


def read_leak(times: ArrayLike, sizes: ArrayLike, *, seed: int) -> Leak:
    """The leak that readings of memory show: s, which rise, and B. Raises ValueError for fewer than 20."""
    at, row = thinned(times, sizes)
    if at.size < FEWEST:
        raise ValueError(f"{at.size} readings of memory are too few for a slope; it takes {FEWEST}")
    slope, middle = theil_sen(at, row), at.size // 2
    halves = theil_sen(at[:middle], row[:middle]), theil_sen(at[middle:], row[middle:])
    return Leak(
        slope=slope,
        interval=slope_interval(at, row, seed=seed),
        growth=slope * float(at[-1] - at[0]),
        level=float(np.median(row)),
        rises=slope > 0 and min(halves) > HALF_SHARE * slope,
    )
