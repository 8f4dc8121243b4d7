"""Which files a program works with: what it has mapped, and the code that a Python loads."""

import re
import threading
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from perfkit.instruments.cpu import tree

_PROC = Path("/proc")
_EVERY = 0.001
TELLS_ITS_CODE: Final = ("-v", "PYTHONVERBOSE")
"""The option, and the variable, with which a Python tells on stderr which files it takes code from."""

_CODE = re.compile(r"^# code object from '?(/[^'\n]+)'?$|^# (/.+\.pyc) matches (/.+)$", re.MULTILINE)


def python_code(stderr: str) -> set[Path]:
    """The files that it took code from, out of what a Python wrote to stderr by TELLS_ITS_CODE."""
    return {Path(name) for names in _CODE.findall(stderr) for name in names if name}


class MappedFiles:
    """Notes the files that a program and its descendants map, from entering to leaving the block.

    It looks a thousand times a second in a thread; what lives shorter than that may go unseen.
    """

    def __init__(self, pid: int) -> None:
        self.files: set[Path] = set()
        self._pid = pid
        self._leave = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="mapped files", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._leave.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._leave.wait(_EVERY):
            members = tree(self._pid)
            for member in members:
                self.files |= mapped_files(member)
            if not members:
                break


def mapped_files(pid: int) -> set[Path]:
    """The files that it has mapped now: its executable, shared libraries and what else it maps; empty if it is gone."""
    found: set[Path] = set()
    with suppress(OSError):
        for line in (_PROC / str(pid) / "maps").read_text(encoding="utf-8", errors="surrogateescape").splitlines():
            _, _, _, _, inode, *name = line.split(None, 5)
            if inode != "0" and name and name[0].startswith("/") and not name[0].endswith(" (deleted)"):
                found.add(Path(name[0]))
    return found
