"""What a test could have seen, how many pairs it would take, and the fewest that any test could do with."""

from dataclasses import dataclass
from math import ceil, log, sqrt
from typing import Final

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import ndtri

from perfkit.stats.pseudo_median import finite_sample, pseudo_median
from perfkit.stats.score import spread

SEQUENTIAL: Final = 1.15
"""How much larger a change must be for a sequential sign-flip test than for a fixed-n test of Gaussian means."""


def pair_spread(differences: ArrayLike) -> float:
    """A robust sd of pair differences around their pseudo-median, shape (n,), in their unit."""
    sample = finite_sample(differences)
    return spread(np.abs(sample - pseudo_median(sample)))


def detectable(ignore: float, deviation: float, pairs: int, *, alpha: float, beta: float) -> float:
    """The smallest change found with probability 1 - beta: θ0 + (z_alpha + z_beta)·1.15·s_d/√n, one-sided.

    `ignore` is θ0 and `deviation` the sd of one pair's difference, both in ln units on a ratio scale (exp is the
    caller's) and in the metric's unit on a difference scale; `alpha` after multiplicity.
    """
    return ignore + _both(alpha, beta) * SEQUENTIAL * deviation / sqrt(pairs)


def pairs_needed(gap: float, deviation: float, *, alpha: float, beta: float) -> int:
    """How many pairs find a change `gap` beyond θ0 with probability 1 - beta; the inverse of `detectable`."""
    return ceil((_both(alpha, beta) * SEQUENTIAL * deviation / gap) ** 2)


@dataclass(frozen=True, slots=True)
class Fewest:
    """Mean numbers of pairs at the two hypotheses below which no test of the same two errors can go."""

    at_ignore: float
    at_tolerance: float


def wald_bounds(gap: float, deviation: float, *, alpha: float, beta: float) -> Fewest:
    """Wald's bounds (1945) on the mean number of pairs for N(θ0, σ²) against N(θ0 + gap, σ²).

    At θ0: [(1-α) ln((1-α)/β) - α ln((1-β)/α)]·2σ²/gap², at θ0 + gap the same with α and β exchanged.
    `deviation` is σ, the sd of one pair's difference (√2 times that of a launch).
    """
    scale = 2 * (deviation / gap) ** 2
    return Fewest(scale * _information(alpha, beta), scale * _information(beta, alpha))


def _information(alpha: float, beta: float) -> float:
    return (1 - alpha) * log((1 - alpha) / beta) - alpha * log((1 - beta) / alpha)


def _both(alpha: float, beta: float) -> float:
    return float(-ndtri(alpha) - ndtri(beta))
