"""Calls an async function at given times, however slow earlier calls are, in the measured side's own interpreter.

Run by path as `python visits.py REQUEST REPORT`. REQUEST is a JSON object: `call` ("path/to/file.py:function", from
the current folder), its `arguments`, the file `due` (times in s from the start, 8-byte floats), `timeout` in s, `most`
calls at once, and the file `start`, which appears with the start's CLOCK_MONOTONIC time once `ready` was printed.
REPORT gets the errors as JSON, and REPORT.columns two 8-byte floats (sent, done) and a byte (how it ended) for each
call, column by column. Standard library only (Python >= 3.9).

The function is called for each arrival; an async generator function is set up once and yields what is called:

    async def checkout(url):
        async with Shop(url) as shop:
            yield shop.checkout
"""

from __future__ import annotations

import array
import asyncio
import contextlib
import ctypes
import functools
import importlib.util
import inspect
import json
import os
import platform
import sys
import time
from typing import Any, Awaitable, Callable

ANSWERED, FAILED, TIMED_OUT, DROPPED = 1, 2, 3, 4
FINE = 100e-6  # s before a time that the loop is only yielded to: what a sleeping core takes to wake
COARSE = 2e-3  # the same where the loop's own timers have to do
AT_ONCE = 32  # overdue calls begun in a row before others get a turn

Once = Callable[[], Awaitable[object]]


class Timespec(ctypes.Structure):
    """A time of the kernel."""

    _fields_ = (("seconds", ctypes.c_long), ("nanoseconds", ctypes.c_long))


class Itimerspec(ctypes.Structure):
    """A timer's setting."""

    _fields_ = (("interval", Timespec), ("value", Timespec))


class Alarm:
    """Wakes the loop at a time, by a timerfd where there is one: the loop's own timers are whole milliseconds."""

    def __init__(self) -> None:
        self.loop = asyncio.get_running_loop()
        self.waiter: asyncio.Future[None] = self.loop.create_future()
        self.libc = ctypes.CDLL(None) if sys.platform == "linux" else None
        self.timer = self.libc.timerfd_create(1, os.O_NONBLOCK) if self.libc else -1
        if self.timer >= 0:
            self.loop.add_reader(self.timer, self.rung)

    async def until(self, due: float) -> None:
        """Return at `due`, s of time.monotonic()."""
        ahead = due - (FINE if self.timer >= 0 else COARSE)
        if ahead > time.monotonic():
            await self.sleep(ahead)
        while time.monotonic() < due:  # noqa: ASYNC110 - nothing but the clock tells
            await asyncio.sleep(0)

    async def sleep(self, until: float) -> None:
        """Sleep until then, or until the next millisecond without a timer."""
        if self.timer < 0 or self.libc is None:
            await asyncio.sleep(until - time.monotonic())
            return
        seconds = int(until)
        value = Itimerspec(Timespec(0, 0), Timespec(seconds, int((until - seconds) * 1e9)))
        self.waiter = self.loop.create_future()
        self.libc.timerfd_settime(self.timer, 1, ctypes.byref(value), None)
        await self.waiter

    def rung(self) -> None:
        """The time has come."""
        os.read(self.timer, 8)
        if not self.waiter.done():
            self.waiter.set_result(None)


class Calls:
    """The calls of a schedule and what became of each."""

    def __init__(self, once: Once, count: int, timeout: float) -> None:
        self.once, self.timeout = once, timeout
        self.loop = asyncio.get_running_loop()
        self.sent, self.done = array.array("d", bytes(8 * count)), array.array("d", bytes(8 * count))
        self.state = bytearray(count)
        self.errors: dict[str, list[int]] = {}
        self.first_error = ""
        self.flying: set[asyncio.Task[None]] = set()
        self.most_in_flight = 0

    def begin(self, index: int) -> None:
        """Make a call now."""
        self.sent[index] = time.monotonic()
        task = self.loop.create_task(self.make(index))
        self.flying.add(task)
        task.add_done_callback(self.flying.discard)
        self.most_in_flight = max(self.most_in_flight, len(self.flying))

    async def make(self, index: int) -> None:
        """One call, cut off after the timeout and then counted with it."""
        task = asyncio.current_task()
        assert task is not None
        cut = self.loop.call_later(self.timeout, self.cut_off, index, task)
        try:
            await self.once()
        except asyncio.CancelledError:
            if self.state[index] != TIMED_OUT:
                raise
        except Exception as error:  # noqa: BLE001 - the user's code may raise anything
            self.failed(index, error)
        else:
            self.state[index] = ANSWERED
        finally:
            cut.cancel()
            at = time.monotonic()
            self.done[index] = self.sent[index] + self.timeout if self.state[index] == TIMED_OUT else at

    def cut_off(self, index: int, task: asyncio.Task[None]) -> None:
        """The time of a call is over."""
        self.state[index] = TIMED_OUT
        self.count("timeout", index)
        task.cancel()

    def failed(self, index: int, error: Exception) -> None:
        """A call raised."""
        if self.state[index] == TIMED_OUT:
            return
        self.state[index] = FAILED
        self.count(type(error).__name__, index)
        self.first_error = self.first_error or "%s: %s" % (type(error).__name__, error)

    def count(self, name: str, index: int) -> None:
        """Note the class of what went wrong; the indices tell which calls lie in the window."""
        self.errors.setdefault(name, []).append(index)


def load(call: str) -> Callable[..., Any]:
    """The function, with its file's folder and the current one to import from."""
    path, _, name = call.rpartition(":")
    path = os.path.abspath(path)
    sys.path[:0] = [os.path.dirname(path), os.getcwd()]
    spec = importlib.util.spec_from_file_location(os.path.splitext(os.path.basename(path))[0], path)
    if spec is None or spec.loader is None or not os.path.exists(path):
        sys.exit("%s is not there" % path)
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    function = getattr(module, name, None)
    if not (inspect.iscoroutinefunction(function) or inspect.isasyncgenfunction(function)):
        sys.exit("%s has no async function %s" % (path, name))
    return function


@contextlib.asynccontextmanager
async def set_up(function: Callable[..., Any], arguments: dict[str, Any]) -> Any:
    """What is called for each arrival; what follows a generator's yield runs afterwards."""
    if inspect.isasyncgenfunction(function):
        async with contextlib.asynccontextmanager(function)(**arguments) as once:
            yield once
    else:
        yield functools.partial(function, **arguments)


def read_times(path: str) -> array.array[float]:
    """The times of a file of 8-byte floats."""
    times = array.array("d")
    with open(path, "rb") as file:
        times.frombytes(file.read())
    return times


def read_start(path: str) -> float | None:
    """The start, if it is there."""
    try:
        with open(path, encoding="ascii") as file:
            return float(file.read())
    except FileNotFoundError:
        return None


async def visit(request: dict[str, Any]) -> tuple[Calls, float]:
    """Make all calls. Returns them and when they started."""
    due = read_times(request["due"])
    async with set_up(load(request["call"]), request["arguments"]) as once:
        calls = Calls(once, len(due), request["timeout"])
        print("ready", flush=True)
        while (start := read_start(request["start"])) is None:  # noqa: ASYNC110 - the file tells
            await asyncio.sleep(0.002)
        await make_all(calls, due, start, request["most"])
        if calls.flying:
            await asyncio.wait(set(calls.flying))
    return calls, start


async def make_all(calls: Calls, due: array.array[float], start: float, most: int) -> None:
    """Begin each call when it is due, overdue ones at once; beyond `most` at once they are dropped."""
    alarm = Alarm()
    in_a_row = 0
    for index, after in enumerate(due):
        at = start + after
        if time.monotonic() < at:
            await alarm.until(at)
            in_a_row = 0
        elif in_a_row >= AT_ONCE:
            await asyncio.sleep(0)
            in_a_row = 0
        in_a_row += 1
        if len(calls.flying) >= most:
            calls.sent[index] = calls.done[index] = at
            calls.state[index] = DROPPED
        else:
            calls.begin(index)


def main(arguments: list[str]) -> None:
    """Make the calls of the request given on the command line; write the report whole or not at all."""
    sys.path.pop(0)  # this file's own folder must not shadow the program's modules
    request, report = json.loads(arguments[0]), arguments[1]
    calls, start = asyncio.run(visit(request))
    with open(report + ".columns", "wb") as columns:
        calls.sent.tofile(columns)
        calls.done.tofile(columns)
        columns.write(calls.state)
    told = {
        "start": start,
        "errors": calls.errors,
        "first_error": calls.first_error,
        "most_in_flight": calls.most_in_flight,
        "python": platform.python_version(),
    }
    with open(report + ".part", "w", encoding="utf-8") as file:
        json.dump(told, file)
    os.replace(report + ".part", report)


if __name__ == "__main__":
    main(sys.argv[1:])
