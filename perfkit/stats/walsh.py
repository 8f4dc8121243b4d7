"""Order statistics of the Walsh averages (x_i + x_j) / 2, i <= j, of a sample."""

from collections.abc import Sequence
from functools import lru_cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

ENUMERATED_UP_TO: Final = 1000
"""The largest sample whose Walsh averages are written out (4 MB); larger ones are searched without them."""


def walsh_count(count: int) -> int:
    """How many Walsh averages `count` values have: count(count+1)/2."""
    return count * (count + 1) // 2


def walsh_averages(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """All (x_i + x_j) / 2 with i <= j, in no particular order; shape (n,) to (n(n+1)/2,)."""
    first, second = _pairs(values.size)
    averages: NDArray[np.float64] = values[first] + values[second]
    averages *= 0.5
    return averages


def walsh_select(values: NDArray[np.float64], ranks: Sequence[int]) -> list[float]:
    """The Walsh averages of the given ranks (0 is the smallest), in the order asked; exact for every size.

    Samples above ENUMERATED_UP_TO take O(n) memory and O(n log n) time a rank instead of O(n²).
    """
    ordered = np.sort(values)
    if ordered.size > ENUMERATED_UP_TO:
        return [_search(ordered, rank) for rank in ranks]
    averages = walsh_averages(ordered)  # sorted input makes the selection about twice as fast
    averages.partition(sorted(set(ranks)))
    return [float(averages[rank]) for rank in ranks]


@lru_cache(maxsize=32)
def _pairs(count: int) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    first, second = np.triu_indices(count)
    return first, second


def _search(ordered: NDArray[np.float64], rank: int) -> float:
    """The smallest double with more than `rank` averages at or below it, in at most 64 halvings."""
    low, high = _to_order(float(ordered[0])), _to_order(float(ordered[-1]))
    while low < high:
        middle = (low + high) // 2
        if _averages_up_to(ordered, _from_order(middle)) > rank:
            high = middle
        else:
            low = middle + 1
    return _from_order(low)


def _averages_up_to(ordered: NDArray[np.float64], limit: float) -> int:
    """How many Walsh averages are <= limit: for each i a binary search over j, all i at once.

    The rounded sum itself is compared, never limit - x_i, so the count agrees with the enumerated averages.
    """
    start = np.arange(ordered.size)
    low, high = start.copy(), np.full(ordered.size, ordered.size)
    while (open_rows := low < high).any():
        middle = np.minimum((low + high) // 2, ordered.size - 1)
        within = (ordered + ordered[middle]) * 0.5 <= limit
        low = np.where(open_rows & within, middle + 1, low)
        high = np.where(open_rows & ~within, middle, high)
    return int((low - start).sum())


def _to_order(value: float) -> int:
    bits = int(np.float64(value).view(np.int64))
    return bits if bits >= 0 else -(bits & 0x7FFF_FFFF_FFFF_FFFF)


def _from_order(order: int) -> float:
    magnitude = float(np.int64(abs(order)).view(np.float64))
    return magnitude if order >= 0 else -magnitude
