"""How a thread that plays is prepared, and its clocks."""

from __future__ import annotations

import ctypes
import gc
import os
import time
from typing import Any, Callable, Tuple

try:
    import resource
except ImportError:  # Windows
    THREAD_USAGE = False
else:
    THREAD_USAGE = hasattr(resource, "RUSAGE_THREAD")

SECOND = 10**9
PRIORITY = 70
FIFO = 1
RESET_ON_FORK = 0x40000000

Timed = Tuple[int, int, int, int]  # began, ended; CPU time; how long it was kept from its core; all in ns


class Clock:
    """The machine's clocks, in ns, for the thread that makes it."""

    def __init__(self) -> None:
        self.now = time.monotonic_ns
        self.cpu = time.thread_time_ns
        try:
            self._schedstat = os.open("/proc/thread-self/schedstat", os.O_RDONLY)
        except OSError:
            self._schedstat = -1

    def sleep_until(self, due: int) -> int:
        """Sleep, without spinning, until `due`, as a sink that a timer wakes. Returns the time of waking."""
        now = self.now()
        while now < due:
            time.sleep((due - now) / SECOND)
            now = self.now()
        return now

    def given_away(self) -> int | None:
        """How often this thread has given its core away by itself, or None where the kernel does not tell."""
        return resource.getrusage(resource.RUSAGE_THREAD).ru_nvcsw if THREAD_USAGE else None

    def run_delay(self) -> int:
        """How long this thread has waited for a core, or 0 where the kernel does not tell."""
        if self._schedstat < 0:
            return 0
        return int(os.pread(self._schedstat, 64, 0).split()[1])

    def timed(self, fill: Callable[[Any], object], block: Any) -> Timed:
        """Let `fill` fill a block.

        Where the thread did not give its core away meanwhile, all wall time that is not its CPU time was taken from it.
        """
        delay, given, used = self.run_delay(), self.given_away(), self.cpu()
        started = self.now()
        fill(block)
        ended = self.now()
        cpu = self.cpu() - used
        waited = self.run_delay() - delay
        if given is not None and self.given_away() == given:
            waited = max(waited, ended - started - cpu)
        return started, ended, cpu, waited


def policy(thread: int = 0) -> int:
    """The scheduling policy of a thread; 0 is the calling one."""
    return os.sched_getscheduler(thread) & ~RESET_ON_FORK


def request_real_time() -> bool:
    """Ask for SCHED_FIFO. Returns whether it is in force, as read back."""
    try:
        os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(PRIORITY))
        return policy() == FIFO
    except (AttributeError, OSError):
        return False


def policy_in_words(real_time: bool) -> str:
    """`SCHED_FIFO` or `non-RT`."""
    return "SCHED_FIFO" if real_time else "non-RT"


def lock_memory() -> bool:
    """Keep all pages in memory, as audio servers do. Returns whether it was granted."""
    current_and_future = 3
    try:
        return bool(ctypes.CDLL(None).mlockall(current_and_future) == 0)
    except (AttributeError, OSError, TypeError):
        return False


def settle() -> None:
    """No collection of garbage from here on: an audio thread does not allocate."""
    gc.collect()
    gc.freeze()
    gc.disable()
