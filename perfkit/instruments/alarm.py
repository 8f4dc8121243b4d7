"""Waking an event loop at a time, finer than its own timers.

asyncio and uvloop round their timers to a millisecond. A timerfd (timerfd_create(2)) wakes within about 0.1 ms and
leaves the core idle meanwhile, so a generator's waiting costs the measured service nothing.
"""

import asyncio
import ctypes
import os
import sys
import time
from functools import cache
from types import TracebackType
from typing import Self

_CLOCK_MONOTONIC = 1
_NONBLOCKING_CLOSED_ON_EXEC = os.O_NONBLOCK | getattr(os, "O_CLOEXEC", 0)
_ABSOLUTE = 1
_FINE = 100e-6
"""Seconds before the time from which the loop is only yielded to: twice what a sleeping core takes to wake."""
_COARSE = 2e-3
"""The same where the loop's own timers have to do."""


class _Timespec(ctypes.Structure):
    _fields_ = (("seconds", ctypes.c_long), ("nanoseconds", ctypes.c_long))


class _Itimerspec(ctypes.Structure):
    _fields_ = (("interval", _Timespec), ("value", _Timespec))


class Alarm:
    """Waits for times of time.monotonic(). One waiter at a time, inside a running event loop.

    `fine` asks for a timerfd; without one, the last 2 ms are spent yielding to the loop.
    """

    def __init__(self, *, fine: bool = True) -> None:
        self._loop = asyncio.get_running_loop()
        self._waiter: asyncio.Future[None] | None = None
        self._timer = _timer() if fine else None
        self._lead = _COARSE if self._timer is None else _FINE

    def __enter__(self) -> Self:
        if self._timer is not None:
            self._loop.add_reader(self._timer, self._rung)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._timer is not None:
            self._loop.remove_reader(self._timer)
            os.close(self._timer)
            self._timer = None

    async def until(self, due: float) -> None:
        """Return at `due` or, if that has passed, at once and without yielding."""
        ahead = due - self._lead
        if ahead > time.monotonic():
            await self._sleep(ahead)
        while time.monotonic() < due:  # noqa: ASYNC110 - nothing but the clock tells
            await asyncio.sleep(0)

    async def _sleep(self, until: float) -> None:
        if self._timer is None:
            await asyncio.sleep(until - time.monotonic())
            return
        seconds = int(until)
        value = _Timespec(seconds, int((until - seconds) * 1e9))
        setting = _Itimerspec(_Timespec(0, 0), value)
        self._waiter = self._loop.create_future()
        _libc().timerfd_settime(self._timer, _ABSOLUTE, ctypes.byref(setting), None)
        await self._waiter

    def _rung(self) -> None:
        if self._timer is not None:
            os.read(self._timer, 8)
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)


def _timer() -> int | None:
    """A timerfd, or None where the system has none."""
    if sys.platform != "linux":
        return None
    timer: int = _libc().timerfd_create(_CLOCK_MONOTONIC, _NONBLOCKING_CLOSED_ON_EXEC)
    return timer if timer >= 0 else None


@cache
def _libc() -> ctypes.CDLL:
    return ctypes.CDLL(None)
