"""Times a body of a scenario in the measured side's interpreter (Python >= 3.9, standard library only).

One launch calls the function once (set up), calls its body for `warmup` seconds, and then in repeats until `min_time`
seconds are over. A repeat is a loop of as many iterations as last `min_time / 100`, and at least 1000 steps of the
clock. A value is the median over the repeats of time per iteration; no repeat is dropped.

The loop's own cost (10 to 20 ns an iteration) and that of the call are not subtracted, which would only add noise: what
a call of an empty function costs is timed in the same launch and returned as `overhead`. The garbage collector stays
on, as it is for users; one full collection stands before the repeats, so that each launch begins at the same phase.
CPU time is that of all threads of the process and of the children that it has waited for.
"""

from __future__ import annotations

import contextlib
import functools
import gc
import itertools
import math
import sys
import time
from collections.abc import AsyncGenerator, Awaitable, Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import asyncio

if sys.platform != "win32":
    import resource

REPEATS = 100
CLOCK_STEPS = 1000
NS = 1e-9
GENERATOR, ASYNC_GENERATOR = 0x20, 0x200  # code flags, as in inspect
DONE = object()


class BodyError(Exception):
    """The scenario breaks a rule of perfkit's; the message is for its author."""


def launch(function: Callable[..., Any], params: dict[str, Any], min_time: float, warmup: float) -> dict[str, Any]:
    """One launch of a scenario's function; times in s per iteration. Raises what the scenario raises, or BodyError."""
    body = Body(function, params)
    try:
        answer = measured(body, min_time, warmup)
    except BaseException:
        with contextlib.suppress(Exception):  # the body's own exception is the one to tell
            body.close()
        raise
    body.close()
    return answer


def measured(body: Body, min_time: float, warmup: float) -> dict[str, Any]:
    """The medians over the repeats of a body that is set up, and the repeats themselves."""
    block = max(int(min_time / NS / REPEATS), CLOCK_STEPS * clock_step())
    steps = warmed_up(body, int(warmup / NS), block)
    gc.collect()
    walls, cpus, returned, spent = [], [], [], 0
    while spent < min_time / NS:
        wall, cpu = body.repeat(steps)
        spent += wall
        walls.append(wall * NS / steps)
        cpus.append(cpu * NS / steps)
        returned.append(body.metrics)
    return {
        "wall_time": median(walls),
        "cpu_time": median(cpus),
        "extra": {name: median([metrics[name] for metrics in returned]) for name in returned[0]},
        "repeats": walls,
        "iterations": steps,
        "overhead": overhead(),
        "python": sys.version.split()[0],
    }


def warmed_up(body: Body, warmup: int, block: int) -> int:
    """Call the body for `warmup` ns; returns how many iterations last `block` ns. The first call never tells."""
    spent, _ = body.repeat(1)
    steps = 1
    while True:
        wall, _ = body.repeat(steps)
        spent += wall
        if spent >= warmup and wall * 4 >= block:
            return max(1, math.ceil(block * steps / wall))
        left = max(warmup - spent, block)
        steps = max(1, min(steps * 2, math.ceil(left * steps / max(wall, 1))))


class Body:
    """A function that is set up: its body can be repeated, and at the end it is torn down.

    `metrics` are those that the last iteration of the last repeat returned.
    """

    def __init__(self, function: Callable[..., Any], params: dict[str, Any]) -> None:
        self.metrics: dict[str, float] = {}
        self._loop: asyncio.AbstractEventLoop | None = None
        self._runner: Callable[[Callable[[], Any], int], tuple[int, int, Any]] | None = None
        self._generator: Any = None
        bound = functools.partial(function, **params) if params else function
        if not getattr(getattr(function, "__code__", None), "co_flags", 0) & (GENERATOR | ASYNC_GENERATOR):
            self._call: Callable[[], Any] = bound
            return
        self._generator = bound()
        self._call = self._next()
        if not callable(self._call):
            raise BodyError("a generator must yield its body, such as `yield lambda: work(data)`")

    def repeat(self, steps: int) -> tuple[int, int]:
        """Call the body `steps` times; wall and CPU time of them all, ns."""
        if self._runner is None:
            return self._first()
        wall, cpu, result = self._runner(self._call, steps)
        if result is not None:
            self._keep(result)
        return wall, cpu

    def close(self) -> None:
        """Tear down: run the rest of a generator. Raises BodyError if it yields again."""
        again = self._generator is not None and self._next() is not DONE
        if self._loop is not None:
            self._loop.close()
        if again:
            raise BodyError("a generator yields once, its body; what follows tears down")

    def _first(self) -> tuple[int, int]:
        """The first call shows whether the body must be awaited and whether it returns Metrics."""
        cpu, wall = cpu_now(), time.perf_counter_ns()
        result = self._call()
        awaited = hasattr(result, "__await__")
        if awaited:
            result = self._wait(result)
        wall, cpu = time.perf_counter_ns() - wall, cpu_now() - cpu
        kept = isinstance(result, sys.modules["perfkit"].Metrics)
        if awaited:
            looping = awaiting_last if kept else awaiting
            self._runner = lambda call, steps: self._wait(looping(call, steps))
        else:
            self._runner = calling_last if kept else calling
        if kept:
            self._keep(result)
        return wall, cpu

    def _keep(self, result: dict[str, float]) -> None:
        for name, value in result.items():
            if not isinstance(value, (int, float)) or not math.isfinite(value):
                raise BodyError(f"the metric {name!r} is {value!r}, not a finite number")
        if self.metrics and set(self.metrics) != set(result):
            raise BodyError(f"the body returned {sorted(self.metrics)} and then {sorted(result)}")
        self.metrics = dict(result)

    def _next(self) -> Any:
        if not isinstance(self._generator, AsyncGenerator):
            return next(self._generator, DONE)
        try:
            return self._wait(self._generator.__anext__())
        except StopAsyncIteration:
            return DONE

    def _wait(self, awaitable: Awaitable[Any]) -> Any:
        if self._loop is None:
            import asyncio

            self._loop = asyncio.new_event_loop()

        async def outer() -> Any:
            return await awaitable

        return self._loop.run_until_complete(outer())


def calling(call: Callable[[], Any], steps: int) -> tuple[int, int, None]:
    """Time `steps` calls, ns; what they return is dropped at once."""
    loop = itertools.repeat(None, steps)
    cpu, wall = cpu_now(), time.perf_counter_ns()
    for _ in loop:
        call()
    wall = time.perf_counter_ns() - wall
    return wall, cpu_now() - cpu, None


def calling_last(call: Callable[[], Any], steps: int) -> tuple[int, int, Any]:
    """As `calling`, and the last result."""
    loop, result = itertools.repeat(None, steps), None
    cpu, wall = cpu_now(), time.perf_counter_ns()
    for _ in loop:
        result = call()
    wall = time.perf_counter_ns() - wall
    return wall, cpu_now() - cpu, result


async def awaiting(call: Callable[[], Any], steps: int) -> tuple[int, int, None]:
    """As `calling`, for a body that is awaited."""
    loop = itertools.repeat(None, steps)
    cpu, wall = cpu_now(), time.perf_counter_ns()
    for _ in loop:
        await call()
    wall = time.perf_counter_ns() - wall
    return wall, cpu_now() - cpu, None


async def awaiting_last(call: Callable[[], Any], steps: int) -> tuple[int, int, Any]:
    """As `awaiting`, and the last result."""
    loop, result = itertools.repeat(None, steps), None
    cpu, wall = cpu_now(), time.perf_counter_ns()
    for _ in loop:
        result = await call()
    wall = time.perf_counter_ns() - wall
    return wall, cpu_now() - cpu, result


def cpu_now() -> int:
    """CPU time of this process, all its threads and the children it has waited for, ns."""
    own = time.process_time_ns()
    if sys.platform == "win32":
        return own
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return own + int((children.ru_utime + children.ru_stime) / NS)


def clock_step() -> int:
    """The smallest step of the clock that is seen, ns."""
    seen = [time.perf_counter_ns() for _ in range(100)]
    return min((after - before for before, after in zip(seen, seen[1:]) if after > before), default=1000)  # noqa: B905, RUF007 - 3.9


def overhead() -> float:
    """What one call of a function that does nothing costs in our loop, s."""
    return min(calling(lambda: None, 1000)[0] for _ in range(10)) * NS / 1000


def median(values: list[float]) -> float:
    """The middle value; the mean of the two in the middle of an even number."""
    ordered, half = sorted(values), len(values) // 2
    return ordered[half] if len(ordered) % 2 else (ordered[half - 1] + ordered[half]) / 2
