"""A canary: wakes every period, does nothing, and notes when it woke too late.

Beside a program, it tells the machine's doings from the program's. Run by path as `python canary.py PERIOD LATE REPORT
[CORE FIRST STEP COUNT]`: PERIOD and what counts as LATE in ns. On a CORE it stands above any audio thread there, so
that nothing but the machine can make it late. In each period from FIRST (ns of CLOCK_MONOTONIC) on it then beats COUNT
times, STEP ns apart, and after a late beat every STEP until one is in time. Prints `canary` once it runs; at SIGTERM it
writes its report as JSON and ends. Standard library only.
"""

from __future__ import annotations

import contextlib
import gc
import json
import os
import signal
import sys
import time

PRIORITY = 70
ABOVE = 90
SECOND = 10**9
MOST = 10_000  # events kept


class Canary:
    """Its beats and its late wakings, `[due, woken]` in ns of CLOCK_MONOTONIC."""

    def __init__(self, period: int, limit: int, step: int = 0, count: int = 1) -> None:
        self.period, self.limit, self.step, self.count = period, limit, step, count
        self.late: list[tuple[int, int]] = []
        self.beats = 0
        self.longest = 0
        self.told = False

    def run(self, first: int) -> None:
        """Beat until told to end; beats that were slept through are left out."""
        due = self.next_beat(time.monotonic_ns(), first)
        while not self.told:
            now = time.monotonic_ns()
            while now < due and not self.told:
                time.sleep((due - now) / SECOND)
                now = time.monotonic_ns()
            due = self.beat(due, now, first)

    def beat(self, due: int, now: int, first: int) -> int:
        """Note one that was due and came now; when the next is due."""
        self.beats += 1
        self.longest = max(self.longest, now - due)
        coming = self.next_beat(now, first)
        if now - due <= self.limit:
            return coming
        if len(self.late) < MOST:
            self.late.append((due, now))
        return min(coming, now + self.step) if self.step else coming

    def next_beat(self, now: int, first: int) -> int:
        """The first beat after `now`."""
        begun = first + (now - first) // self.period * self.period
        inside = (begun + beat * self.step for beat in range(self.count))
        return next((beat for beat in inside if beat > now), begun + self.period)

    def end(self, *_: object) -> None:
        """Take the signal to end."""
        self.told = True


def main(arguments: list[str]) -> None:
    """Beat, and write the report whole or not at all."""
    core, first, step, count = map(int, arguments[3:]) if len(arguments) > 3 else (None, time.monotonic_ns(), 0, 1)
    canary = Canary(int(arguments[0]), int(arguments[1]), step, count)
    signal.signal(signal.SIGTERM, canary.end)
    gc.disable()
    real_time = False
    with contextlib.suppress(AttributeError, OSError):
        if core is not None:
            os.sched_setaffinity(0, {core})
        os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(PRIORITY if core is None else ABOVE))
        real_time = True
    sys.stdout.write("canary\n")
    sys.stdout.flush()
    canary.run(first)
    report = {"beats": canary.beats, "late": canary.late, "longest": canary.longest, "real_time": real_time}
    with open(arguments[2] + ".part", "w", encoding="utf-8") as file:
        json.dump(report, file)
    os.replace(arguments[2] + ".part", arguments[2])


if __name__ == "__main__":
    main(sys.argv[1:])
