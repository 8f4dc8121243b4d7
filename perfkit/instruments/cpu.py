"""CPU time and waiting for a core of a running program and its descendants."""

import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import psutil

_PROC = Path("/proc")
_CPU_CLOCK_OF_PROCESS = 2
"""CPUCLOCK_SCHED: the low bits of the clock ids that clock_getcpuclockid(3) makes of a process id."""


@dataclass(frozen=True, slots=True)
class CpuReading:
    """The clocks of a process tree at one moment, s. Ended children whose parent has waited for them are in `reaped`.

    `run_delay` is how long the first process's main thread has waited for a core; None where the kernel does not tell.
    """

    at: float
    used: Mapping[int, float] = field(default_factory=dict)
    reaped: Mapping[int, float] = field(default_factory=dict)
    run_delay: float | None = None


@dataclass(frozen=True, slots=True)
class CpuWindow:
    """What a process tree used between two readings: CPU s over `elapsed` s, and its main thread's wait for a core."""

    elapsed: float
    used: float
    run_delay: float | None

    @property
    def cores(self) -> float:
        """CPU seconds a second."""
        return self.used / self.elapsed


def tree(pid: int) -> tuple[int, ...]:
    """`pid` and its living descendants, parents first; empty if it is gone.

    Linux lists a thread's children (CONFIG_PROC_CHILDREN), which costs microseconds; elsewhere psutil looks at every
    process of the machine.
    """
    if not (_PROC / str(pid) / "task" / str(pid) / "children").exists():
        with suppress(psutil.Error):
            return (pid, *(child.pid for child in psutil.Process(pid).children(recursive=True)))
        return ()
    found = [pid]
    for parent in found:  # grows while it is walked
        found += _children(parent)
    return tuple(found)


def read_tree(pid: int) -> CpuReading:
    """Read the clocks of `pid` and its descendants now; processes that are gone are left out."""
    used, reaped = {}, {}
    for member in tree(pid):
        with suppress(OSError, psutil.Error):
            used[member] = _used(member)
            reaped[member] = _reaped(member)
    return CpuReading(time.monotonic(), used, reaped, _run_delay(pid))


def between(first: CpuReading, last: CpuReading) -> CpuWindow:
    """What was used from one reading to the other.

    Exact (ns) for what lives at the end, its ended threads included; a child that ended in between counts by its
    parent's record of it, in ticks of 10 ms, less what it had used before.
    """
    used = sum(seconds - first.used.get(pid, 0.0) for pid, seconds in last.used.items())
    ended = sum(last.reaped.values()) - sum(first.reaped.values())
    gone = sum(first.used[pid] for pid in first.used.keys() - last.used.keys())
    waited = None if first.run_delay is None or last.run_delay is None else last.run_delay - first.run_delay
    return CpuWindow(last.at - first.at, used + max(0.0, ended - gone), waited)


def process_clock(pid: int) -> float:
    """CPU s of all threads of a process on Linux, the ended ones too, exact to the ns. Raises OSError if it is gone."""
    return time.clock_gettime((~pid << 3) | _CPU_CLOCK_OF_PROCESS)


def _children(pid: int) -> list[int]:
    found: list[int] = []
    with suppress(OSError):
        for task in (_PROC / str(pid) / "task").iterdir():
            with suppress(OSError):
                found += map(int, (task / "children").read_text().split())
    return found


def _used(pid: int) -> float:
    """CPU s of all threads, the ended ones too.

    The clock is exact to the ns and up to date; schedstat of a thread that runs is as old as the last tick, and
    utime + stime come in ticks of 10 ms.
    """
    if _PROC.is_dir():
        return process_clock(pid)
    times = psutil.Process(pid).cpu_times()
    return float(times.user + times.system)


def _reaped(pid: int) -> float:
    times = psutil.Process(pid).cpu_times()
    return float(getattr(times, "children_user", 0.0) + getattr(times, "children_system", 0.0))


def _run_delay(pid: int) -> float | None:
    try:
        return int((_PROC / str(pid) / "schedstat").read_text().split()[1]) / 1e9
    except (OSError, IndexError, ValueError):
        return None
