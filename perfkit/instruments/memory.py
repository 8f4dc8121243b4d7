"""Memory of a running program and its descendants over time."""

import threading
import time
from types import TracebackType
from typing import Self

from perfkit.instruments.cpu import tree
from perfkit.instruments.memory_limit import MemoryLimit
from perfkit.instruments.resident import pss, rss

POINT_EVERY = 0.1
"""Seconds between two points of the curve."""
_FOR_PSS = 0.02
_PSS_EVERY = 0.2
_NEW_MAXIMUM = 1.01


class MemoryWatch:
    """Samples the memory of a program and its descendants in a thread, from entering to leaving the block.

    `readings` are their summed RSS, `interval` s apart: time.monotonic() s and B; who they are, which costs more than
    to read them, is looked up ten times a second, and `last_seen` tells when each process was. With `several`, PSS is
    read too while there is more than one process, with `always` at any time: five times a second and where the summed
    RSS exceeds what it was at any reading before. `peak_pss` is the highest sum seen, B. `gone` is set once the program
    has ended or was killed for its `limit`.
    """

    def __init__(
        self,
        pid: int,
        *,
        several: bool = False,
        always: bool = False,
        interval: float = POINT_EVERY,
        limit: MemoryLimit | None = None,
    ) -> None:
        self.readings: list[tuple[float, int]] = []
        self.last_seen: dict[int, float] = {}
        self.peak_pss = 0
        self.gone = threading.Event()
        self.limit = limit
        self.entered = 0.0
        self._pid = pid
        self._several, self._always = several, always
        self._interval = min(interval, _FOR_PSS) if several or always else interval
        self._leave = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="memory watch", daemon=True)
        self._pss_at = 0.0
        self._highest_at_pss = 0

    def __enter__(self) -> Self:
        self.entered = time.monotonic()
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._leave.set()
        self._thread.join()

    def points(self) -> tuple[tuple[float, ...], tuple[float, ...]]:
        """The highest reading of each tenth of a second: s since entering, and B."""
        highest: dict[int, int] = {}
        for moment, total in self.readings:
            tenth = round((moment - self.entered) / POINT_EVERY)
            highest[tenth] = max(total, highest.get(tenth, 0))
        return tuple(tenth * POINT_EVERY for tenth in highest), tuple(map(float, highest.values()))

    def between(self, began: float, ended: float) -> list[tuple[float, int]]:
        """The readings from one moment to another, of time.monotonic() s."""
        return [reading for reading in self.readings if began <= reading[0] <= ended]

    def end_with(self, pid: int) -> None:
        """A further process that is killed where the limit is passed."""
        if self.limit is not None:
            self.limit.end_with(pid)

    def _watch(self) -> None:
        members, listed_at = tree(self._pid), time.monotonic()
        while not self._leave.is_set():
            now = time.monotonic()
            if self._several or self._always or now >= listed_at + POINT_EVERY:
                members, listed_at = tree(self._pid), now
                self.last_seen.update(dict.fromkeys(members, now))
            total = sum(map(rss, members))
            if total == 0:
                break
            self.readings.append((now, total))
            if self.limit is not None and self.limit.look(now, members, total):
                break
            self._weigh(now, members, total)
            self._leave.wait(self._interval)
        self.gone.set()

    def _weigh(self, now: float, members: tuple[int, ...], total: int) -> None:
        if not (self._always or (self._several and len(members) > 1)):
            return
        if total > self._highest_at_pss * _NEW_MAXIMUM or now >= self._pss_at:
            self._highest_at_pss = max(self._highest_at_pss, total)
            self.peak_pss = max(self.peak_pss, self._pss_together(members))
            self._pss_at = now + _PSS_EVERY

    def _pss_together(self, members: tuple[int, ...]) -> int:
        """Their summed PSS; 0 if one came or went meanwhile: its share of a page would count twice or not."""
        shares = [pss(member) for member in members]
        together = all(shares) and tree(self._pid) == members and all(map(rss, members))
        return sum(shares) if together else 0
