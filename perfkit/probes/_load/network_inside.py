"""Programs in a network namespace: started by the launcher, which stays outside, and asked from inside."""

import http.client
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from tempfile import mkdtemp
from urllib.parse import urlsplit

from perfkit.instruments.netem import NetworkSpace
from perfkit.model.launch import Launcher, Program, Ready, Target

_EACH = 2e-3
"""s between two tries to reach a service that starts."""
_PATIENCE = 1.0
"""s for the answer to one try."""


def wrapped(space: NetworkSpace, program: Program, launcher: Launcher) -> Program:
    """The program in the namespace; `python` stays the side's interpreter."""
    first, *more = program.command
    first = launcher.python if first in {"python", "python3"} else first
    return replace(program, command=(*space.prefix, first, *more))


def started_inside(space: NetworkSpace, service: Program, launcher: Launcher) -> Target:
    """Start the service inside and wait until it is ready. Raises as `Target.wait_ready` does.

    The launcher cannot reach its port. So a thread tries from inside, and makes the file that the launcher waits for.
    """
    inside = wrapped(space, service, launcher)
    answers = _question(service.ready)
    if answers is None:
        target = launcher.start(inside)
        target.wait_ready(launcher.remaining)
        return target
    told = Path(mkdtemp(prefix="inside-", dir=launcher.tmp)) / "ready"
    target = launcher.start(replace(inside, ready=Ready(file=str(told))))
    with _asking(space, answers, told):
        target.wait_ready(launcher.remaining)
    return target


@contextmanager
def _asking(space: NetworkSpace, answers: Callable[[], bool], told: Path) -> Iterator[None]:
    given_up = threading.Event()

    def ask() -> None:
        with space.entered():
            while not given_up.is_set():
                if answers():
                    told.touch()
                    return
                time.sleep(_EACH)

    asking = threading.Thread(target=ask, daemon=True)
    asking.start()
    try:
        yield
    finally:
        given_up.set()
        asking.join()


def _question(ready: Ready) -> Callable[[], bool] | None:
    """What tells by a connection that a program is ready; None where it tells otherwise."""
    if ready.tcp is not None:
        port = ready.tcp
        return lambda: _accepts(port)
    if ready.http is not None:
        url = ready.http
        return lambda: _serves(url)
    return None


def _accepts(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), _PATIENCE).close()
    except OSError:
        return False
    return True


def _serves(url: str) -> bool:
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.netloc, timeout=_PATIENCE)
    try:
        connection.request("GET", (parts.path or "/") + (f"?{parts.query}" if parts.query else ""))
        return connection.getresponse().status < 400
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
