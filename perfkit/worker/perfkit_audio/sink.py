"""The virtual sink: runs an audio body against its period, without any server.

REQUEST: see `play`.

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
import json
import os
import platform
import sys
import threading
from typing import Any, Callable

from .audio_thread import SECOND, Clock, lock_memory, policy_in_words, request_real_time, settle
from .bodies import heard, make_body, silent_block
from .telling import write_report

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
    until_misses: int = 0,
) -> Records:
    """Ask `body` for `count` blocks and record them; stop after so many late undisturbed ones, unless 0."""
    records = Records(count)
    late, wall, cpu = records.late, records.wall, records.cpu
    run_delay, finished, waited = records.run_delay, records.finished, records.waited
    period = schedule.frames * SECOND / schedule.rate
    misses = 0
    for k in range(count):
        due = schedule.boundary(schedule.asked)
        woken = clock.sleep_until(due)
        started, ended, cpu[k], run_delay[k] = clock.timed(body, block)
        late[k], wall[k], finished[k] = woken - due, ended - started, ended - due
        waited[k] = schedule.finish(ended)
        records.count = k + 1
        misses += waited[k] > 1 and not is_disturbed(late[k], run_delay[k], finished[k], period)
        if 0 < until_misses <= misses:
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


def play(request: dict[str, Any]) -> dict[str, Any]:
    """Run one stretch and return its report.

    `body`, `arguments`, `frames`, `rate`: what is played; `floor`, `warmup`, `blocks`: how many blocks of nothing, of
    the body uncounted, and of the body counted; `until_misses`: how many misses end it, if not 0; `core`: where the
    thread stays, and `since`: what its blocks are whole periods after, if not null.
    """
    frames, rate = request["frames"], request["rate"]
    block = silent_block(frames)
    body = make_body(request, frames, rate)
    if request["core"] is not None:
        os.sched_setaffinity(0, {request["core"]})  # after the body has made its threads
    clock = Clock()
    locked, real_time = lock_memory(), request_real_time()
    settle()

    def begin() -> int:
        return clock.now() if request["since"] is None else next_boundary(clock.now(), request["since"], frames, rate)

    def stretch(fill: Callable[[Any], object], count: int) -> Records:
        return run_blocks(fill, block, count, Schedule(frames, rate, begin()), clock)

    floor = stretch(lambda _: None, request["floor"])
    stretch(body, request["warmup"])
    origin = begin()
    schedule = Schedule(frames, rate, origin)
    records = run_blocks(body, block, request["blocks"], schedule, clock, request["until_misses"])
    own_threads = threading.active_count() > 1
    missed, disturbed = classify(records, frames, rate, own_threads)
    return {
        "policy": policy_in_words(real_time),
        "locked": locked,
        "python": platform.python_version(),
        "own_threads": own_threads,
        "peak": heard(request["body"], body, block),
        "origin": origin,
        "floor": floor.as_lists(),
        "blocks": records.as_lists(),
        "missed": missed,
        "disturbed": disturbed,
    }


def main() -> None:
    """Play the request given on the command line."""
    write_report(play(json.loads(sys.argv[1])), sys.argv[2])
