"""Memory of a running program and its descendants: RSS, PSS, and whether it has a memory cgroup of its own."""

import threading
import time
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self

import psutil

from perfkit.instruments.cpu import tree

_PROC = Path("/proc")
_PAGE = 4096
with suppress(ImportError):
    import resource

    _PAGE = resource.getpagesize()

PSS_READABLE = (_PROC / "self" / "smaps_rollup").exists()
"""Whether this kernel tells a process's proportional set size."""

_POINT_EVERY = 0.1
_PSS_EVERY = 0.2
_NEW_MAXIMUM = 1.01


def rss(pid: int) -> int:
    """Resident set size in B, shared pages included; 0 if it is gone."""
    with suppress(OSError, psutil.Error):
        if _PROC.is_dir():
            return int((_PROC / str(pid) / "statm").read_bytes().split()[1]) * _PAGE
        return int(psutil.Process(pid).memory_info().rss)
    return 0


def pss(pid: int) -> int:
    """Proportional set size in B (each shared page divided by its users); 0 if it is gone.

    Costs about 9 µs per resident MiB, and the program may have to wait for it.
    """
    with suppress(OSError):
        for line in (_PROC / str(pid) / "smaps_rollup").read_bytes().splitlines():
            if line.startswith(b"Pss:"):
                return int(line.split()[1]) * 1024
    return 0


def has_own_cgroup(pid: int) -> bool:
    """Whether it is in another memory cgroup than we are."""
    try:
        return _memory_cgroup(pid) != _memory_cgroup("self")
    except OSError:
        return False


def _memory_cgroup(pid: int | str) -> list[str]:
    """Its paths in the hierarchy of version 2 and, where mounted, in that of version 1's memory controller."""
    lines = (_PROC / str(pid) / "cgroup").read_text().splitlines()
    return [line for line in lines if line.startswith("0::") or "memory" in line.split(":")[1].split(",")]


class MemoryWatch:
    """Samples the memory of a program and its descendants in a thread, from entering to leaving the block.

    `times` (s since entering) and `sums` (B) are the summed RSS ten times a second, each the highest since the last.
    With `several`, PSS is read too while there is more than one process, with `always` at any time: five times a second
    and where the summed RSS exceeds what it was at any reading before. `peak_pss` is the highest sum seen, B.
    """

    def __init__(self, pid: int, *, several: bool = False, always: bool = False) -> None:
        self.times: list[float] = []
        self.sums: list[int] = []
        self.peak_pss = 0
        self.gone = threading.Event()
        self._pid = pid
        self._several, self._always = several, always
        self._interval = 0.02 if several or always else _POINT_EVERY
        self._leave = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="memory watch", daemon=True)
        self._entered = self._point_at = self._pss_at = 0.0
        self._highest = self._highest_at_pss = 0

    def __enter__(self) -> Self:
        self._entered = time.monotonic()
        self._point_at = self._pss_at = self._entered
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._leave.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._leave.is_set():
            members = tree(self._pid)
            total = sum(map(rss, members))
            if total == 0:
                break
            self._see(time.monotonic(), members, total)
            self._leave.wait(self._interval)
        if self._highest:
            self._add_point(time.monotonic())
        self.gone.set()

    def _see(self, now: float, members: tuple[int, ...], total: int) -> None:
        self._highest = max(self._highest, total)
        if now >= self._point_at:
            self._add_point(now)
        if not (self._always or (self._several and len(members) > 1)):
            return
        higher = total > self._highest_at_pss * _NEW_MAXIMUM
        if higher or now >= self._pss_at:
            self._highest_at_pss = max(self._highest_at_pss, total)
            self.peak_pss = max(self.peak_pss, self._pss_together(members))
            self._pss_at = now + _PSS_EVERY

    def _pss_together(self, members: tuple[int, ...]) -> int:
        """Their summed PSS; 0 if one came or went meanwhile: its share of a page would count twice or not."""
        shares = [pss(member) for member in members]
        together = all(shares) and tree(self._pid) == members and all(map(rss, members))
        return sum(shares) if together else 0

    def _add_point(self, now: float) -> None:
        self.times.append(now - self._entered)
        self.sums.append(self._highest)
        self._highest, self._point_at = 0, now + _POINT_EVERY
