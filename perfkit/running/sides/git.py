"""git as a subprocess: no shell, no hooks, no prompts, and deaf to the variables of a hook that perfkit may run in."""

import os
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from perfkit.model.errors import MeasurementError
from perfkit.running.sides.child import child

_OPTIONS = (
    *("-c", f"core.hooksPath={os.devnull}"),
    *("-c", "core.fsmonitor=false"),  # neither a daemon nor a hook for a tree that lives for minutes
    *("-c", "core.splitIndex=false"),  # a split index would leave its shared half in the user's repository
    *("-c", "core.safecrlf=false"),
    *("-c", "advice.detachedHead=false"),
)
_LOCAL = frozenset(
    (
        *("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_COMMON_DIR", "GIT_PREFIX", "GIT_NAMESPACE"),
        *("GIT_OBJECT_DIRECTORY", "GIT_ALTERNATE_OBJECT_DIRECTORIES", "GIT_QUARANTINE_PATH"),
        *("GIT_SHALLOW_FILE", "GIT_GRAFT_FILE", "GIT_IMPLICIT_WORK_TREE", "GIT_REFLOG_ACTION"),
    )
)


def without_git(caller: Mapping[str, str]) -> dict[str, str]:
    """The caller's variables but those that bind git to one repository, as a hook's environment does."""
    return {name: value for name, value in caller.items() if name not in _LOCAL}


@dataclass(frozen=True, slots=True)
class Git:
    """git run in `folder`; `git_dir`, if given, names the repository whatever the folder."""

    folder: Path
    git_dir: Path | None = None

    def ask(self, *arguments: str, env: Mapping[str, str] | None = None, stdin: bytes = b"") -> bytes:
        """What it prints. Raises MeasurementError with its complaint."""
        code, out, complaint = self.run(*arguments, env=env, stdin=stdin)
        if code:
            raise MeasurementError(f"git {arguments[0]}: {complaint}", hint=f"look at it with: git -C {self.folder}")
        return out

    def text(self, *arguments: str, env: Mapping[str, str] | None = None) -> str:
        """What it prints, as a file name or other text without the last line's end."""
        return _line(self.ask(*arguments, env=env))

    def find(self, *arguments: str) -> str:
        """As `text`, but empty where git says no."""
        code, out, _ = self.run(*arguments)
        return "" if code else _line(out)

    def run(self, *arguments: str, env: Mapping[str, str] | None = None, stdin: bytes = b"") -> tuple[int, bytes, str]:
        """Exit code, what it prints, and the last line of its complaint. Raises MeasurementError if there is no git."""
        where = ("--git-dir", str(self.git_dir)) if self.git_dir else ()
        command = ("git", *where, *_OPTIONS, *arguments)
        quiet = {"LC_ALL": "C", "GIT_TERMINAL_PROMPT": "0", "GIT_OPTIONAL_LOCKS": "0"}
        full = without_git(os.environ) | quiet | dict(env or {})
        try:
            with child(command, cwd=self.folder, env=full, stdin=subprocess.PIPE) as process:
                out, complaint = process.communicate(stdin)
        except FileNotFoundError:
            raise MeasurementError("git cannot be started", hint="install git and have it on PATH") from None
        lines = complaint.decode("utf-8", "replace").strip().splitlines()
        return process.returncode, out, lines[-1] if lines else f"exit code {process.returncode}"


def _line(printed: bytes) -> str:
    """A printed file name keeps the line ends that are its own."""
    return os.fsdecode(printed).removesuffix("\n").removesuffix("\r")
