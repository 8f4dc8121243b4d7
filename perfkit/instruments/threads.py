"""The clocks of every thread of a running program and its descendants, read at a low cost of our own."""

import errno
import os
import threading
import time
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Self

from perfkit.instruments.cpu import process_clock, tree

READABLE = Path("/proc/self/schedstat").exists()
"""Whether this kernel tells the clocks of threads."""
INTERVAL = 0.1
"""Seconds between two samples."""
_FULL = {errno.EMFILE, errno.ENFILE}
_NAMES_EVERY = 10
_CHILDREN_EVERY = 2
_SCHEDSTAT_BYTES = 64
_CHILDREN_BYTES = 65536


@dataclass(slots=True)
class ThreadClock:
    """One thread: its last name, and what its schedstat said at each sample from number `first` on.

    Three numbers, cumulated since its start: executed ns, ns that it waited for a core, and how often it ran (the
    kernel's sched-stats.rst). They are left as they were read, because taking them apart costs as much as reading.
    """

    pid: int
    tid: int
    name: str
    first: int
    samples: list[bytes] = field(default_factory=list)


@dataclass(slots=True)
class ProcessClock:
    """One process: CPU s of all its threads, ended ones too, at each sample from number `first` on."""

    pid: int
    first: int
    used: list[float] = field(default_factory=list)


@dataclass(slots=True)
class _Files:
    """What is kept open of a thread: read with pread(2), a file costs a tenth of what opening it would."""

    clock: ThreadClock
    schedstat: int
    children: int

    def close(self) -> None:
        for file in (self.schedstat, self.children):
            os.close(file)


class ThreadMonitor:
    """Samples from entering to leaving the block, 10 times a second and once at either end.

    `at` are the samples' times (time.monotonic() s). `own_cpu` is what the sampling itself took, s. `gone` is set once
    the program has ended. `unread` counts what could not be followed because too many files are open, two a thread.
    """

    def __init__(self, pid: int, interval: float = INTERVAL) -> None:
        self.at: list[float] = []
        self.threads: list[ThreadClock] = []
        self.processes: list[ProcessClock] = []
        self.own_cpu = 0.0
        self.unread = 0
        self.gone = threading.Event()
        self._pid, self._interval = pid, interval
        self._open: dict[int, dict[int, _Files]] = {}
        self._clocks: dict[int, ProcessClock] = {}
        self._leave = threading.Event()
        self._thread = threading.Thread(target=self._run, name="cpu monitor", daemon=True)

    def __enter__(self) -> Self:
        for pid in tree(self._pid):
            self._follow(pid)
        self._sample()
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._leave.set()
        self._thread.join()
        if not self.gone.is_set():
            self._sample()
        for pid in list(self._open):
            self._forget(pid)

    def _run(self) -> None:
        due = self.at[0]
        while not self.gone.is_set():
            due = max(due + self._interval, time.monotonic())
            if self._leave.wait(due - time.monotonic()):
                break
            self._sample()
        self.own_cpu = time.thread_time()

    def _sample(self) -> None:
        number = len(self.at)
        self.at.append(time.monotonic())
        for pid in list(self._open):
            try:
                self._clocks[pid].used.append(process_clock(pid))
                self._meet_threads(pid, number)
            except OSError as error:
                if error.errno not in _FULL:
                    self._forget(pid)
                    continue
                self.unread += 1
            for tid, files in list(self._open[pid].items()):
                self._read(pid, tid, files, number)
        if self._pid not in self._open:
            self.gone.set()

    def _read(self, pid: int, tid: int, files: _Files, number: int) -> None:
        clock = files.clock
        try:
            sample = os.pread(files.schedstat, _SCHEDSTAT_BYTES, 0)
            if number % _NAMES_EVERY == 0 or number - clock.first == 1:
                clock.name = _name(pid, tid)
            children = os.pread(files.children, _CHILDREN_BYTES, 0) if number % _CHILDREN_EVERY == 0 else b""
        except OSError:
            files.close()
            del self._open[pid][tid]
            return
        clock.samples.append(sample)
        for child in map(int, children.split()):
            if child not in self._open:
                self._follow(child)

    def _follow(self, pid: int) -> None:
        """Begin with a process that is new; it is read from the next sample on."""
        self._open[pid] = {}
        self._clocks[pid] = ProcessClock(pid, len(self.at))
        self.processes.append(self._clocks[pid])

    def _meet_threads(self, pid: int, number: int) -> None:
        known = self._open[pid]
        for tid in map(int, os.listdir(f"/proc/{pid}/task")):  # noqa: PTH208 - a tenth of what Path.iterdir() costs
            if tid not in known:
                try:
                    known[tid] = _opened(pid, tid, number)
                except OSError as error:
                    self.unread += error.errno in _FULL
                else:
                    self.threads.append(known[tid].clock)

    def _forget(self, pid: int) -> None:
        for files in self._open.pop(pid).values():
            files.close()


def _opened(pid: int, tid: int, number: int) -> _Files:
    with ExitStack() as undo:
        files = []
        for name in ("schedstat", "children"):
            files.append(os.open(f"/proc/{pid}/task/{tid}/{name}", os.O_RDONLY))
            undo.callback(os.close, files[-1])
        clock = ThreadClock(pid, tid, _name(pid, tid), number)
        undo.pop_all()
    return _Files(clock, *files)


def _name(pid: int, tid: int) -> str:
    with open(f"/proc/{pid}/task/{tid}/comm", encoding="utf-8", errors="replace") as comm:  # noqa: PTH123 - cheaper
        return comm.read().rstrip("\n")
