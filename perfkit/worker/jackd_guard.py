"""Removes what a private jackd leaves in shared memory, also where everybody else was killed.

Run by path as `python jackd_guard.py NAME PID`, in a session of its own. At each line on its stdin it looks what
belongs to jackd (PID), and answers with a line. When its stdin ends, because the one who started it is done or dead, it
waits until jackd has ended and removes the files of server NAME, those of earlier servers of perfkit whose owners are
gone, and JACK's registry once no server needs it. Standard library only.
"""

from __future__ import annotations

import contextlib
import glob
import os
import re
import shutil
import signal
import sys
import time

SHARED_MEMORY = "/dev/shm"  # noqa: S108 - where jackd itself puts its memory
PATIENCE = 15.0


def mapped(pid: int) -> set[str]:
    """The shared memory that a server has mapped; nothing where it has ended."""
    try:
        with open("/proc/%d/maps" % pid, encoding="utf-8") as file:
            paths = {line.split(None, 5)[-1].strip() for line in file if SHARED_MEMORY + "/jack-" in line}
    except OSError:
        return set()
    return {path for path in paths if not path.endswith("jack-shm-registry")}


def forget(name: str, ours: set[str]) -> None:
    """Remove the files of server `name`, `ours`, and what belongs to nobody any more."""
    for path in glob.glob(SHARED_MEMORY + "/jack_*perfkit-*"):
        owner = re.search(r"perfkit-(\d+)_", path)
        if "_%s_" % name in path or (owner and not os.path.exists("/proc/" + owner[1])):
            remove(path)
    for path in ours:
        remove(path)
    if not glob.glob(SHARED_MEMORY + "/jack_sem.*") and not glob.glob(SHARED_MEMORY + "/jack-[0-9]*"):
        shutil.rmtree("%s/jack_db-%d" % (SHARED_MEMORY, os.getuid()), ignore_errors=True)
        remove(SHARED_MEMORY + "/jack-shm-registry")


def remove(path: str) -> None:
    """Remove a file that may be gone already."""
    with contextlib.suppress(OSError):
        os.unlink(path.replace(" (deleted)", ""))


def main(arguments: list[str]) -> None:
    """Wait for the end, and clean up after it."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    name, pid = arguments[0], int(arguments[1])
    ours: set[str] = set()
    for _ in sys.stdin:
        ours |= mapped(pid)
        sys.stdout.write("seen\n")
        sys.stdout.flush()
    until = time.monotonic() + PATIENCE
    while os.path.exists("/proc/%d" % pid) and time.monotonic() < until:
        ours |= mapped(pid)
        time.sleep(0.01)
    forget(name, ours)


if __name__ == "__main__":
    main(sys.argv[1:])
