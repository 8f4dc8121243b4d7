"""Where the engine takes down how each request ended: four numbers, drawn up by the block."""

from typing import cast

import numpy as np

from perfkit.probes._load.tally import ANSWERED, DROPPED, FAILED, TIMED_OUT, Tally

_BLOCK = 1024
"""Requests drawn up at once: it takes a fraction of a millisecond, in which nothing is sent."""


class Book:
    """Stamps of one clock by request, in the order in which they ended, until they are added to the tally."""

    __slots__ = ("_columns", "_done", "_due", "_filled", "_sent", "_state", "_states", "tally")

    def __init__(self, tally: Tally) -> None:
        self.tally = tally
        self._columns, self._states = np.empty((3, _BLOCK)), np.empty(_BLOCK, np.uint8)
        # Elements of a memoryview are set three times as fast as those of an array.
        self._due, self._sent, self._done = (cast("memoryview[float]", column.data) for column in self._columns)
        self._state = self._states.data
        self._filled = 0

    def answered(self, due: float, sent: float, done: float) -> None:
        """A request ended as it should."""
        self._note(due, sent, done, ANSWERED)

    def failed(self, due: float, sent: float, done: float, name: str) -> None:
        """A request failed; `name` is the class of what went wrong."""
        self._note(due, sent, done, FAILED)
        self._error(due, name)

    def timed_out(self, due: float, sent: float, timeout: float) -> None:
        """A request had no answer in time: it counts with the timeout's value."""
        self._note(due, sent, sent + timeout, TIMED_OUT)
        self._error(due, "timeout")

    def dropped(self, due: float) -> None:
        """A request was not sent."""
        self._note(due, due, due, DROPPED)

    def close(self) -> None:
        """Add what is left to the tally."""
        due, sent, done = self._columns[:, : self._filled]
        self.tally.add(due, sent, done, self._states[: self._filled])
        self._filled = 0

    def _note(self, due: float, sent: float, done: float, state: int) -> None:
        at = self._filled
        self._due[at], self._sent[at], self._done[at], self._state[at] = due, sent, done, state
        self._filled = at + 1
        if self._filled == _BLOCK:
            self.close()

    def _error(self, due: float, name: str) -> None:
        if self.tally.opens <= due < self.tally.closes:
            self.tally.errors[name] += 1
