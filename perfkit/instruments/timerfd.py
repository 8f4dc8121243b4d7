"""A timer of the kernel that any event loop can wait for: timerfd_create(2), Linux.

Event loops round their own timers to a millisecond; this one wakes within about 0.1 ms and leaves the core idle.
"""

import ctypes
import os
import sys
from functools import cache

_CLOCK_MONOTONIC = 1
_NONBLOCKING_CLOSED_ON_EXEC = os.O_NONBLOCK | getattr(os, "O_CLOEXEC", 0)
_ABSOLUTE = 1


class _Timespec(ctypes.Structure):
    _fields_ = (("seconds", ctypes.c_long), ("nanoseconds", ctypes.c_long))


class _Itimerspec(ctypes.Structure):
    _fields_ = (("interval", _Timespec), ("value", _Timespec))


class TimerFd:
    """Becomes readable at one time of time.monotonic() after another."""

    def __init__(self, fd: int) -> None:
        self.fd = fd

    def set(self, due: float) -> None:
        """Be readable at `due`, instead of at what was set before; at once where that has passed."""
        seconds = int(due)
        value = _Timespec(seconds, max(1, int((due - seconds) * 1e9)))
        _libc().timerfd_settime(self.fd, _ABSOLUTE, ctypes.byref(_Itimerspec(_Timespec(0, 0), value)), None)

    def take(self) -> None:
        """Be unreadable again."""
        try:
            os.read(self.fd, 8)
        except BlockingIOError:
            return

    def close(self) -> None:
        """Give it back to the kernel."""
        os.close(self.fd)


def open_timer() -> TimerFd | None:
    """A timer, or None where the system has none."""
    if sys.platform != "linux":
        return None
    fd: int = _libc().timerfd_create(_CLOCK_MONOTONIC, _NONBLOCKING_CLOSED_ON_EXEC)
    return TimerFd(fd) if fd >= 0 else None


@cache
def _libc() -> ctypes.CDLL:
    return ctypes.CDLL(None)
