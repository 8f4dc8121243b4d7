"""stdout is the result, stderr is the talk: how errors, hints and bugs are said."""

import errno
import os
import signal
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from perfkit import __version__
from perfkit.model.errors import PerfkitError

if TYPE_CHECKING:
    from rich.console import Console, RenderableType

_UNWRITABLE = {errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOSPC, errno.EDQUOT, errno.ENOTDIR, errno.EISDIR}
USAGE = 2
BUG = 70
INTERRUPTED = 130


def say(text: str, *, colour: str | None = None) -> None:
    """One line of talk; where stderr cannot be written, there is nobody to tell."""
    with suppress(OSError):
        typer.secho(text, err=True, fg=colour)


def complain(error: PerfkitError) -> int:
    """Say what is wrong and what to do; the exit code that belongs to it."""
    say(f"perfkit: {error}", colour="red")
    if error.hint:
        say(f"  hint: {error.hint}")
    return error.exit_code


def complain_of_system(error: OSError) -> int:
    """Say which file the system refused and why: a full disk, a folder that is read-only."""
    if error.errno not in _UNWRITABLE:
        return report_bug(error, sys.argv[1:])
    where = f"{error.filename}: " if error.filename else ""
    say(f"perfkit: {where}{error.strerror}", colour="red")
    say(
        "  hint: make room, or make the project's reports/ and baselines/ writable; what was measured is in the journal"
    )
    return USAGE


def interrupted() -> int:
    """Say that the user ended it; a second Ctrl-C changes nothing any more."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    say("perfkit: interrupted")
    return INTERRUPTED


def waiting_for(holder: str) -> str:
    """Why nothing begins yet."""
    return f"waiting for {holder}, which is measuring on this machine (Ctrl-C gives up)"


def report_bug(error: Exception, arguments: Sequence[str]) -> int:
    """Write a log shaped as a bug report, name it, and return the code of a bug."""
    import platform
    import tempfile
    import traceback

    descriptor, name = tempfile.mkstemp(prefix="perfkit-bug-", suffix=".md", text=True)
    trace = "".join(traceback.format_exception(error))
    with os.fdopen(descriptor, "w", encoding="utf-8") as log:
        log.write(
            f"# perfkit {__version__}: {type(error).__name__}: {error}\n\n"
            f"* command: `perfkit {' '.join(arguments)}`\n* folder: `{Path.cwd()}`\n"
            f"* Python {platform.python_version()} on {platform.platform()}\n\n```\n{trace}```\n"
        )
    say(f"perfkit: a bug in perfkit, no verdict: {type(error).__name__}: {error}", colour="red")
    say(f"  hint: please report it with the log {name}")
    return BUG


def emit(text: str) -> None:
    """Write the result to stdout; a reader that went away is no error and changes no exit code."""
    try:
        sys.stdout.write(text if text.endswith("\n") else text + "\n")
        sys.stdout.flush()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def draw(*drawn: "RenderableType | Callable[[Console], None]") -> None:
    """Write rich drawings to stdout as `emit` does, in the colours and the width that it has."""
    from rich.console import Console

    console = Console(highlight=False)
    with console.capture() as captured:
        for one in drawn:
            one(console) if callable(one) else console.print(one)
    emit(captured.get())
