"""Running a project's build command on a side, with its output kept."""

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryFile

from perfkit.model.errors import MeasurementError
from perfkit.model.reasons import shortened
from perfkit.running.sides.child import child
from perfkit.running.sides.git import without_git

_KEPT = 64 * 1024
_SHOWN = 20


@dataclass(frozen=True, slots=True)
class Build:
    """`[build]`: the command (never a shell) that is run in each side's root, and its limit in s."""

    command: tuple[str, ...]
    timeout: float = 600.0

    def __post_init__(self) -> None:
        if not self.command:
            raise ValueError("a build command names at least a program")
        if self.timeout <= 0:
            raise ValueError("a build's timeout is longer than 0 s")


@dataclass(frozen=True, slots=True)
class Built:
    """A build that succeeded: how long it took in s, and the last 64 KiB of what it printed (stdout and stderr)."""

    duration: float
    output: str


def build_side(build: Build, name: str, root: Path) -> Built:
    """Build the side `name` in `root`.

    The environment is the caller's but for an activated virtual environment, which is not this side's. `python` is one
    outside of it. Raises MeasurementError with the exit code and the tail of the output.
    """
    env = _environment(os.environ)
    shown = " ".join(build.command)
    began = time.monotonic()
    with TemporaryFile() as out:  # a file, not a pipe: a daemon that a build leaves behind would hold a pipe open
        try:
            command = _command(build.command, env.get("PATH"))
            with child(command, cwd=root, env=env, stdout=out, stderr=subprocess.STDOUT) as process:
                code = process.wait(build.timeout)
        except subprocess.TimeoutExpired:
            problem = f"building the {name} takes longer than {build.timeout:g} s"
            raise _failed(problem, shown, _tail(out.fileno()), "[build] timeout allows more") from None
        except OSError as error:
            problem = f"building the {name}: {build.command[0]} cannot be started: {error.strerror or error}"
            raise _failed(problem, shown, "", "[build] command names a program and its arguments") from None
        output = _tail(out.fileno())
    if code:
        raise _failed(f"building the {name} failed with exit code {code}", shown, output, f"it ran in {root}")
    return Built(time.monotonic() - began, output)


def _environment(caller: Mapping[str, str]) -> dict[str, str]:
    env = without_git(caller)
    active = env.pop("VIRTUAL_ENV", "")
    if active:
        folders = env.get("PATH", os.defpath).split(os.pathsep)
        env["PATH"] = os.pathsep.join(
            folder for folder in folders if not Path(os.path.normpath(folder)).is_relative_to(os.path.normpath(active))
        )
    return env


def _command(command: tuple[str, ...], path: str | None) -> tuple[str, ...]:
    """`python` is found under either name; perfkit's own is the last resort."""
    program = command[0]
    if program in {"python", "python3"}:
        program = shutil.which(program, path=path) or shutil.which("python3", path=path) or sys.executable
    elif program == Path(program).name:
        program = shutil.which(program, path=path) or program
    return (program, *command[1:])


def _tail(descriptor: int) -> str:
    size = os.lseek(descriptor, 0, os.SEEK_END)
    os.lseek(descriptor, max(0, size - _KEPT), os.SEEK_SET)
    return os.read(descriptor, _KEPT).decode("utf-8", "replace")


def _failed(problem: str, command: str, output: str, hint: str) -> MeasurementError:
    tail = "".join(f"\n  {shortened(line)}" for line in output.rstrip().splitlines()[-_SHOWN:])
    return MeasurementError(f"{problem}: {command}{tail}", hint=hint)
