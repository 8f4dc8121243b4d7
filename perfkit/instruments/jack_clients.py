"""Running clients of a server (`worker/perfkit_audio/`) and reading what they report."""

import importlib.util
import json
import signal
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, TypeVar

from perfkit.instruments.audio_server import AudioServer
from perfkit.model.errors import Failed, Invalid, Skipped
from perfkit.model.launch import Exit, Launcher, Program
from perfkit.model.reasons import shortened

EXIT_CODES = (0, 1, -signal.SIGALRM)
"""With these a client ends, and `read_report` knows why."""

_TRIES = 3
_TAIL = 10
"""Lines of what a client said that are kept."""
_Result = TypeVar("_Result")


class Hung(Invalid):
    """A client did not come back from a call of the server's library, or of its own; a fresh try may."""


def persistently(once: Callable[[], _Result]) -> _Result:
    """`once`, again where a client hung, three times at most. Raises Hung where all did."""
    for _ in range(_TRIES - 1):
        with suppress(Hung):
            return once()
    return once()


def require_client() -> None:
    """Raises Skipped where perfkit's extra for audio is not installed."""
    if importlib.util.find_spec("jack") is None:
        raise Skipped("JACK-Client is not installed beside perfkit", hint='pip install "perfkit[audio]"')


def run_client(launcher: Launcher, server: AudioServer, command: tuple[str, ...], report: Path) -> dict[str, Any]:
    """Run a client of `server` to its end; its report. Raises Failed with its own words where it has none."""
    program = Program(command=command, env=server.env, exit_codes=EXIT_CODES)
    return persistently(lambda: read_report(report, launcher.run(program, timeout=launcher.remaining), server))


def read_report(file: Path, ended: Exit, server: AudioServer, *, body: bool = False) -> dict[str, Any]:
    """What a client that has ended wrote into `file`; it may play a `body`.

    Raises Failed, with its own last words, where it wrote nothing, and Hung where it hung.
    """
    if ended.code == -signal.SIGALRM:
        why = f"a client of {server.name} did not come back from a call"
        raise Hung(why, hint="is the machine overloaded, or does the program hang?")
    if not file.exists():
        raise _failed(ended, server, body=body)
    told: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    return told


def _failed(ended: Exit, server: AudioServer, *, body: bool) -> Failed:
    lines = [shortened(line) for line in ended.stderr.strip().splitlines()]
    ports = f"is {server.name} as you expect it, and are the ports named in full?"
    if lines:
        evidence = "".join(f"\n  {line}" for line in lines[-_TAIL:]) if len(lines) > 1 else ""
        return Failed(f"{lines[-1].strip()}{evidence}", hint="" if body else ports)
    who = "the body" if body else "the JACK client"
    if ended.code < 0:
        return Failed(f"{who} was killed by {signal.Signals(-ended.code).name}", hint="" if body else ports)
    hint = "does the body play on the virtual sink, that is without `server`?" if body else ports
    return Failed(f"{who} ended with code {ended.code} and without a report", hint=hint)
