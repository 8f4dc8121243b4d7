"""A program's blocks held against a server's cycles, as a canary beside it saw them.

The canary runs in every cycle that the server begins. A program owes one block to each period between two begins. One
in which it delivered none is missed; the block that ends such a gap is the *late* one, so that one stall is one late
block however many periods it costs. It is **disturbed** instead of missed where, without what the canary was late by
in those periods, and without the time that its thread waited for a core (where that can be read), it would have been in
time.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from perfkit.instruments.jack_watch import Watched
from perfkit.model.errors import Invalid

Times = NDArray[np.float64]
_LEAST = 10
_AHEAD = 64
"""Cycles that tell when one before them began."""
_NEAR = 2
"""Cycles around one in which the canary did not run, where its recording says nothing of the program."""


@dataclass(frozen=True)
class Grid:
    """The server's cycles: when each began (CLOCK_MONOTONIC, s), how late the canary ran, and whether it ran at all."""

    period: float
    starts: Times
    late: Times
    ran: NDArray[np.bool_]

    def between(self, first: float, last: float) -> "Grid":
        """The cycles that began within these times. Raises Invalid where they are too few."""
        inside = (self.starts >= first) & (self.starts <= last)
        if inside.sum() < _LEAST:
            raise Invalid(
                f"perfkit's canary saw only {inside.sum()} cycles of the program",
                hint="is the server or the machine overloaded?",
            )
        return Grid(self.period, self.starts[inside], self.late[inside], self.ran[inside])


@dataclass(frozen=True)
class Held:
    """Blocks against cycles: the entries that count, and for each when it could `begin` and, from then, `finished`, s.

    `waited` is in periods, 1 where in time. `missed` and `disturbed` are indices among the entries, and `alone` are the
    missed ones in and around whose periods the canary was never late by half of one.
    """

    entries: NDArray[np.int64]
    begin: Times
    finished: Times
    waited: NDArray[np.int64]
    late: Times
    missed: tuple[int, ...]
    disturbed: tuple[int, ...]
    alone: tuple[int, ...]


def grid(canary: Watched) -> Grid:
    """All cycles between the canary's first and last. Raises Invalid where it hardly ran."""
    if len(canary.frame) < _LEAST:
        raise Invalid(
            f"perfkit's canary ran in only {len(canary.frame)} cycles", hint="is the server or the machine overloaded?"
        )
    number = (canary.frame - canary.frame[0]) // canary.block
    every = np.arange(number[-1] + 1)
    since = lateness(canary.at, canary.frame, canary.rate)
    starts = np.interp(every, number, canary.at - since)
    late, ran = np.full(len(every), canary.period), np.zeros(len(every), bool)
    late[number], ran[number] = since, True
    return Grid(canary.period, starts, late, ran)


def lateness(at: Times, frame: NDArray[np.int64], rate: int) -> Times:
    """How long after each cycle's begin, s, an empty callback ran: at `at` s, in the cycle of the server's `frame`.

    A cycle begins no later than it, and than whole periods before any of the cycles that follow; those tell the begin
    of one that was late. The server's own clock of a cycle is not asked: jackd's is smoothed, and a stall sends it off
    by a good part of a period for seconds, into the future even.
    """
    phase = at - (frame - frame[0]) / rate
    ahead = np.concatenate((phase, np.full(_AHEAD, np.inf)))
    since: Times = phase - np.lib.stride_tricks.sliding_window_view(ahead, _AHEAD + 1).min(axis=1)
    return since


def hold(cycles: Grid, delivered: Times, run_delay: Times | None = None) -> Held:
    """Hold blocks, delivered at these times (CLOCK_MONOTONIC, s), against the cycles."""
    period_of = np.searchsorted(cycles.starts, delivered, side="right") - 1
    entries = np.flatnonzero((period_of >= 1) & (delivered < cycles.starts[-1]))[1:]
    before, now = period_of[entries - 1], period_of[entries]
    waited = np.maximum(1, now - before)
    begin = np.where(now > before, cycles.starts[np.minimum(before + 1, now)], delivered[entries - 1])
    finished = delivered[entries] - begin
    late = cycles.late[np.minimum(before + 1, now)]
    delay = np.zeros(len(entries)) if run_delay is None else run_delay[entries]
    missed: list[int] = []
    disturbed: list[int] = []
    for k in np.flatnonzero(waited > 1):
        excuse = float(cycles.late[before[k] + 1 : now[k] + 1].max()) + float(delay[k])
        (disturbed if finished[k] - excuse <= cycles.period else missed).append(int(k))
    around = [(before[k] - 1, now[k] + 2) for k in missed]
    alone = [k for k, (first, end) in zip(missed, around, strict=True) if not _late(cycles, first, end)]
    return Held(entries, begin, finished, waited, late, tuple(missed), tuple(disturbed), tuple(alone))


def _late(cycles: Grid, first: int, end: int) -> bool:
    return bool((cycles.late[max(0, first) : end] > cycles.period / 2).any())


def audible(found: list[int], ran: NDArray[np.bool_]) -> int:
    """How many glitches, by the number of the cycle that the canary ran in, lie apart from those that it missed."""
    number = np.flatnonzero(ran)
    holes = np.flatnonzero(~ran)
    return sum(1 for k in found if not (np.abs(holes - number[k]) <= _NEAR).any())
