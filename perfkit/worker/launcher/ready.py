"""When a started program counts as ready."""

from __future__ import annotations

import _socket
import errno
import os
import re

from .readings import read

TYPE_CHECKING = False  # typing itself costs 0.8 MiB
if TYPE_CHECKING:
    from typing import Any


class Ready:
    """One thing that tells that a program is ready, or has come so far.

    It is {"stdout": regex}, {"notify": address}, {"file": path}, {"stamp": path} or {"dial": [address, port, request]}:
    without a request a connection suffices, else a status below 400 is needed; `refused` is the last other one. `at` is
    when it was so, CLOCK_MONOTONIC s, or the text that the program gave as its own stamp. Raises re.error, or OSError
    where the address is taken.
    """

    def __init__(self, form: dict[str, Any]) -> None:
        self.at: float | str | None = None
        self.refused = 0
        self.polled = not {"file", "stamp", "dial"}.isdisjoint(form)
        self._pattern = re.compile(form["stdout"]) if "stdout" in form else None
        self.file: str | None = form.get("file")
        self._stamps: str | None = form.get("stamp")
        self._stamp, self._seen = "", ""
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
        """Whether a line of stdout matches; the unfinished last one too, unless a stamp is read from it."""
        if self._pattern is None:
            return False
        *lines, rest = (self._partial + data).split(b"\n")
        self._partial = rest[-65536:]
        stamped = "stamp" in self._pattern.groupindex
        for line in lines if stamped else (*lines, rest):
            if found := self._pattern.search(line.decode("utf-8", "replace").rstrip("\r")):
                self._stamp = (found["stamp"] or "") if stamped else ""
                return True
        return False

    def reach(self, seen: float) -> None:
        """It is so: by the program's own stamp if it gave one, else as `seen`."""
        self.at = self._stamp or seen

    def check(self) -> bool:
        """Whether the file, the stamp, the address or a datagram says so by now; never blocks."""
        try:
            if self.file:
                return os.path.exists(self.file)
            if self._stamps:
                return self._stamped(self._stamps)
            return self._answered(*self._dial) if self._dial else self._notified()
        except BlockingIOError:
            return False
        except (OSError, ValueError, IndexError):
            self.close()
            return False

    def _stamped(self, path: str) -> bool:
        """Whether the file holds a whole stamp: a line, or what has not grown since the last look."""
        text = read(path)
        stamp = text.strip()
        whole = bool(stamp) and (text.endswith("\n") or text == self._seen)
        self._seen = text
        self._stamp = stamp if whole else ""
        return whole

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
            if code == errno.EINPROGRESS:  # what loopback says of every connection, made or refused as it is by then
                code = self._sock.connect_ex((address, port))
            if code == errno.EALREADY:
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
        self.refused = status if status >= 400 else 0
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
