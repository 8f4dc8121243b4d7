"""Messages that never came, from the numbers of those that did."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Account:
    """`lost` numbers were skipped, `repeated` came twice in a row, `restarts` times the numbering jumped back."""

    lost: int = 0
    repeated: int = 0
    restarts: int = 0

    def __add__(self, other: "Account") -> "Account":
        return Account(self.lost + other.lost, self.repeated + other.repeated, self.restarts + other.restarts)


class Numbering:
    """Walks the message numbers (unsigned, wrapping at 2**bits) of one stream in the order of arrival.

    A step forward by k has lost k - 1. A step by more than half the range is a step back: the service began anew,
    and nothing is known to be lost there.
    """

    __slots__ = ("_half", "_last", "_mask", "lost", "repeated", "restarts")

    def __init__(self, bits: int = 64) -> None:
        self._mask, self._half = 2**bits - 1, 2 ** (bits - 1)
        self._last: int | None = None
        self.lost = self.repeated = self.restarts = 0

    def begin(self, number: int) -> None:
        """The number that the next one follows, whatever came before."""
        self._last = number

    def follow(self, number: int) -> None:
        """The next number; the first of all follows none."""
        last, self._last = self._last, number
        if last is None:
            return
        step = (number - last) & self._mask
        if step > self._half:
            self.restarts += 1
        elif step:
            self.lost += step - 1
        else:
            self.repeated += 1

    @property
    def account(self) -> Account:
        """What was counted so far."""
        return Account(self.lost, self.repeated, self.restarts)
