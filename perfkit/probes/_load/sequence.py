"""Messages that never came, from the numbers of those that did."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike


@dataclass(frozen=True, slots=True)
class Account:
    """`lost` numbers were skipped, `repeated` came twice in a row, `restarts` times the numbering jumped back."""

    lost: int = 0
    repeated: int = 0
    restarts: int = 0

    def __add__(self, other: "Account") -> "Account":
        return Account(self.lost + other.lost, self.repeated + other.repeated, self.restarts + other.restarts)


def account(numbers: ArrayLike, bits: int = 64) -> Account:
    """Walk the message numbers (unsigned, wrapping at 2**bits) of one stream in the order of arrival.

    A step forward by k has lost k - 1. A step by more than half the range is a step back: the service began anew,
    and nothing is known to be lost there.
    """
    values = np.asarray(numbers, np.uint64)
    if values.size < 2:
        return Account()
    mask = np.uint64(2**bits - 1)
    steps = (values[1:] - values[:-1]) & mask
    forward = steps <= np.uint64(2 ** (bits - 1))
    skipped = steps[forward & (steps > 1)] - np.uint64(1)
    return Account(
        lost=sum(skipped.tolist()),
        repeated=int(np.count_nonzero(steps == 0)),
        restarts=int(np.count_nonzero(~forward)),
    )
