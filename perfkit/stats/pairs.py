"""From the values of pairs to their oriented differences."""

from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from perfkit.stats.pseudo_median import finite_sample


def pair_differences(
    base: ArrayLike, candidate: ArrayLike, *, scale: Literal["ratio", "difference"], higher_is_better: bool
) -> NDArray[np.float64]:
    """Every pair's d, oriented so that positive is worse; shapes (n,) and (n,) to (n,).

    ln(candidate / base) on a ratio scale, candidate - base in the metric's unit on a difference scale, negated where
    higher is better. Raises ValueError for sides of unequal length, NaN or infinity, and for values at
    or below zero on a ratio scale.
    """
    before, after = finite_sample(base), finite_sample(candidate)
    if before.size != after.size:
        raise ValueError(f"pairs have two sides: {before.size} base values and {after.size} of the candidate")
    if scale == "ratio" and min(before.min(), after.min()) <= 0:
        raise ValueError("a ratio scale needs values above zero")
    worse: NDArray[np.float64] = np.log(after / before) if scale == "ratio" else after - before
    return -worse if higher_is_better else worse
