"""How much one pair counts: scores made from magnitudes alone, so that signs stay fair coins under no change."""

from typing import Final, Protocol

import numpy as np
from numpy.typing import NDArray

FIRST_LARGEST: Final = 60
"""The largest score of the first look; fixes the unit of the lattice."""
LARGEST: Final = 240
"""No pair counts more, whatever comes later; also bounds the size of the lattice."""


class Scores(Protocol):
    """Turns magnitudes into whole scores; the unit is fixed at the first call and kept."""

    def of_new(self, magnitudes: NDArray[np.float64], scored: int) -> NDArray[np.int64]:
        """Scores of the magnitudes after the first `scored`, given all of them, (n,) to (n - scored,)."""


def spread(magnitudes: NDArray[np.float64]) -> float:
    """A robust sd of values around zero from their magnitudes |x|, shape (n,), zeros included; at least 1e-12.

    The smaller of med|x|/.6745 (right when x is centred at zero) and MAD(|x|)/.399 (less inflated when it is not),
    but no less than .15 of the former. Both constants make a Gaussian's sd come out as itself.
    """
    centre = _median(magnitudes)
    around = _median(np.abs(magnitudes - centre))
    return max(min(centre / 0.6745, around / 0.399), 0.15 * centre / 0.6745, 1e-12)


def student_scores(magnitudes: NDArray[np.float64], scale: float, gap: float) -> NDArray[np.float64]:
    """The log likelihood ratio of centre +D against -D under Student's t with 4 degrees of freedom, at |x|.

    2.5·[ln(1 + (|x|+D)²/(4s²)) - ln(1 + (|x|-D)²/(4s²))] with s = `scale` and D = max(gap, .25 s). It rises about
    linearly, turns near 2 s and falls again, so that an outlier counts less than an ordinary pair. Never negative.
    """
    distance = max(gap, 0.25 * scale)
    towards = (magnitudes - distance) / (2 * scale)
    away = (magnitudes + distance) / (2 * scale)
    ratio: NDArray[np.float64] = np.log1p(away * away) - np.log1p(towards * towards)
    return 2.5 * ratio


class StudentScores:
    """Student scores in whole units: the largest of the first call is 60, none exceeds 240, 0 is a tie."""

    def __init__(self, gap: float) -> None:
        self._gap = gap
        self._unit: float | None = None

    def of_new(self, magnitudes: NDArray[np.float64], scored: int) -> NDArray[np.int64]:
        """Scores of the magnitudes after the first `scored`; the scale comes from all of them."""
        raw = student_scores(magnitudes[scored:], spread(magnitudes), self._gap)
        if self._unit is None and raw.max() > 0:
            self._unit = FIRST_LARGEST / float(raw.max())
        return _whole(raw * (self._unit or 0.0))


class CountScores:
    """Differences of counts as they are; where the first of them exceed 240 the largest is made 240."""

    def __init__(self) -> None:
        self._unit: float | None = None

    def of_new(self, magnitudes: NDArray[np.float64], scored: int) -> NDArray[np.int64]:
        """Scores of the magnitudes after the first `scored`."""
        new = magnitudes[scored:]
        if self._unit is None:
            self._unit = min(1.0, LARGEST / float(new.max()))
        return _whole(new * self._unit)


def _whole(scores: NDArray[np.float64]) -> NDArray[np.int64]:
    return np.minimum(np.rint(scores), LARGEST).astype(np.int64)


def _median(values: NDArray[np.float64]) -> float:
    """np.median without its overhead, which is most of a look's time at these sizes."""
    ordered = np.sort(values)
    middle = ordered.size // 2
    return float(ordered[middle] if ordered.size % 2 else (ordered[middle - 1] + ordered[middle]) / 2)
