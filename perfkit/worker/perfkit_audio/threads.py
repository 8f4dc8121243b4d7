"""The thread of somebody's client that the server calls, and its clocks, seen from outside (Linux, /proc)."""

from __future__ import annotations

import contextlib
import os
import time
from typing import Any, Dict, Tuple

from .audio_thread import FIFO, policy

ROUND_ROBIN = 2
_CPU_CLOCK_OF_PROCESS = 2  # CPUCLOCK_SCHED, see clock_getcpuclockid(3)
_SCHEDSTAT = "/proc/%d/task/%d/schedstat"
_WOKEN = 0.5

Thread = Tuple[int, int]  # process and thread
Clocks = Tuple[int, int, int]  # ns on a core, ns of waiting for one, how often it was put on one
Snapshot = Dict[Thread, Clocks]


def snapshot(pid: int) -> Snapshot:
    """The clocks (schedstat) of all threads of `pid` and its descendants; empty where the kernel does not tell."""
    found: Snapshot = {}
    processes = [pid] if pid else []
    for process in processes:  # grows while it is walked
        with contextlib.suppress(OSError):
            for name in os.listdir("/proc/%d/task" % process):
                _take(found, processes, (process, int(name)))
    return found


def _take(found: Snapshot, processes: list[int], thread: Thread) -> None:
    folder = "/proc/%d/task/%d/" % thread
    with contextlib.suppress(OSError, ValueError):  # it has just ended
        found[thread] = read_clocks(thread)
        with open(folder + "children", encoding="ascii") as children:
            processes.extend(map(int, children.read().split()))


def read_clocks(thread: Thread) -> Clocks:
    """The clocks of a thread. Raises OSError where it is gone."""
    with open(_SCHEDSTAT % thread, encoding="ascii") as file:
        used, waited, times = map(int, file.read().split())
    return used, waited, times


def called(before: Snapshot, after: Snapshot, cycles: int) -> Thread | None:
    """The thread that the server called in `cycles` cycles between two snapshots; None where none ran.

    The busiest under a real-time policy; else of those that were woken in at least half of the cycles, for a thread
    that is not called often may work more; else, for one that is always late hardly sleeps, of all.
    """
    used = {thread: _less(after[thread], before[thread]) for thread in before.keys() & after.keys()}
    ran = [thread for thread, clocks in used.items() if any(clocks)]
    real_time = [thread for thread in ran if _policy(thread) in {FIFO, ROUND_ROBIN}]
    woken = [thread for thread in ran if used[thread][2] >= _WOKEN * cycles]
    return max(real_time or woken or ran, key=lambda thread: used[thread][0], default=None)


def _less(after: Clocks, before: Clocks) -> Clocks:
    return after[0] - before[0], after[1] - before[1], after[2] - before[2]


def _policy(thread: Thread) -> int:
    try:
        return policy(thread[1])
    except OSError:
        return -1


def _keep(thread: Thread, core: int) -> bool:
    try:
        os.sched_setaffinity(thread[1], {core})
    except OSError:
        return False
    return True


class Followed:
    """A client's thread and its process while they play."""

    def __init__(self, thread: Thread, core: int | None = None) -> None:
        """Keep it on `core`, if any, where that is allowed."""
        self.thread = thread
        self.kept = core is not None and _keep(thread, core)
        self.clock = (~thread[0] << 3) | _CPU_CLOCK_OF_PROCESS
        self.file = os.open(_SCHEDSTAT % thread, os.O_RDONLY)
        self.began = read_clocks(thread)

    def process_time(self) -> int:
        """CPU time of the process so far, ns, exact to the moment; -1 once it is gone."""
        try:
            return time.clock_gettime_ns(self.clock)
        except OSError:
            return -1

    def waited(self) -> int:
        """How long the thread has waited for a core so far, ns; -1 once it is gone."""
        try:
            return int(os.pread(self.file, 64, 0).split()[1])
        except (OSError, IndexError):
            return -1

    def told(self) -> dict[str, Any] | None:
        """The thread's name, and what it used and waited so far, ns, and whether it is kept; None if gone."""
        try:
            used, waited, _ = _less(read_clocks(self.thread), self.began)
            with open("/proc/%d/task/%d/comm" % self.thread, encoding="utf-8", errors="replace") as file:
                return {"name": file.read().strip(), "used": used, "waited": waited, "kept": self.kept}
        except OSError:
            return None
