"""A program started with its memory watched, and killed where it passes the limit."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

from perfkit.instruments.memory import MemoryWatch
from perfkit.instruments.memory_limit import INTERVAL, MemoryLimit
from perfkit.model.errors import NotMeasured


@contextmanager
def watched(
    pid: int, limit: float | None, *, several: bool = False, always: bool = False, interval: float = 0.1
) -> Iterator[MemoryWatch]:
    """The watch of a program's memory while the block runs.

    Raises Failed where it passes `limit` B, whatever else goes wrong because of that.
    """
    guard = None if limit is None else MemoryLimit(limit, time.monotonic())
    step = interval if guard is None else min(INTERVAL, interval)
    watch = MemoryWatch(pid, several=several, always=always, interval=step, limit=guard)
    try:
        with watch:
            yield watch
    except NotMeasured:
        if guard is not None and guard.passed:
            raise guard.failure() from None
        raise
    if guard is not None and guard.passed:
        raise guard.failure()
