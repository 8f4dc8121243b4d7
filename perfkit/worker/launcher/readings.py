"""What the kernel tells of our children."""

from __future__ import annotations

import ctypes
import os
import signal
import sys

TYPE_CHECKING = False  # typing itself costs 0.8 MiB
if TYPE_CHECKING:
    import resource

LINUX = sys.platform == "linux"
SUMMED = ("utime", "stime", "minflt", "majflt", "nvcsw", "nivcsw", "inblock")


def become_subreaper() -> bool:
    """Whether orphans of our descendants become our children (prctl(2), PR_SET_CHILD_SUBREAPER is 36)."""
    return LINUX and ctypes.CDLL(None).prctl(36, 1, 0, 0, 0) == 0


def read(path: str) -> str:
    """The beginning of a small kernel file."""
    fd = os.open(path, os.O_RDONLY)
    try:
        return os.read(fd, 65536).decode("utf-8", "replace")
    finally:
        os.close(fd)


def write(path: str, text: str) -> None:
    """Write to a kernel file that exists."""
    fd = os.open(path, os.O_WRONLY)
    try:
        os.write(fd, text.encode())
    finally:
        os.close(fd)


def zombie_readings(pid: int) -> tuple[float | None, bool]:
    """Run delay in s, and whether it surely had no child; None, False where the system does not tell.

    The faults of children that were waited for stay in their parent's stat, and there is no child without a fault. A
    parent that ignores SIGCHLD never waits, so it counts as having had one.
    """
    try:
        delay = int(read(f"/proc/{pid}/schedstat").split()[1]) / 1e9
        stat = read(f"/proc/{pid}/stat").rpartition(")")[2].split()  # from field 3 of proc_pid_stat(5) on
        faults_of_children, ignored_signals = stat[8] + stat[10], int(stat[30])
    except (OSError, IndexError, ValueError):
        return None, False
    return delay, faults_of_children == "00" and not ignored_signals & 1 << signal.SIGCHLD - 1


def floor() -> int:
    """Our own high-water mark, below which no child's ru_maxrss can read, B."""
    return int(read("/proc/self/status").partition("\nVmHWM:")[2].split(None, 1)[0]) * 1024 if LINUX else 0


def usage(rusages: list[resource.struct_rusage]) -> dict[str, float]:
    """The resource usage of several processes together; `maxrss` is that of the largest, B."""
    total = {name: sum(getattr(rusage, "ru_" + name) for rusage in rusages) for name in SUMMED}
    return {**total, "maxrss": max(rusage.ru_maxrss for rusage in rusages) * (1024 if LINUX else 1)}


def children() -> list[int]:
    """The process ids of our own children."""
    own = os.getpid()
    try:
        os.waitid(
            os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT
        )  # tells most often, and at once, that there is none
        return [int(pid) for pid in read(f"/proc/self/task/{own}/children").split()]
    except ChildProcessError:
        return []
    except FileNotFoundError:  # a kernel without CONFIG_PROC_CHILDREN
        return [int(pid) for pid in os.listdir("/proc") if pid.isdigit() and _parent(pid) == own]


def _parent(pid: str) -> int:
    try:
        return int(read(f"/proc/{pid}/stat").rpartition(")")[2].split()[1])
    except OSError:
        return 0
