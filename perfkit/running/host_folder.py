"""The folder of a probe host: removed with it, or by a later run where perfkit was killed."""

import os
import shutil
import sys
import tempfile
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory

_PREFIX = "perfkit-host-"
_OWNER = "owner"
"""A file that its owner holds locked from before it has this name, so that whoever can lock it outlived the owner."""


class HostFolder:
    """A new folder in the one for temporary files."""

    def __init__(self) -> None:
        self._folder = TemporaryDirectory(prefix=_PREFIX, ignore_cleanup_errors=True)
        self._lock = _owned(Path(self._folder.name))

    @property
    def name(self) -> str:
        """Its path."""
        return self._folder.name

    def remove(self) -> None:
        """Remove it with all that is in it."""
        self._folder.cleanup()
        os.close(self._lock)


def remove_abandoned() -> None:
    """Remove the folders whose owners are gone. One that is being removed by another perfkit is left to it."""
    for folder in Path(tempfile.gettempdir()).glob(f"{_PREFIX}*"):
        with suppress(OSError):
            _remove_abandoned(folder)


def _owned(folder: Path) -> int:
    """The descriptor that holds the lock; on a file system without locks, the folder never counts as abandoned."""
    new = folder / f"{_OWNER}.new"
    descriptor = os.open(new, os.O_CREAT | os.O_RDWR, 0o600)
    with suppress(OSError):
        if _lock(descriptor):
            new.rename(folder / _OWNER)
    return descriptor


def _remove_abandoned(folder: Path) -> None:
    if sys.platform == "win32" or folder.lstat().st_uid != os.geteuid() or folder.is_symlink():
        return
    owner = folder / _OWNER
    descriptor = os.open(owner, os.O_RDWR | os.O_NOFOLLOW)
    try:
        # Another may have removed it, and one of the same name be there by now.
        if _lock(descriptor) and os.path.samestat(os.fstat(descriptor), owner.lstat()):
            _empty(folder, owner)
            owner.unlink()  # last: what cannot be removed now is found again
            folder.rmdir()
    finally:
        os.close(descriptor)


def _empty(folder: Path, owner: Path) -> None:
    for path in folder.iterdir():
        if path == owner:
            continue
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink()


def _lock(descriptor: int) -> bool:
    """Whether it could be had. Raises OSError where the file system knows no locks."""
    if sys.platform == "win32":
        return False
    import fcntl

    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
