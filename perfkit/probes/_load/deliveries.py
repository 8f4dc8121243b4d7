"""What the streams of a load brought, drawn together as it comes: a long load holds no more than a short one."""

from dataclasses import dataclass, field
from typing import cast

import numpy as np

from perfkit.probes._load.sequence import Numbering
from perfkit.probes._load.slices import Slices
from perfkit.probes._load.tally import Readings

_BLOCK = 1024
"""Gaps drawn up at once: it takes a fraction of a millisecond, in which nothing is heard."""


@dataclass(slots=True)
class Stream:
    """One listener: when it connected, what it heard, and how it ended; however many messages, it stays as small."""

    asked: float = 0.0
    connected: float | None = None
    first: float | None = None
    """When its first message arrived."""
    last: float | None = None
    """When the last one before the window's end did."""
    messages: int = 0
    """How many arrived in the window."""
    numbering: Numbering = field(default_factory=Numbering)
    ended: float | None = None
    """When the service ended it; None if it lasted."""
    trouble: str = ""
    malformed: int = 0


class Deliveries:
    """The gaps, s, between each stream's messages in the window of `duration` s from `opens` on.

    A gap belongs to the window if the message that ends it does.
    """

    __slots__ = ("_at", "_columns", "_filled", "_gap", "closes", "gaps", "longest", "opens")

    def __init__(self, opens: float, duration: float) -> None:
        self.opens, self.closes = opens, opens + duration
        self.gaps, self.longest = Readings(exact=True), Slices(opens, duration)
        self._columns = np.empty((2, _BLOCK))
        # Elements of a memoryview are set three times as fast as those of an array.
        self._at, self._gap = (cast("memoryview[float]", column.data) for column in self._columns)
        self._filled = 0

    def hear(self, stream: Stream, at: float, number: int | None = None) -> None:
        """A message arrived at `at`, not before those that were heard; `number` is its own, where it has one."""
        if stream.first is None:
            stream.first = at
        if at >= self.closes:
            return
        if at >= self.opens:
            stream.messages += 1
            if stream.last is not None:
                self._note(at, at - stream.last)
            if number is not None:
                stream.numbering.follow(number)
        elif number is not None:
            stream.numbering.begin(number)
        stream.last = at

    def close(self, stream: Stream, period: float) -> None:
        """Note the silence at the window's end where it is longer than the `period` of messages."""
        silence = self.closes - (self.opens if stream.last is None else stream.last)
        if silence > period:
            self._note(self.closes, silence)

    def draw_up(self) -> None:
        """Count what was noted and is not counted yet."""
        at, gaps = self._columns[:, : self._filled]
        self.gaps.record(gaps.copy())
        self.longest.add(at, gaps)
        self._filled = 0

    def _note(self, at: float, gap: float) -> None:
        self._at[self._filled], self._gap[self._filled] = at, gap
        self._filled += 1
        if self._filled == _BLOCK:
            self.draw_up()
