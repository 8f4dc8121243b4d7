"""How the launcher is told when a program counts as ready."""

import ipaddress
import os
import socket
import sys
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from perfkit.model.errors import Failed
from perfkit.model.launch import Ready

_DIALLING = 0.5
"""s; on loopback a listener answers at once, and one whose queue is full would not count as ready either."""


def ready_form(ready: Ready, cwd: Path, notify: str) -> dict[str, Any]:
    """The launcher's form of `ready`; names are resolved here, so that the launcher need not.

    Raises Failed where it can never become ready as written, or somebody else already is.
    """
    if ready.stdout is not None:
        return {"stdout": ready.stdout}
    if ready.tcp is not None:
        return {"dial": _free("127.0.0.1", ready.tcp, "")}
    if ready.http is not None:
        return {"dial": _free(*_address(ready.http))}
    if ready.file is not None:
        return {"file": _absent(cwd / ready.file)}
    if ready.stamp is not None:
        return {"stamp": _absent(cwd / ready.stamp)}
    return {"notify": notify} if ready.notify else {}


def notify_address(tmp: Path, number: int) -> str:
    """An address for $NOTIFY_SOCKET: abstract on Linux, else a path in `tmp`."""
    return f"@perfkit-{os.getpid()}-{number}" if sys.platform == "linux" else str(tmp / f"notify-{number}")


def _absent(path: Path) -> str:
    if path.exists():
        raise Failed(f"the ready file {path} is there before the start", hint="name a fresh one, such as {tmp}/ready")
    return str(path)


def _address(url: str) -> tuple[str, int, str]:
    parts = urlsplit(url)
    port = parts.port or 80
    try:
        found = socket.getaddrinfo(parts.hostname or "", port, type=socket.SOCK_STREAM)
    except OSError as error:
        raise Failed(f"ready http: {parts.hostname}: {error.strerror}", hint="use 127.0.0.1") from None
    addresses = sorted(found, key=lambda entry: entry[0] != socket.AF_INET)
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    request = f"GET {path} HTTP/1.1\r\nHost: {parts.netloc}\r\nUser-Agent: perfkit\r\nConnection: close\r\n\r\n"
    return str(addresses[0][4][0]), port, request


def _free(host: str, port: int, request: str) -> list[Any]:
    """What to dial. Raises Failed where a process of this machine already listens there."""
    if ipaddress.ip_address(host).is_loopback and _listened(host, port):
        raise Failed(
            f"port {port} is already taken", hint="{port} is a free port of each launch; or end what listens there"
        )
    return [host, port, request]


def _listened(host: str, port: int) -> bool:
    """Whether a connection is accepted. Its own port is drawn first: one from that very port would reach itself."""
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_STREAM) as dialling:
        dialling.settimeout(_DIALLING)
        try:
            dialling.bind((host, 0))
            return dialling.getsockname()[1] != port and dialling.connect_ex((host, port)) == 0
        except OSError:
            return False
