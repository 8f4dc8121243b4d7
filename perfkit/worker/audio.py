"""The virtual sink: runs an audio body against its period, in the measured side's interpreter and without any server.

Run by path as `python audio.py REQUEST REPORT`: REQUEST is a JSON object (see `play`), REPORT the file that receives
the result as JSON. Standard library only; numpy is imported because the body's block is an array of it.

The sink has two buffers, like a sound card. Boundaries lie at `origin + i · period`. A block is asked for at one
boundary and must be finished by the next, where it then begins to play; its buffer is free from then on, so the
following block is asked for at that same boundary. A block that is finished later is *late*: it plays from the first
boundary after it was finished, the periods between are lost, and the sink goes on from there. One stall is therefore
one late block, however many periods it costs.

A late block is a deadline **miss**, held against the program, unless it is **disturbed**, by this rule: taking away
how late the sink itself woke (it wakes before any of the program's work, so it is a canary in every block) and how
long the thread then waited for a core although it could run (run delay, /proc/thread-self/schedstat), it would have
been in time. If the program runs Python threads of its own, nothing is taken away, for they can delay the sink
themselves. A body that sleeps, or waits for a lock, waits on its own account.
"""

from __future__ import annotations

import array
import ctypes
import gc
import importlib
import importlib.util
import json
import os
import platform
import sys
import threading
import time
from typing import Any, Callable

try:
    import resource
except ImportError:  # Windows
    THREAD_USAGE = False
else:
    THREAD_USAGE = hasattr(resource, "RUSAGE_THREAD")

SECOND = 10**9
PRIORITY = 70
COLUMNS = ("late", "wall", "cpu", "run_delay", "finished", "waited")


class Schedule:
    """When blocks are asked for and played. All times are integer ns; boundaries are exact at any rate."""

    __slots__ = ("asked", "frames", "origin", "rate")

    def __init__(self, frames: int, rate: int, origin: int) -> None:
        """The first block of `frames` frames at `rate` Hz is asked for at `origin`."""
        self.frames = frames
        self.rate = rate
        self.origin = origin
        self.asked = 0

    def boundary(self, index: int) -> int:
        """The time of a boundary."""
        return self.origin + index * self.frames * SECOND // self.rate

    def finish(self, at: int) -> int:
        """Take the block asked for, finished at time `at`: the periods from asking to playing (1 if in time)."""
        first = -((self.origin - at) * self.rate // (self.frames * SECOND))
        waited = max(1, first - self.asked)
        self.asked += waited
        return waited


def is_disturbed(late: int, run_delay: int, finished: int, period: float) -> bool:
    """Whether a late block (ns from its asking: woken, delayed, finished) would have been in time by itself."""
    return finished - late - run_delay <= period


def next_boundary(now: int, since: int, frames: int, rate: int) -> int:
    """The first time from `now` on that lies whole periods after `since`, ns."""
    periods = (now - since) * rate // (frames * SECOND) + 1
    return since + periods * frames * SECOND // rate


class Clock:
    """The machine's clocks, in ns, for the calling thread."""

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


class Records:
    """What happened to each block: one preallocated column of ns (`waited`: periods) per name in COLUMNS."""

    def __init__(self, count: int) -> None:
        self.late, self.wall, self.cpu, self.run_delay, self.finished, self.waited = (
            array.array("q", bytes(8 * count)) for _ in COLUMNS
        )
        self.count = 0

    def as_lists(self) -> dict[str, list[int]]:
        """The filled part of every column."""
        return {name: getattr(self, name)[: self.count].tolist() for name in COLUMNS}


def run_blocks(
    body: Callable[[Any], object],
    block: Any,
    count: int,
    schedule: Schedule,
    clock: Clock,
    until_miss: bool = False,
) -> Records:
    """Ask `body` for `count` blocks and record them; with `until_miss`, stop after the first late undisturbed one."""
    records = Records(count)
    late, wall, cpu = records.late, records.wall, records.cpu
    run_delay, finished, waited = records.run_delay, records.finished, records.waited
    period = schedule.frames * SECOND / schedule.rate
    for k in range(count):
        due = schedule.boundary(schedule.asked)
        woken = clock.sleep_until(due)
        delay_before, given_before, cpu_before = clock.run_delay(), clock.given_away(), clock.cpu()
        started = clock.now()
        body(block)
        ended = clock.now()
        cpu[k] = clock.cpu() - cpu_before
        run_delay[k] = clock.run_delay() - delay_before
        if given_before is not None and clock.given_away() == given_before:
            run_delay[k] = max(run_delay[k], ended - started - cpu[k])
        late[k], wall[k], finished[k] = woken - due, ended - started, ended - due
        waited[k] = schedule.finish(ended)
        records.count = k + 1
        if until_miss and waited[k] > 1 and not is_disturbed(late[k], run_delay[k], finished[k], period):
            break
    return records


def classify(records: Records, frames: int, rate: int, own_threads: bool) -> tuple[list[int], list[int]]:
    """Indices of missed and of disturbed blocks, by the rule above."""
    period = frames * SECOND / rate
    missed: list[int] = []
    disturbed: list[int] = []
    for k in range(records.count):
        if records.waited[k] > 1:
            excused = not own_threads and is_disturbed(
                records.late[k], records.run_delay[k], records.finished[k], period
            )
            (disturbed if excused else missed).append(k)
    return missed, disturbed


def import_numpy() -> Any:
    """The numpy of the side's environment, which its bodies use."""
    try:
        import numpy as np
    except ImportError:
        sys.exit("%s has no numpy, and an audio block is an array of it: pip install numpy there" % sys.executable)
    return np


def offer_declarations() -> None:
    """Let a scenario file `import perfkit`: the declarations alone, with the submodules that are installed, if any."""
    installed = importlib.util.find_spec("perfkit")
    path = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "declaring.py")
    spec = importlib.util.spec_from_file_location("perfkit", path)
    if spec is not None and spec.loader is not None:
        module = sys.modules["perfkit"] = importlib.util.module_from_spec(spec)
        module.__path__ = list(installed.submodule_search_locations or ()) if installed else []
        spec.loader.exec_module(module)


def load_body(name: str) -> Callable[..., Any]:
    """The function of `module:function` or `path/to/file.py:function`.

    The working folder is on the module path, and before it a file's own folder.
    """
    module_name, _, attribute = name.rpartition(":")
    sys.path.insert(0, os.getcwd())
    if module_name.endswith(".py"):
        sys.path.insert(0, os.path.dirname(os.path.abspath(module_name)))
        stem = os.path.splitext(os.path.basename(module_name))[0]
        spec = importlib.util.spec_from_file_location(stem, module_name)
        if spec is None or spec.loader is None or not os.path.exists(module_name):
            sys.exit("no body: %s does not exist in %s" % (module_name, os.getcwd()))
        offer_declarations()
        module = importlib.util.module_from_spec(spec)
        sys.modules[stem] = module
        spec.loader.exec_module(module)
    else:
        module = importlib.import_module(module_name)
    body: Callable[..., Any] | None = getattr(module, attribute, None)
    if body is None or not callable(body):
        sys.exit("no body: %s has no function %s" % (module_name, attribute))
    return body


def request_real_time() -> str:
    """Ask for SCHED_FIFO. Returns the policy in force, as read back: `SCHED_FIFO` or `non-RT`."""
    try:
        os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(PRIORITY))
        granted = os.sched_getscheduler(0) & ~0x40000000 == os.SCHED_FIFO
    except (AttributeError, OSError):
        granted = False
    return "SCHED_FIFO" if granted else "non-RT"


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


def peak_of(block: Any) -> float | None:
    """The largest magnitude in a block, or None if it holds something that is not a number."""
    peak = float(abs(block).max())
    return peak if peak < float("inf") else None


def check_written(name: str, body: Callable[[Any], object], block: Any) -> None:
    """Ask for one more of a body's silent blocks. Exits where its sound is returned instead of written into them."""
    returned = body(block)
    if returned is not None and not block.any():
        sys.exit(
            "the body %s returned %s and wrote nothing: a block is filled in place, as by block[:, 0] = ..."
            % (name, "an array" if hasattr(returned, "shape") else "a " + type(returned).__name__)
        )


def play(request: dict[str, Any]) -> dict[str, Any]:
    """Run one stretch and return its report.

    `body`, `arguments`, `frames`, `rate`: what is played; `floor`, `warmup`, `blocks`: how many blocks of nothing, of
    the body uncounted, and of the body counted; `until_miss`: whether the first miss ends it; `core`: where
    the thread stays, and `since`: what its blocks are whole periods after, if not null.
    """
    np = import_numpy()
    frames, rate = request["frames"], request["rate"]
    body = load_body(request["body"])(frames, rate, **request["arguments"])
    if not callable(body):
        sys.exit("the body %s must return a callable that fills a block" % request["body"])
    block = np.zeros((frames, 2), dtype=np.float32)
    if request["core"] is not None:
        os.sched_setaffinity(0, {request["core"]})  # after the body has made its threads
    clock = Clock()
    locked, policy = lock_memory(), request_real_time()
    settle()

    def begin() -> int:
        return clock.now() if request["core"] is None else next_boundary(clock.now(), request["since"], frames, rate)

    def stretch(fill: Callable[[Any], object], count: int) -> Records:
        return run_blocks(fill, block, count, Schedule(frames, rate, begin()), clock)

    floor = stretch(lambda _: None, request["floor"])
    stretch(body, request["warmup"])
    origin = begin()
    records = run_blocks(body, block, request["blocks"], Schedule(frames, rate, origin), clock, request["until_miss"])
    own_threads = threading.active_count() > 1
    missed, disturbed = classify(records, frames, rate, own_threads)
    peak = peak_of(block)
    if peak == 0.0:
        check_written(request["body"], body, block)
    return {
        "policy": policy,
        "locked": locked,
        "python": platform.python_version(),
        "own_threads": own_threads,
        "peak": peak,
        "origin": origin,
        "floor": floor.as_lists(),
        "blocks": records.as_lists(),
        "missed": missed,
        "disturbed": disturbed,
    }


def main(arguments: list[str]) -> None:
    """Play the request given on the command line; write the report whole or not at all."""
    sys.path.pop(0)  # this file's own folder must not shadow the program's modules
    request, report = json.loads(arguments[0]), arguments[1]
    result = play(request)
    with open(report + ".part", "w", encoding="utf-8") as file:
        json.dump(result, file)
    os.replace(report + ".part", report)


if __name__ == "__main__":
    main(sys.argv[1:])
