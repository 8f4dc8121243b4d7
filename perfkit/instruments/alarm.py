"""Waking an event loop at a time, finer than its own timers.

asyncio and uvloop round their timers to a millisecond. A timer of the kernel wakes within about 0.1 ms and leaves the
core idle meanwhile, so a generator's waiting costs the measured service nothing.
"""

import asyncio
import time
from types import TracebackType
from typing import Self

from perfkit.instruments.timerfd import open_timer

FINE = 100e-6
"""Seconds before the time from which the loop is only yielded to: twice what a sleeping core takes to wake."""
_COARSE = 2e-3
"""The same where the loop's own timers have to do."""


class Alarm:
    """Waits for times of time.monotonic(). One waiter at a time, inside a running event loop.

    `fine` asks for a timerfd; without one, the last 2 ms are spent yielding to the loop. With one it is `lead` s: less
    than the usual 0.1 ms wakes a little late, and spares a generator at a high rate the turning.
    """

    def __init__(self, *, fine: bool = True, lead: float = FINE) -> None:
        self._loop = asyncio.get_running_loop()
        self._waiter: asyncio.Future[None] | None = None
        self._timer = open_timer() if fine else None
        self._lead = _COARSE if self._timer is None else lead

    def __enter__(self) -> Self:
        if self._timer is not None:
            self._loop.add_reader(self._timer.fd, self._rung)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._timer is not None:
            self._loop.remove_reader(self._timer.fd)
            self._timer.close()
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
        self._waiter = self._loop.create_future()
        self._timer.set(until)
        await self._waiter

    def _rung(self) -> None:
        if self._timer is not None:
            self._timer.take()
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)
