"""Whether a service falls behind: how many requests were due and how many were done, counted in short bins of time."""

from typing import Self

import numpy as np
from numpy.typing import NDArray

_FINEST = 1e-3
_MOST_BINS = 20_000
"""Bins of the window: 1 ms each in loads up to 20 s, wider in longer ones, so that the size is bounded."""
_MOST_BEHIND = 0.01
_CATCHES_UP = 1.25


class Flow:
    """Requests due and done in bins of equal width, the window's ends between two bins; times in s of any one clock.

    Flows of several generators of one load add up.
    """

    __slots__ = ("_before", "_opens", "_width", "_window", "done", "due")

    def __init__(self, opens: float, duration: float, *, warmup: float = 0.0, timeout: float = 0.0) -> None:
        self._opens = opens
        self._window = min(_MOST_BINS, max(1, round(duration / _FINEST)))
        self._width = duration / self._window
        self._before = int(np.ceil(warmup / self._width)) + 1
        size = self._before + self._window + int(np.ceil(timeout / self._width)) + 2
        self.due, self.done = np.zeros(size, np.int64), np.zeros(size, np.int64)

    def add(self, due: NDArray[np.float64], done: NDArray[np.float64]) -> None:
        """Count requests that ended; what lies outside of the bins counts in the outermost."""
        self.due += self._binned(due)
        self.done += self._binned(done)

    def merge(self, other: Self) -> None:
        """Add the counts of another generator of the same load."""
        self.due += other.due
        self.done += other.done

    def behind(self) -> int:
        """How many requests the service fell behind by in the window, because it can do no more.

        A request in flight is no backlog, so the growth of the number in flight counts only if it is beyond 1 % of the
        window's requests, beyond all that was in flight in the window's first half, and was not worked off after the
        window, within the timeout and much faster than requests had come (then it was a pause).
        """
        opens, closes = self._before, self._before + self._window
        offered = int(self.due[opens:closes].sum())
        in_flight = np.concatenate(([0], np.cumsum(self.due - self.done)))
        growth = int(in_flight[closes] - in_flight[opens])
        if growth <= _MOST_BEHIND * offered:
            return 0
        # One more may be in flight just after an arrival than at any bin's end.
        if in_flight[closes] <= in_flight[opens : opens + self._window // 2 + 1].max() + 1:
            return 0
        later = np.flatnonzero(self.done[closes:])
        if later.size and not self.done[-1]:
            worked_off = (later[-1] - later[0]) / self._window
            if worked_off * offered * _CATCHES_UP < self.done[closes:].sum() - 1:
                return 0
        return growth

    def _binned(self, times: NDArray[np.float64]) -> NDArray[np.int64]:
        bins = np.floor((times - self._opens) / self._width).astype(np.int64) + self._before
        return np.bincount(np.clip(bins, 0, self.due.size - 1), minlength=self.due.size)
