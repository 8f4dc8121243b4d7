"""When a started program counts as ready."""

from __future__ import annotations

import _socket
import errno
import os
import re

TYPE_CHECKING = False  # typing itself costs 0.8 MiB
if TYPE_CHECKING:
    from typing import Any


class Ready:
    """What tells that a program is ready: {"stdout": regex}, {"notify": address}, {"file": path} or {"dial": [...]}.

    dial is [address, port, request]: without a request a connection suffices, else a status below 400 is needed.
    `at` is when it became ready, CLOCK_MONOTONIC s. Raises re.error, or OSError where the address is taken.
    """

    def __init__(self, form: dict[str, Any]) -> None:
        self.at: float | None = None
        self.polled = "file" in form or "dial" in form
        self._pattern = re.compile(form["stdout"]) if "stdout" in form else None
        self._file: str | None = form.get("file")
        self._dial: tuple[str, int, str] | None = form.get("dial")
        self._partial = b""
        self._sent, self._answer = False, b""
        self._sock: _socket.socket | None = None
        if "notify" in form:
            self._sock = _socket.socket(_socket.AF_UNIX, _socket.SOCK_DGRAM)
            self._sock.setblocking(False)
            self._sock.bind(form["notify"].replace("@", "\0", 1))

    @property
    def fd(self) -> int:
        """What to poll for besides the tick; -1 for nothing."""
        return self._sock.fileno() if self._sock else -1

    def printed(self, data: bytes) -> bool:
        """Whether a line of stdout matches, the unfinished last one included."""
        if self._pattern is None:
            return False
        *lines, rest = (self._partial + data).split(b"\n")
        self._partial = rest[-65536:]
        return any(self._pattern.search(line.decode("utf-8", "replace").rstrip("\r")) for line in (*lines, rest))

    def check(self) -> bool:
        """Whether the file, the address or a datagram says so by now; never blocks."""
        try:
            if self._file:
                return os.path.exists(self._file)
            return self._answered(*self._dial) if self._dial else self._notified()
        except BlockingIOError:
            return False
        except (OSError, ValueError, IndexError):
            self.close()
            return False

    def _notified(self) -> bool:
        while self._sock:
            if b"READY=1" in self._sock.recv(65536).split(b"\n"):
                return True
        return False

    def _answered(self, address: str, port: int, request: str) -> bool:
        if self._sock is None:
            self._open(_socket.AF_INET6 if ":" in address else _socket.AF_INET, port)
        assert self._sock is not None
        if not self._sent:
            code = self._sock.connect_ex((address, port))
            if code in (errno.EINPROGRESS, errno.EALREADY):
                return False
            if code not in (0, errno.EISCONN):
                raise OSError(code, os.strerror(code))
            if not request:
                return True
            self._sock.send(request.encode())
            self._sent = True
        data = self._sock.recv(4096)
        self._answer += data
        if data and b"\r\n" not in self._answer:
            return False
        status = int(self._answer.split(None, 2)[1])
        self.close()
        return status < 400

    def _open(self, family: int, port: int) -> None:
        """A socket whose own port is not the one dialled: that would connect to itself and keep the program from it."""
        self._sock = _socket.socket(family, _socket.SOCK_STREAM)
        self._sock.setblocking(False)
        self._sent, self._answer = False, b""
        self._sock.bind(("", 0))
        if self._sock.getsockname()[1] == port:
            raise OSError(errno.EADDRINUSE, os.strerror(errno.EADDRINUSE))

    def close(self) -> None:
        """Drop the socket; the next check dials anew."""
        if self._sock:
            self._sock.close()
        self._sock = None
