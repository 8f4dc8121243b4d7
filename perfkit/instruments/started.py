"""What a program that still runs has consumed since it started."""

from dataclasses import dataclass
from pathlib import Path

from perfkit.instruments.cpu import read_tree, tree

_PROC = Path("/proc")
_FAULTS = slice(7, 9)
"""minflt and cminflt among the fields of /proc/PID/stat behind the name, proc_pid_stat(5)."""


@dataclass(frozen=True, slots=True)
class Started:
    """CPU s of a program and its descendants, its main thread's wait for a core in s, and its tree's minor faults."""

    cpu_time: float
    run_delay: float
    minor_faults: int


def read_started(pid: int) -> Started | None:
    """Read it now; None where it has ended already or the system has no /proc.

    Living processes count to the ns; those that ended and were waited for come in ticks of 10 ms.
    """
    try:
        reading = read_tree(pid)
        faults = sum(_minor_faults(member) for member in tree(pid))
    except (OSError, ValueError):
        return None
    if pid not in reading.used or reading.run_delay is None:
        return None
    cpu_time = sum(reading.used.values()) + sum(reading.reaped.values())
    return Started(cpu_time, reading.run_delay, faults)


def _minor_faults(pid: int) -> int:
    fields = (_PROC / str(pid) / "stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
    return sum(map(int, fields[_FAULTS]))
