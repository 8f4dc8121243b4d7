"""The generator before its neighbours: a request that leaves late says nothing about the service."""

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

_NICE = -15
_AUTOGROUP = Path("/proc/self/autogroup")


@contextmanager
def preferred() -> Iterator[str]:
    """The calling thread at a higher priority while inside, where that is allowed; yields what holds, in words."""
    if not hasattr(os, "setpriority"):
        yield "usual priority"
        return
    before = os.getpriority(os.PRIO_PROCESS, 0)
    try:
        os.setpriority(os.PRIO_PROCESS, 0, _NICE)
    except OSError:
        yield "usual priority: nice values below 0 are refused"
        return
    with _session_preferred():
        try:
            yield f"generator at nice {_NICE}"
        finally:
            os.setpriority(os.PRIO_PROCESS, 0, before)


def prefer(pid: int) -> None:
    """The same for another process of ours until it ends, where that is allowed."""
    if hasattr(os, "setpriority"):
        with suppress(OSError):
            os.setpriority(os.PRIO_PROCESS, pid, _NICE)
            Path(f"/proc/{pid}/autogroup").write_text(str(_NICE))


@contextmanager
def _session_preferred() -> Iterator[None]:
    """The same for the whole session's group: with autogrouping (sched(7)) nice values count only within one."""
    try:
        before = _AUTOGROUP.read_text().rpartition("nice")[2].strip()
        _AUTOGROUP.write_text(str(_NICE))
    except OSError:
        yield
        return
    try:
        yield
    finally:
        _AUTOGROUP.write_text(before)
