"""The exact sign-flip test at a fixed number of pairs, for tables that inform and never gate."""

import numpy as np
from numpy.typing import ArrayLike

from perfkit.stats.lattice import Lattice
from perfkit.stats.pseudo_median import finite_sample
from perfkit.stats.score import StudentScores


def sign_flip_p(differences: ArrayLike) -> float:
    """Two-sided p of "no change" from differences of pairs, shape (n,), looked at once.

    The whole null law of Σ sign·score over all 2^n signs (Fisher 1935), Student scores with D = .25 s as there
    is no δ to aim at; twice the smaller tail. 1 where all differences are zero.
    """
    sample = finite_sample(differences)
    if not sample.any():
        return 1.0
    worse, better = Lattice(), Lattice()
    for score, difference in zip(StudentScores(0.0).of_new(np.abs(sample), 0), sample, strict=True):
        worse.add(int(score), positive=bool(difference > 0))
        better.add(int(score), positive=bool(difference < 0))
    return min(1.0, 2 * min(worse.tail(), better.tail()))
