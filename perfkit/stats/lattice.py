"""The exact null law of a sum of signed whole scores, with the mass that earlier looks have used up removed."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

ROUNDING: Final = 1 + 1e-9
"""Lets a tail that equals its room exactly reject in spite of the rounding of sums of doubles."""


class Lattice:
    """P(U = u) for U, the sum of the scores of the pairs whose sign is positive, under fair signs.

    T = Σ sign·score is 2U - Σ score, so both order the outcomes alike. Starts with all mass at 0; a pair with
    score s moves half of every mass up by s. Time of a pair and memory grow with the sum of the scores.
    """

    def __init__(self) -> None:
        self._mass: NDArray[np.float64] = np.ones(1)
        self._observed = 0
        self.crossed = 0.0
        """Mass removed at earlier looks: the chance of having rejected there under no change."""

    def add(self, score: int, *, positive: bool) -> None:
        """Append one pair; a score of 0 is a tie and carries nothing."""
        if score == 0:
            return
        half = self._mass * 0.5
        mass = np.zeros(half.size + score)
        mass[: half.size] = half
        mass[score:] += half
        self._mass = mass
        if positive:
            self._observed += score

    def tail(self) -> float:
        """The mass still on the lattice at or above the observed sum."""
        return float(self._tails()[self._mass.size - 1 - self._observed])

    def look(self, allowed: float) -> bool:
        """Whether the observed sum lies beyond the boundary of a look that may bring `crossed` up to `allowed`.

        The boundary removes whole atoms, highest first, up to the first that does not fit. If the observed one
        is among them the walk rejects and nothing changes; else they are removed and count as crossed.
        """
        tails = self._tails()
        room = (allowed - self.crossed) * ROUNDING
        if float(tails[self._mass.size - 1 - self._observed]) <= room:
            return True
        fitting = int(np.searchsorted(tails, room, side="right"))
        if fitting:
            self.crossed += float(tails[fitting - 1])
            self._mass = self._mass[:-fitting]
        return False

    def _tails(self) -> NDArray[np.float64]:
        """Cumulated from the top, where the masses are smallest; entry i is the tail i atoms below the highest."""
        return np.cumsum(self._mass[::-1])
