"""What a scenario file in Python declares, asked of the measured side's interpreter."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from perfkit.model.errors import UsageError

_WORKER = Path(__file__).parents[1] / "worker" / "call.py"
_KEPT = 400
"""Characters of an interpreter's complaint that a message repeats."""


def describe(file: Path, python: str, root: Path, timeout: float = 60.0) -> tuple[Mapping[str, Any], ...]:
    """The declarations of `file`, each `{name, kind, settings, params, budget, tags, line}` and perhaps `timeout`.

    The file runs in a child of `python` with `root` as working folder, never in this process. Raises UsageError as
    `file:line: message` where it raises, takes longer than `timeout` s, or the interpreter cannot run it.
    """
    with TemporaryDirectory(prefix="perfkit-") as folder:
        out = Path(folder, "declared.json")
        command = [python, "-B", str(_WORKER), "describe", str(file), "--root", str(root), "--out", str(out)]
        complaint = _run(command, root, timeout, file)
        answer = json.loads(out.read_text(encoding="utf-8")) if out.exists() else None
    if answer is None:
        hint = "[project] python names the interpreter; it must be Python 3.9 or newer"
        raise UsageError(f"{file}: {python} could not run it: {complaint}", hint=hint)
    if "error" in answer:
        raise _told(answer["error"], file, python)
    return tuple(answer["scenarios"])


def _run(command: Sequence[str], root: Path, timeout: float, file: Path) -> str:
    """Run to the end. Returns the last line of stderr, or how it ended."""
    try:
        child = subprocess.Popen(
            command,
            cwd=root,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )
    except OSError as error:
        hint = "[project] python names the interpreter"
        raise UsageError(f"{file}: {command[0]} cannot be started: {error.strerror}", hint=hint) from None
    try:
        _, complaint = child.communicate(timeout=timeout)
    except subprocess.TimeoutExpired:
        hint = "a scenario file only declares: work belongs inside its functions"
        raise UsageError(f"{file}:1: importing it takes longer than {timeout:g} s", hint=hint) from None
    finally:
        _end(child)
    lines = complaint.decode("utf-8", "replace").strip().splitlines()
    return lines[-1][-_KEPT:] if lines else f"it ended with code {child.returncode}"


def _end(child: subprocess.Popen[bytes]) -> None:
    """End whatever is left of its process group."""
    with suppress(OSError):
        if sys.platform == "win32":
            child.kill()
        else:
            os.killpg(child.pid, signal.SIGKILL)
    child.wait()
    if child.stderr:
        child.stderr.close()


def _told(error: Mapping[str, Any], file: Path, python: str) -> UsageError:
    hint = ""
    if error["type"] == "ModuleNotFoundError":
        hint = f"{python} runs it; install the module there, or name another interpreter in [project] python"
    elif error["type"] == "SystemExit":
        hint = "a scenario file is imported, so guard its command line by `if __name__ == '__main__'`"
    return UsageError(f"{file}:{error['line']}: {error['type']}: {error['message']}", hint=hint)
