"""The probe host: a child with perfkit's environment in which probes measure, one launch a request.

Requests come on stdin and answers leave on stdout, a JSON object a line (perfkit.worker.messages). Launches get their
folders in the one that the command line names, which the parent removes. Anything that a probe prints goes to stderr.
Ctrl-C is for the parent to decide; the end of stdin ends everything, in the midst of a launch too.
"""

import math
import os
import select
import signal
import socket
import sys
import threading
import time
import traceback
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import IO, Any

import msgspec

from perfkit.instruments.pressure import disturbance, read_pressure
from perfkit.instruments.process import LauncherClient
from perfkit.model.errors import Invalid, NotMeasured, PerfkitError
from perfkit.model.launch import Disturbance, Launcher, Measurement, Outcome
from perfkit.model.placeholders import fill
from perfkit.probes import REGISTRY, build
from perfkit.storage.details import encode
from perfkit.worker.messages import LaunchAnswer, LaunchRequest
from perfkit.worker.overdue import ended_after

_FRAMES = 4
"""Frames of a probe's traceback that a reason repeats."""


def main() -> None:
    """Serve until stdin ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if hasattr(select, "poll"):
        threading.Thread(target=_end_with_parent, daemon=True).start()
    with _answers() as answers, ExitStack() as launchers:
        client: LauncherClient | None = None
        decoder = msgspec.json.Decoder(LaunchRequest, dec_hook=_to_path)
        for line in sys.stdin.buffer:
            request = decoder.decode(line)
            try:
                client = client or launchers.enter_context(LauncherClient.open())
                answer = make_launch(client, request, sys.argv[1])
            except NotMeasured as error:
                answer = LaunchAnswer(error.outcome, time.time(), 0.0, str(error), error.hint)
            answers.write(msgspec.json.encode(answer) + b"\n")
            answers.flush()


def _end_with_parent() -> None:
    """Wait for stdin to be hung up; the launcher notices our end and ends what it started."""
    poll = select.poll()
    poll.register(0, 0)
    poll.poll()
    os._exit(1)


def make_launch(client: LauncherClient, request: LaunchRequest, folder: str) -> LaunchAnswer:
    """Measure once; whatever a probe raises becomes an outcome."""
    started, clock = time.time(), time.monotonic()
    try:
        with TemporaryDirectory(dir=folder, ignore_cleanup_errors=True) as tmp:
            return _measure(client, request, Path(tmp), started)
    except NotMeasured as error:
        outcome, reason, hint = error.outcome, str(error), error.hint
    except PerfkitError as error:
        outcome, reason, hint = Outcome.FAILED, str(error), error.hint
    except Exception as error:  # noqa: BLE001 - the boundary to plugins
        outcome, reason, hint = (
            Outcome.FAILED,
            _blame(request.kind, error),
            "a defect of the probe, not of what it measures",
        )
    return LaunchAnswer(outcome, started, time.monotonic() - clock, reason, hint)


def _measure(client: LauncherClient, request: LaunchRequest, tmp: Path, started: float) -> LaunchAnswer:
    REGISTRY.update(request.plugins)
    names = {"port": _free_port(), "root": str(request.root), "tmp": str(tmp)}
    probe = build(request.kind, fill(request.settings, names))
    with client.launch(
        root=request.root,
        python=request.python,
        tmp=tmp,
        seed=request.seed,
        timeout=request.timeout,
        env_pass=request.env_pass,
    ) as launcher:
        side: Launcher = launcher
        before = read_pressure()
        with ended_after(request.timeout + request.grace, request.kind):
            measured = probe.measure(side)
        after = read_pressure()
    if measured.run_delay is not None and not math.isfinite(measured.run_delay):
        measured = replace(measured, run_delay=None)
    _require_finite(request.kind, measured.values)
    disturbed = measured.disturbance or disturbance(before, after, measured.run_delay)
    return _answer(measured, started, after.clock - before.clock, disturbed)


def _answer(measured: Measurement, started: float, duration: float, disturbed: Disturbance) -> LaunchAnswer:
    return LaunchAnswer(
        Outcome.MEASURED,
        started,
        duration,
        values=dict(measured.values),
        metrics=measured.metrics,
        details=encode(measured.details),
        caveats=measured.caveats,
        run_delay=measured.run_delay,
        disturbance=disturbed,
    )


def _require_finite(kind: str, values: Mapping[str, float]) -> None:
    for name, value in values.items():
        if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
            raise Invalid(
                f"probe {kind!r} gave {value!r} for {name}", hint="a value is a finite number in the base unit"
            )


def _blame(kind: str, error: Exception) -> str:
    """The probe, what it raised and where in one line, and below it the innermost frames."""
    said, *more = "".join(traceback.format_exception_only(error)).strip().splitlines()
    frames = traceback.extract_tb(error.__traceback__)[-_FRAMES:]
    where = f" ({frames[-1].filename}:{frames[-1].lineno})" if frames else ""
    evidence = "".join(traceback.format_list(frames)) + "\n".join(more)
    return f"probe {kind!r} raised {said}{where}\n{evidence}".rstrip()


def _free_port() -> int:
    """A TCP port of 127.0.0.1 that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port: int = server.getsockname()[1]
        return port


def _to_path(wanted: type[Any], value: Any) -> Any:
    if wanted is Path:
        return Path(value)
    raise TypeError(f"{wanted} cannot be read")


@contextmanager
def _answers() -> Iterator[IO[bytes]]:
    """Our stdout, taken away from everybody else: what is printed goes to stderr."""
    with os.fdopen(os.dup(1), "wb") as answers:
        os.dup2(2, 1)
        yield answers


if __name__ == "__main__":
    main()
