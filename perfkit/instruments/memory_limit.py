"""A hard limit on the memory of a running program and its descendants: they are killed where they pass it."""

import os
import signal
from contextlib import suppress
from dataclasses import dataclass

from perfkit.instruments.cpu import tree
from perfkit.instruments.resident import PSS_READABLE, pss
from perfkit.model.errors import Failed
from perfkit.model.units import format_plain, format_quantity

INTERVAL = 0.01
"""Seconds between two looks."""
_PSS_EVERY = 0.2
_NEW_MAXIMUM = 1.01


@dataclass(frozen=True, slots=True)
class Passed:
    """What a program held when it passed the limit, `after` s from the first look."""

    after: float
    held: int
    processes: int


class MemoryLimit:
    """Watches for the caller, who looks 100 times a second.

    One process is judged by its RSS, several by their summed PSS where the kernel tells it, since pages that they share
    count in the RSS of each. Watching rather than a cgroup's memory.max, which would count the page cache, kill one
    process of several, and leave nothing to say what happened.
    """

    def __init__(self, most: float, began: float) -> None:
        self.passed: Passed | None = None
        self._most, self._began = most, began
        self._looked_at = 0.0
        self._highest = 0
        self._companions: list[int] = []

    def look(self, now: float, members: tuple[int, ...], total: int) -> bool:
        """Whether it is passed by `members` with `total` B of RSS together; then they are all killed."""
        if total <= self._most:
            return False
        held = self._held(now, members, total)
        if held <= self._most:
            return False
        self.passed = Passed(now - self._began, held, len(members))
        _kill(members)
        for companion in self._companions:
            _kill(tree(companion))
        return True

    def end_with(self, pid: int) -> None:
        """A further process that is killed with what is watched, such as its driver."""
        self._companions.append(pid)
        if self.passed:
            _kill(tree(pid))

    def failure(self) -> Failed:
        """What to raise once it is passed."""
        assert self.passed is not None
        seen = self.passed
        processes = f"{seen.processes} process{'' if seen.processes == 1 else 'es'}"
        return Failed(
            f"passed the limit of {format_plain(self._most, 'B')} after {format_quantity(seen.after, 's', 2)} "
            f"({format_quantity(seen.held, 'B')}, {processes})",
            hint="it was ended at once (watched 100 times a second); raise `limit` if it may need that much",
        )

    def _held(self, now: float, members: tuple[int, ...], total: int) -> int:
        if len(members) == 1 or not PSS_READABLE:
            return total
        if now < self._looked_at + _PSS_EVERY and total <= self._highest * _NEW_MAXIMUM:
            return 0
        self._looked_at, self._highest = now, total
        return sum(map(pss, members))


def _kill(members: tuple[int, ...]) -> None:
    for member in members:
        with suppress(OSError):
            os.kill(member, signal.SIGKILL)
