"""One measuring run on a machine at a time: two would disturb each other."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from perfkit.model.errors import MeasurementError

LOCK = Path(tempfile.gettempdir()) / "perfkit-measuring.lock"


@contextmanager
def machine_lock(holder: str, path: Path = LOCK) -> Iterator[None]:
    """Hold the machine while measuring; `holder` is what others are told. Raises MeasurementError if it is held.

    The file stays behind, empty: removing it would let two runs lock two files of one name.
    """
    descriptor = _open(path)
    try:
        if not _try_lock(descriptor):
            told = os.read(descriptor, 200).decode(errors="replace").strip() or "another perfkit"
            raise MeasurementError(
                f"{told} is measuring on this machine", hint="wait until it ends: two runs would disturb each other"
            )
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
