"""Many findings in one judgement: how the error is shared out, and how an informational table is ranked."""

import numpy as np
from numpy.typing import ArrayLike, NDArray


def bonferroni_levels(alpha: float, weights: ArrayLike) -> NDArray[np.float64]:
    """Each member's level alpha·w_j / Σw (weighted Bonferroni); shape (m,) to (m,).

    The levels add up to alpha, so the chance of any false alarm in the family is at most alpha under every
    dependence, and under early stopping (where Holm's step-down is not safe).
    """
    shares = np.asarray(weights, dtype=np.float64)
    if shares.ndim != 1 or shares.size == 0:
        raise ValueError(f"weights are one row of one or more numbers, not of shape {shares.shape}")
    if not (np.isfinite(shares).all() and (shares > 0).all()):
        raise ValueError("weights of a family are positive and finite")
    if not 0.0 < alpha < 1.0:
        raise ValueError(f"alpha lies between 0 and 1, not at {alpha}")
    levels: NDArray[np.float64] = alpha * shares / shares.sum()
    return levels


def benjamini_hochberg(p_values: ArrayLike) -> NDArray[np.float64]:
    """Adjusted p-values of Benjamini & Hochberg (1995), in the order given; shape (m,) to (m,).

    The smallest p_(k)·m/k over all k from its own rank up. Listing those <= q keeps the expected share of
    false ones among the listed at q. For informational tables only; a gate uses `bonferroni_levels`.
    """
    p = np.asarray(p_values, dtype=np.float64)
    if p.ndim != 1 or not ((p >= 0) & (p <= 1)).all():
        raise ValueError("p-values are one row of numbers from 0 to 1")
    order = np.argsort(p, kind="stable")
    scaled = p[order] * (p.size / np.arange(1, p.size + 1))
    adjusted = np.empty_like(p)
    adjusted[order] = np.minimum(np.minimum.accumulate(scaled[::-1])[::-1], 1.0)
    return adjusted
