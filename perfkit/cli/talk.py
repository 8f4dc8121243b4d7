"""stdout is the result, stderr is the talk: how errors, hints and bugs are said."""

import errno
import os
import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from perfkit import __version__
from perfkit.model.errors import PerfkitError

if TYPE_CHECKING:
    from rich.console import Console, RenderableType

_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
_UNUSABLE = {errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOTDIR, errno.EISDIR, errno.ENAMETOOLONG, errno.EIO}
_STDOUT = "standard output"
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
    if error.errno not in _FULL | _UNUSABLE:
        return report_bug(error, sys.argv[1:])
    where = f"{error.filename}: " if error.filename else ""
    say(f"perfkit: {where}{error.strerror}", colour="red")
    if hint := _hint(error):
        say(f"  hint: {hint}")
    return USAGE


def _hint(error: OSError) -> str:
    """What to do where perfkit's own files are refused; of others it does not know."""
    kept = "what was measured is in the journal"
    if not {"reports", "baselines"} & set(Path(str(error.filename or "")).parts):
        return f"make room; {kept}" if error.errno in _FULL and not error.filename else ""
    room = "make room, or raise the limit on files (ulimit -f)" if error.errno == errno.EFBIG else "make room"
    return f"{room if error.errno in _FULL else 'make reports/ and baselines/ of the project writable'}; {kept}"


def interrupted() -> int:
    """Say that the user ended it before there was a result; a second Ctrl-C changes nothing any more."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    begun = "perfkit.running.measuring" in sys.modules and "perfkit.cli.progress" in sys.modules
    say(f"perfkit: interrupted before {'there was a result' if begun else 'anything was measured'}")
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
    """Write the result to stdout; a reader that went away is no error and changes no exit code.

    Raises OSError, with stdout for its file name, where it cannot be written.
    """
    with _writing_stdout():
        sys.stdout.write(text if text.endswith("\n") else text + "\n")
        sys.stdout.flush()


@contextmanager
def _writing_stdout() -> Iterator[None]:
    try:
        yield
    except BrokenPipeError:
        _write_no_more()
    except OSError as error:
        _write_no_more()
        raise OSError(error.errno, error.strerror, _STDOUT) from error


def _write_no_more() -> None:
    """Python flushes stdout once more at its end."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def draw(*drawn: "RenderableType | Callable[[Console], None]") -> None:
    """Write rich drawings to stdout as `emit` does, in the colours and the width that it has."""
    from rich.console import Console

    console = Console(highlight=False)
    with _writing_stdout(), console.capture() as captured:  # rich writes to stdout at the end of a capture, too
        for one in drawn:
            one(console) if callable(one) else console.print(one)
    emit(captured.get())
