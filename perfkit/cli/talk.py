"""stdout is the result, stderr is the talk: how errors, hints and bugs are said."""

import os
import sys
from collections.abc import Sequence
from pathlib import Path

import typer

from perfkit import __version__
from perfkit.model.errors import PerfkitError

BUG = 70
INTERRUPTED = 130


def say(text: str) -> None:
    """One line of talk."""
    typer.echo(text, err=True)


def complain(error: PerfkitError) -> int:
    """Say what is wrong and what to do; the exit code that belongs to it."""
    typer.secho(f"perfkit: {error}", err=True, fg="red")
    if error.hint:
        say(f"  hint: {error.hint}")
    return error.exit_code


def interrupted() -> int:
    """Say that the user ended it."""
    say("perfkit: interrupted")
    return INTERRUPTED


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
    typer.secho(f"perfkit: a bug in perfkit, no verdict: {type(error).__name__}: {error}", err=True, fg="red")
    say(f"  hint: please report it with the log {name}")
    return BUG


def emit(text: str) -> None:
    """Write the result to stdout; a reader that went away is no error and changes no exit code."""
    try:
        sys.stdout.write(text if text.endswith("\n") else text + "\n")
        sys.stdout.flush()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
