"""Files in the kernel's page cache: dropping them, and what stays of them."""

import ctypes
import mmap
import os
from collections.abc import Collection
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path

DROPPABLE = hasattr(os, "posix_fadvise")
"""Whether this system lets a program drop a file's pages."""

IN_MEMORY = frozenset({"tmpfs", "ramfs", "devtmpfs", "hugetlbfs"})
"""File systems that keep their files nowhere but in the page cache."""


@dataclass(frozen=True, slots=True)
class Dropped:
    """Files whose pages were dropped, their size together in B, and what stayed of which, B."""

    files: tuple[Path, ...]
    size: int
    stayed: dict[Path, int]


def drop(files: Collection[Path]) -> Dropped:
    """Drop the pages of these files with posix_fadvise(2), POSIX_FADV_DONTNEED; what cannot be read is left out.

    Only clean pages go, so a file that was just written is synced first; pages that a running process has mapped stay.
    """
    dropped, size, stayed = [], 0, {}
    for file in sorted(files):
        with suppress(OSError):
            with file.open("rb") as opened:
                found = os.fstat(opened.fileno())
                ours = found.st_uid == os.geteuid() or os.access(file, os.W_OK)
                left = _drop(opened.fileno(), found.st_size, ours=ours)
            dropped.append(file)
            size += found.st_size
            if left:
                stayed[file] = left
    return Dropped(tuple(dropped), size, stayed)


def _drop(fd: int, length: int, *, ours: bool) -> int:
    """What stayed, B; mincore(2) tells it only of files that are `ours` to write, and only such can be unwritten."""
    os.posix_fadvise(fd, 0, 0, os.POSIX_FADV_DONTNEED)
    if not (ours and _resident(fd, length)):
        return 0
    with suppress(OSError):  # read-only file systems have nothing to write
        os.fdatasync(fd)
    os.posix_fadvise(fd, 0, 0, os.POSIX_FADV_DONTNEED)
    return _resident(fd, length)


def _resident(fd: int, length: int) -> int:
    """Bytes of a file in memory, by mincore(2)."""
    if not length:
        return 0
    pages = -(-length // mmap.PAGESIZE)
    seen = (ctypes.c_ubyte * pages)()
    with closing(mmap.mmap(fd, length, access=mmap.ACCESS_COPY)) as view:
        start = ctypes.c_char.from_buffer(view)
        failed = ctypes.CDLL(None).mincore(ctypes.byref(start), ctypes.c_size_t(length), seen)
        del start  # else the mapping could not be closed
    return 0 if failed else min(length, sum(page & 1 for page in seen) * mmap.PAGESIZE)


def file_system(file: Path) -> str:
    """The type of the file system that holds it (`ext4`, `tmpfs`), by the longest mount point above it."""
    with suppress(OSError):
        real = file.resolve()
        mounts = [line.split() for line in Path("/proc/self/mountinfo").read_text(encoding="utf-8").splitlines()]
        above = [fields for fields in mounts if real.is_relative_to(_unescaped(fields[4]))]
        fields = max(above, key=lambda found: len(found[4]))  # of two on one place the later one covers the other
        return fields[fields.index("-") + 1]
    return "an unknown file system"


def _unescaped(mount: str) -> str:
    return mount.replace("\\040", " ").replace("\\011", "\t").replace("\\134", "\\")
