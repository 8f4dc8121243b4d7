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
CLIENTS_END = 0.5


def mapped(pid: int) -> set[str]:
    """The shared memory that a server has mapped; nothing where it has ended."""
    try:
        with open("/proc/%d/maps" % pid, encoding="utf-8") as file:
            paths = {line.split(None, 5)[-1].strip() for line in file if SHARED_MEMORY + "/jack-" in line}
    except OSError:
        return set()
    return {path for path in paths if not path.endswith("jack-shm-registry")}


def orphans(since: float) -> set[str]:
    """Segments made since then that no process has mapped: those of clients that were killed with their server."""
    made = {path for path in glob.glob(SHARED_MEMORY + "/jack-%d-*" % os.getuid()) if made_at(path) >= since}
    return (
        made - {path for process in glob.glob("/proc/[0-9]*") for path in mapped(int(process[6:]))} if made else set()
    )


def made_at(path: str) -> float:
    """When a file was made, s of the epoch; 0 where it is gone."""
    try:
        return os.stat(path).st_mtime
    except OSError:
        return 0.0


def forget(name: str, ours: set[str], since: float) -> None:
    """Remove the files of server `name`, `ours`, and what was made `since` (s of the epoch) and belongs to nobody."""
    for path in glob.glob(SHARED_MEMORY + "/jack_*perfkit-*"):
        owner = re.search(r"perfkit-(\d+)_", path)
        if "_%s_" % name in path or (owner and not os.path.exists("/proc/" + owner[1])):
            remove(path)
    for path in ours | orphans(since):
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
    since = time.time() - PATIENCE
    for _ in sys.stdin:
        ours |= mapped(pid)
        sys.stdout.write("seen\n")
        sys.stdout.flush()
    until = time.monotonic() + PATIENCE
    while os.path.exists("/proc/%d" % pid) and time.monotonic() < until:
        ours |= mapped(pid)
        time.sleep(0.01)
    forget(name, ours, since)
    if glob.glob(SHARED_MEMORY + "/jack-%d-*" % os.getuid()):  # clients that are being killed may still hold them
        time.sleep(CLIENTS_END)
        forget(name, ours, since)


if __name__ == "__main__":
    main(sys.argv[1:])
