"""A canary: wakes every period, does nothing, and notes when it woke too late.

Beside a program, it tells the machine's doings from the program's. Run by path as `python canary.py PERIOD LATE
REPORT`: PERIOD and what counts as LATE in ns. Prints `canary` once it runs; at SIGTERM it writes its report as JSON and
ends. Standard library only.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import sys
import time

PRIORITY = 70
SECOND = 10**9
MOST = 10_000  # events kept


class Canary:
    """Its beats and its late wakings, `[due, woken]` in ns of CLOCK_MONOTONIC."""

    def __init__(self, period: int, limit: int) -> None:
        self.period, self.limit = period, limit
        self.late: list[tuple[int, int]] = []
        self.beats = 0
        self.longest = 0
        self.told = False

    def run(self) -> None:
        """Beat until told to end. After a late waking the beat goes on from there."""
        due = time.monotonic_ns() + self.period
        while not self.told:
            now = time.monotonic_ns()
            while now < due and not self.told:
                time.sleep((due - now) / SECOND)
                now = time.monotonic_ns()
            self.beats += 1
            self.longest = max(self.longest, now - due)
            if now - due > self.limit:
                if len(self.late) < MOST:
                    self.late.append((due, now))
                due = now
            due += self.period

    def end(self, *_: object) -> None:
        """Take the signal to end."""
        self.told = True


def main(arguments: list[str]) -> None:
    """Beat, and write the report whole or not at all."""
    canary = Canary(int(arguments[0]), int(arguments[1]))
    signal.signal(signal.SIGTERM, canary.end)
    with contextlib.suppress(AttributeError, OSError):
        os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(PRIORITY))
    sys.stdout.write("canary\n")
    sys.stdout.flush()
    canary.run()
    report = {"beats": canary.beats, "late": canary.late, "longest": canary.longest}
    with open(arguments[2] + ".part", "w", encoding="utf-8") as file:
        json.dump(report, file)
    os.replace(arguments[2] + ".part", arguments[2])


if __name__ == "__main__":
    main(sys.argv[1:])
