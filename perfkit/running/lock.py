"""One measuring run on a machine at a time: two would disturb each other."""

import os
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from perfkit.model.errors import MeasurementError

LOCK = Path(tempfile.gettempdir()) / "perfkit-measuring.lock"
_STEP = 0.25
"""Seconds between two looks at whether it is free: a look costs microseconds, which disturbs nobody."""


def _say_nothing(holder: str) -> None:
    pass


@contextmanager
def machine_lock(
    holder: str,
    path: Path = LOCK,
    *,
    wait: float = 0.0,
    waiting: Callable[[str], None] = _say_nothing,
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], None] = time.sleep,
) -> Iterator[None]:
    """Hold the machine while measuring; `holder` is what others are told.

    Where another holds it, `waiting` is told who and it is waited for, `wait` s at most. Raises MeasurementError if it
    is still held then. The file stays behind, empty: removing it would let two runs lock two files of one name.
    """
    descriptor = _open(path)
    try:
        until = clock() + wait
        if wait and not _try_lock(descriptor):
            waiting(_holder(descriptor))
        while not _try_lock(descriptor):
            if clock() >= until:
                hint = "two runs would disturb each other; --wait 10min waits until it ends"
                raise MeasurementError(f"{_holder(descriptor)} is measuring on this machine", hint=hint)
            sleep(_STEP)
        _tell(descriptor, holder)
        yield
        _tell(descriptor, "")
    finally:
        os.close(descriptor)


def _open(path: Path) -> int:
    flags = os.O_CREAT | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_NOFOLLOW", 0)
    try:
        return os.open(path, flags | os.O_RDWR, 0o666)
    except PermissionError:  # another user's file: it can be locked, but not written
        return os.open(path, os.O_RDONLY)


def _holder(descriptor: int) -> str:
    os.lseek(descriptor, 0, os.SEEK_SET)
    return os.read(descriptor, 200).decode(errors="replace").strip() or "another perfkit"


def _try_lock(descriptor: int) -> bool:
    try:
        import fcntl
    except ImportError:
        return True  # Windows has no advisory lock on a descriptor
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _tell(descriptor: int, holder: str) -> None:
    try:
        os.truncate(descriptor, 0)
        os.lseek(descriptor, 0, os.SEEK_SET)
        os.write(descriptor, holder.encode()[:200])
    except OSError:
        return  # opened for reading only: the lock holds all the same
