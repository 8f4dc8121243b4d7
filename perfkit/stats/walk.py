"""One sequential sign-flip test: is the centre of x above zero, with error at most `level` over all its looks."""

from collections.abc import Callable
from enum import Enum

import numpy as np
from numpy.typing import NDArray

from perfkit.stats.lattice import Lattice
from perfkit.stats.schedule import next_look, spend
from perfkit.stats.score import Scores


class State(Enum):
    """Where a walk stands."""

    OPEN = "open"
    REJECTED = "rejected"
    UNDECIDED = "undecided"


class Walk:
    """Rejects "the centre of x is at most zero" at `level`, looking several times on the way.

    Under no change a fair coin flips the sign of each x, so the law of Σ sign·score given the magnitudes is
    known exactly (Fisher 1935); its upper mass is spent over the looks (Lan & DeMets 1983). Pairs scored at
    one look keep their score. `plan` gives the last look from the magnitudes at the first look that counts.
    """

    def __init__(
        self, level: float, scores: Scores, plan: Callable[[NDArray[np.float64]], int], *, first: int, cap: int
    ) -> None:
        self.state = State.OPEN
        self.p: float | None = None
        """The stagewise p-value where the walk stopped by itself; None while open."""
        self._level = level
        self._scores = scores
        self._plan = plan
        self._first = self._due = min(first, cap)
        self._cap = cap
        self._last: int | None = None
        self._values = np.empty(cap)
        self._count = 0
        self._scored = 0
        self._lattice = Lattice()
        self._latest = 1.0

    @property
    def values(self) -> NDArray[np.float64]:
        """The x seen while the walk was open, in order; shape (n,)."""
        return self._values[: self._count]

    @property
    def last(self) -> int:
        """The pairs after which it ends undecided, as planned so far."""
        return self._cap if self._last is None else self._last

    def add(self, value: float) -> None:
        """Take the x of the next pair, and look if this number of pairs is one to look at."""
        if self.state is not State.OPEN:
            return
        self._values[self._count] = value
        self._count += 1
        if self._count == self._due:
            self._look()

    def close(self) -> None:
        """Out of time: judge once more at the pairs there are, with all of the error to spend, and end."""
        if self.state is State.OPEN and self._count:
            self._last = self._count
            self._look()

    def _look(self) -> None:
        magnitudes = np.abs(self.values)
        if magnitudes.any():
            if self._last is None:
                self._last = self._plan(magnitudes)
            self._score(magnitudes)
            self._judge(spend(self._count, self._first, self._last))
        last = self.last
        if self.state is State.OPEN and self._count >= last:
            self._end(State.UNDECIDED)
        self._due = next_look(self._count, last)

    def _score(self, magnitudes: NDArray[np.float64]) -> None:
        if self._scored == self._count:
            return
        new = self.values[self._scored :]
        for score, value in zip(self._scores.of_new(magnitudes, self._scored), new, strict=True):
            self._lattice.add(int(score), positive=bool(value > 0))
        self._scored = self._count

    def _judge(self, spent: float) -> None:
        self._latest = self._lattice.crossed + self._lattice.tail()
        if self._lattice.look(self._level * spent):
            self._end(State.REJECTED)

    def _end(self, state: State) -> None:
        self.state = state
        self.p = self._latest
