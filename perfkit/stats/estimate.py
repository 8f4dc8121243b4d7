"""What one sample says on its own: its centre, the centre's interval, and how narrow that interval is."""

from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from perfkit.stats.pseudo_median import Interval, finite_sample, pseudo_median, signed_rank_interval

Scale = Literal["ratio", "difference"]
WithoutInterval = Literal["too few values", "values at or below zero on a ratio scale"]

TOO_FEW: Final = "too few values"
NOT_POSITIVE: Final = "values at or below zero on a ratio scale"


@dataclass(frozen=True, slots=True)
class Estimate:
    """The centre of one sample. `median`, `pseudo_median` and `interval` are in the unit of the values.

    `half_width` is half the interval's width: on a ratio scale of the ln values, so that .02 reads "±2 %";
    on a difference scale in the unit of the values. Where there is no interval, `without_interval` says why.
    """

    count: int
    median: float
    pseudo_median: float
    level: float
    interval: Interval | None
    half_width: float | None
    without_interval: WithoutInterval | None

    def is_within(self, precision: float) -> bool:
        """Whether the interval is known and no wider than ± `precision` (.02 is 2 % on a ratio scale)."""
        return self.half_width is not None and self.half_width <= precision


def estimate(values: ArrayLike, *, scale: Scale = "ratio", level: float = 0.98) -> Estimate:
    """Median, Hodges-Lehmann pseudo-median and signed-rank interval of one sample; shape (n,) with n fixed.

    On a ratio scale the pseudo-median and the interval are those of ln(values), carried back by exp: both
    follow a change of unit and read as percentages. The signed-rank interval (Wilcoxon 1945, Hodges & Lehmann
    1963) needs 7 values at 98 % and 6 at 95 %. Raises ValueError for an empty sample, NaN or infinity.
    """
    if not 0.0 < level < 1.0:
        raise ValueError(f"a level lies between 0 and 1, not at {level}")
    sample = finite_sample(values)
    median = float(np.median(sample))
    if scale == "difference":
        return _in_plain_values(sample, median, level)
    if sample.min() <= 0:
        return Estimate(sample.size, median, pseudo_median(sample), level, None, None, NOT_POSITIVE)
    return _in_logarithms(np.log(sample), median, level)


def _in_plain_values(sample: NDArray[np.float64], median: float, level: float) -> Estimate:
    interval = signed_rank_interval(sample, (1 - level) / 2)
    centre = pseudo_median(sample)
    if interval is None:
        return Estimate(sample.size, median, centre, level, None, None, TOO_FEW)
    return Estimate(sample.size, median, centre, level, interval, interval.half_width, None)


def _in_logarithms(logarithms: NDArray[np.float64], median: float, level: float) -> Estimate:
    plain = _in_plain_values(logarithms, median, level)
    centre = float(np.exp(plain.pseudo_median))
    if plain.interval is None:
        return Estimate(plain.count, median, centre, level, None, None, TOO_FEW)
    interval = Interval(float(np.exp(plain.interval.low)), float(np.exp(plain.interval.high)))
    return Estimate(plain.count, median, centre, level, interval, plain.half_width, None)
