"""Which file a command starts, and why it could not be started."""

import errno
import os
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path

from perfkit.model.errors import Failed


@dataclass(frozen=True, slots=True)
class CommandLine:
    """A command with its first word resolved: `path` is what is executed, `argv` what it is given."""

    path: str
    argv: tuple[str, ...]
    cwd: Path

    @property
    def name(self) -> str:
        """What messages call it."""
        return Path(self.argv[0]).name

    def refused(self, number: int, text: str) -> Failed:
        """What to raise where the system would not start it, for this errno."""
        if number == errno.ENOENT and not self.cwd.is_dir():
            return _nowhere(self.name, self.cwd)
        if number == errno.ENOENT and Path(self.path).exists():
            return Failed(
                f"{self.path}: its interpreter (the line after #!) does not exist", hint="mend its first line"
            )
        if number == errno.EACCES:
            return Failed(
                f"{self.path} may not be executed", hint=f"chmod +x {self.path}, or put its interpreter first"
            )
        if number == errno.ENOEXEC:
            return Failed(f"{self.path} is no program: {text}", hint="put its interpreter first, such as sh or python")
        return Failed(f"{self.path} cannot be started: {text}")


def with_python(command: tuple[str, ...], python: str) -> tuple[str, ...]:
    """The command with a first word `python` or `python3` replaced by the side's interpreter."""
    return (python, *command[1:]) if command[0] in {"python", "python3"} else command


def resolve_command(command: tuple[str, ...], cwd: Path, python: str, search: str) -> CommandLine:
    """The command line of `command`; `python` and `python3` mean the side's interpreter, `search` is its PATH.

    Raises Failed where there is no such command, or no such `cwd`.
    """
    first = command[0]
    if with_python(command, python) != command:
        return CommandLine(python, with_python(command, python), cwd)
    if os.sep in first:
        path = cwd / first
        if not path.exists():
            if not cwd.is_dir():
                raise _nowhere(path.name, cwd)
            raise Failed(
                f"command not found: {first!r} in {cwd}", hint="a path starts at cwd, which starts at the root"
            )
        return CommandLine(str(path), command, cwd)
    found = shutil.which(first, path=search)
    if found is None:
        hint = "give its path, or a command that is on PATH: " + search
        beside = Path(python).parent / first
        if sys.platform != "win32" and beside.exists():
            hint = f"it stands beside the side's interpreter; write {str(beside)!r}"
        raise Failed(f"command not found: {first!r}", hint=hint)
    return CommandLine(str(cwd / found), command, cwd)


def _nowhere(name: str, cwd: Path) -> Failed:
    return Failed(f"{name}: the working folder {cwd} does not exist", hint="cwd starts at the side's root")
