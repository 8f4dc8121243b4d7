"""The largest of many values in each slice of a window: no stall is averaged away, and a long window has no more."""

from typing import Self

import numpy as np
from numpy.typing import NDArray

_SLICE = 0.05
_MOST_SLICES = 400


class Slices:
    """Slices of 50 ms, longer ones in a window of `duration` s from `opens` on that would hold more than 400."""

    __slots__ = ("_opens", "largest", "width")

    def __init__(self, opens: float, duration: float) -> None:
        self._opens = opens
        count = max(1, round(duration / max(_SLICE, duration / _MOST_SLICES)))
        self.width = duration / count
        self.largest: NDArray[np.float64] = np.zeros(count)
        """By slice; 0 in those without any value."""

    def add(self, at: NDArray[np.float64], values: NDArray[np.float64]) -> None:
        """Values by their times, which lie in the window."""
        slices = np.minimum(((at - self._opens) / self.width).astype(int), self.largest.size - 1)
        np.maximum.at(self.largest, slices, values)

    def merge(self, other: Self) -> None:
        """Add those of another generator of the same load."""
        np.maximum(self.largest, other.largest, out=self.largest)

    @property
    def points(self) -> tuple[tuple[float, ...], tuple[float, ...]]:
        """The middle of each slice that has a value, in s since the window opened, and the largest there."""
        used = np.flatnonzero(self.largest)
        return tuple(((used + 0.5) * self.width).tolist()), tuple(self.largest[used].tolist())
