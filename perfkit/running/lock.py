"""One measuring run on a machine at a time: two would disturb each other."""

import os
import stat
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from perfkit.model.errors import MeasurementError

_NAME = "perfkit-measuring.lock"
_SHARED = tuple(map(Path, ("/run/lock", "/dev/shm", "/tmp")))  # noqa: S108 - all users must come to the same file
"""Where all users of a machine can write: a temporary folder may be each user's own."""
_STEP = 0.25
"""Seconds between two looks at whether it is free: a look costs microseconds, which disturbs nobody."""


def lock_file(environ: Mapping[str, str] = os.environ, shared: Sequence[Path] = _SHARED) -> Path:
    """The file that everybody on this machine locks; PERFKIT_LOCK names another one."""
    if named := environ.get("PERFKIT_LOCK"):
        return Path(named)
    return next((place for place in shared if _is_everybodys(place)), Path(tempfile.gettempdir())) / _NAME


def _is_everybodys(place: Path) -> bool:
    """Whether all may make files there, and nobody may remove another's."""
    try:
        mode = place.stat().st_mode
    except OSError:
        return False
    everybodys = stat.S_ISVTX | stat.S_IRWXU | stat.S_IRWXG | stat.S_IRWXO
    return stat.S_ISDIR(mode) and mode & everybodys == everybodys and os.access(place, os.W_OK)


def _say_nothing(holder: str) -> None:
    pass


@contextmanager
def machine_lock(
    holder: str,
    path: Path | None = None,
    *,
    wait: float = 0.0,
    waiting: Callable[[str], None] = _say_nothing,
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], None] = time.sleep,
) -> Iterator[None]:
    """Hold the machine while measuring; `holder` is what others are told.

    Where another holds it, `waiting` is told who and it is waited for, `wait` s at most. Raises MeasurementError if it
    is still held then, or cannot be locked. The file stays behind, empty: removing it would let two runs lock two files
    of one name.
    """
    descriptor = _open(path or lock_file())
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
    try:
        descriptor = _made_or_opened(path)
    except OSError as error:
        raise _unusable(path, str(error.strerror)) from error
    found = os.fstat(descriptor)
    if not stat.S_ISREG(found.st_mode) or found.st_nlink > 1:  # what is told would be written into another's file
        os.close(descriptor)
        raise _unusable(path, "it is no plain file of its own")
    return descriptor


def _made_or_opened(path: Path) -> int:
    """Made for everybody where there is none; never through a symbolic link, which another user may have put there."""
    flags = sum(getattr(os, name, 0) for name in ("O_CLOEXEC", "O_NOFOLLOW", "O_NONBLOCK"))
    try:
        made = os.open(path, flags | os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o666)
    except FileExistsError:
        try:
            return os.open(path, flags | os.O_RDWR)
        except PermissionError:  # another user's file: it can be locked, but not written
            return os.open(path, flags | os.O_RDONLY)
    if hasattr(os, "fchmod"):
        os.fchmod(made, 0o666)  # whatever the umask
    return made


def _unusable(path: Path, why: str) -> MeasurementError:
    return MeasurementError(
        f"the machine's lock {path} cannot be used: {why}", hint="remove it, or name another file in PERFKIT_LOCK"
    )


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
