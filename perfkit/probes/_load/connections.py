"""HTTP/1.1 connections that carry one request at a time, kept open between requests: the lean path of the generator.

A request costs one write and one read of a socket that is already there; answers are parsed by llhttp (httptools).
"""

import asyncio
import ssl
import time
from base64 import b64encode
from collections import deque
from collections.abc import Callable
from typing import cast

import httptools
from yarl import URL

from perfkit.probes._load.book import Book
from perfkit.probes._load.errors import named
from perfkit.probes._load.settings import Http

_SWEEP = 0.01
"""Seconds between two looks for requests that have timed out; they count with the timeout's value whenever seen."""
_BODILESS = frozenset({"GET", "HEAD", "DELETE", "OPTIONS", "TRACE"})
_REPEATABLE = frozenset({"GET", "HEAD", "OPTIONS", "TRACE", "PUT", "DELETE"})
"""Methods that may be sent again where a kept connection turns out to have been closed (RFC 9110, 9.2.2)."""
_CONTINUES = 200

Then = Callable[[], None]


class Connections:
    """All connections to one address. Sends requests, and writes in the book how each ended."""

    def __init__(self, http: Http, address: tuple[str, int], timeout: float, book: Book) -> None:
        url = URL(http.url)
        self._tls = ssl.create_default_context() if url.scheme == "https" else None
        self._name = url.host if self._tls else None
        self._address = address
        self._kind = _Bodiless if http.method.upper() == "HEAD" else Connection
        self._expect = frozenset(http.expect)
        self._timeout = timeout
        self._book = book
        self._loop = asyncio.get_running_loop()
        self._idle: list[Connection] = []
        self._open: set[Connection] = set()
        self._opening: set[asyncio.Task[None]] = set()
        self._waiting: deque[tuple[float, Connection, int]] = deque()
        self._drained: asyncio.Future[None] | None = None
        self._sweeper = self._loop.call_later(_SWEEP, self._sweep)
        self.request = request_bytes(http)
        self.repeatable = http.method.upper() in _REPEATABLE
        self.flying = 0

    def send(self, due: float, then: Then | None = None) -> None:
        """Send the request now, on a kept connection if there is one; `then` is called when it has ended."""
        self.flying += 1
        sent = time.monotonic()
        idle = self._idle
        while idle:
            connection = idle.pop()
            if connection.usable:
                connection.carry(due, sent, then)
                self._waiting.append((sent, connection, connection.serial))
                return
        self._send_fresh(due, sent, then)

    async def drain(self) -> None:
        """Wait until every request in flight has ended; each has its own timeout."""
        if self.flying:
            self._drained = self._loop.create_future()
            await self._drained

    async def close(self) -> None:
        """Close every connection, and give up what is in flight."""
        self._sweeper.cancel()
        for task in self._opening:
            task.cancel()
        for connection in tuple(self._open):
            connection.leave()
        await asyncio.gather(*self._opening, return_exceptions=True)

    def answered(self, connection: "Connection", status: int) -> None:
        """An answer has come in full."""
        done = time.monotonic()
        if status in self._expect:
            self._book.answered(connection.due, connection.sent, done)
        else:
            self._book.failed(connection.due, connection.sent, done, f"HTTP {status}")
        self._ended(connection)

    def failed(self, connection: "Connection", name: str) -> None:
        """A request came to nothing."""
        self._book.failed(connection.due, connection.sent, time.monotonic(), name)
        self._ended(connection)

    def keep(self, connection: "Connection") -> None:
        """The connection can carry another request."""
        self._idle.append(connection)

    def opened(self, connection: "Connection") -> None:
        """The connection is there."""
        self._open.add(connection)

    def lost(self, connection: "Connection") -> None:
        """The connection is gone."""
        self._open.discard(connection)

    def again(self, connection: "Connection") -> None:
        """Send what an idle connection was closed upon through another one; the first sending counts."""
        self._send_fresh(connection.due, connection.sent, connection.then)

    def _ended(self, connection: "Connection") -> None:
        self.flying -= 1
        then = connection.then
        if then is not None:
            then()
        if not self.flying and self._drained is not None and not self._drained.done():
            self._drained.set_result(None)

    def _send_fresh(self, due: float, sent: float, then: Then | None) -> None:
        connection = self._kind(self)
        connection.carry(due, sent, then)
        self._waiting.append((sent, connection, connection.serial))
        task = self._loop.create_task(self._connect(connection))
        self._opening.add(task)
        task.add_done_callback(self._opening.discard)

    async def _connect(self, connection: "Connection") -> None:
        host, port = self._address
        connect = self._loop.create_connection
        try:
            await connect(lambda: connection, host, port, ssl=self._tls, server_hostname=self._name)
        except OSError as error:
            if connection.busy:
                connection.busy = False
                self.failed(connection, named(error))

    def _sweep(self) -> None:
        waiting, oldest = self._waiting, time.monotonic() - self._timeout
        while waiting and waiting[0][0] <= oldest:
            _, connection, serial = waiting.popleft()
            if connection.busy and connection.serial == serial:
                connection.leave()
                self._book.timed_out(connection.due, connection.sent, self._timeout)
                self._ended(connection)
        self._sweeper = self._loop.call_later(_SWEEP, self._sweep)


class Connection(asyncio.Protocol):
    """One connection; `due`, `sent` and `then` are those of the request that it carries or carried last."""

    __slots__ = (
        "_connections", "_head", "_parser", "_transport", "_used", "busy", "due", "sent", "serial", "then", "usable",
    )  # fmt: skip

    def __init__(self, connections: Connections) -> None:
        self._connections = connections
        self._transport: asyncio.Transport | None = None
        self._parser = httptools.HttpResponseParser(self)
        self._head = b""
        self._used = False
        self.due = self.sent = 0.0
        self.then: Then | None = None
        self.serial = 0
        self.busy = False
        self.usable = True

    def carry(self, due: float, sent: float, then: Then | None) -> None:
        """Send a request, as soon as the connection is there."""
        self.due, self.sent, self.then = due, sent, then
        self.serial += 1
        self.busy = True
        self._head = b""
        if self._transport is not None:
            self._used = True
            self._transport.write(self._connections.request)

    def leave(self) -> None:
        """Close at once; what it carries is no longer its own."""
        self.busy = self.usable = False
        if self._transport is not None:
            self._transport.abort()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Send what waited for this."""
        self._transport = cast("asyncio.Transport", transport)  # uvloop's are no subclass
        self._connections.opened(self)
        if self.busy:
            self._transport.write(self._connections.request)
        else:
            self._transport.abort()

    def data_received(self, data: bytes) -> None:
        """Parse more of the answer."""
        if not self.busy:
            self.leave()  # an answer to nothing
            return
        if not self._head:
            self._head = data
        try:
            self._parser.feed_data(data)
        except (httptools.HttpParserError, httptools.HttpParserUpgrade):
            if self.busy:
                self.leave()
                self._connections.failed(self, "malformed answer")

    def on_message_complete(self) -> None:
        """An answer is complete; one below 200 announces another."""
        status = self._parser.get_status_code()
        if status >= _CONTINUES and self.busy:
            self._complete(status, keep=self._parser.should_keep_alive())

    def connection_lost(self, error: Exception | None) -> None:
        """The service, or we, closed it."""
        self.usable = False
        self._connections.lost(self)
        if not self.busy:
            return
        if self._head and self._lasts_until_closed():
            self._complete(self._parser.get_status_code(), keep=False)
            return
        self.busy = False
        if self._used and not self._head and self._connections.repeatable:
            self._connections.again(self)
        else:
            self._connections.failed(self, named(error) if error is not None else "disconnected")

    def _complete(self, status: int, *, keep: bool) -> None:
        self.busy = False
        if not keep:
            self.usable = False
            if self._transport is not None:
                self._transport.close()
        elif self.usable:
            self._connections.keep(self)
        self._connections.answered(self, status)

    def _lasts_until_closed(self) -> bool:
        """Whether the answer told no length: it is complete when the connection ends (RFC 9112, 6.3)."""
        head, end, _ = self._head.lower().partition(b"\r\n\r\n")
        return bool(end) and b"\ncontent-length:" not in head and b"\ntransfer-encoding:" not in head


class _Bodiless(Connection):
    """Answers to HEAD end with their headers, whatever length these tell; the parser expects the body and is left."""

    __slots__ = ()

    def on_headers_complete(self) -> None:
        """The answer is complete."""
        status = self._parser.get_status_code()
        if status >= _CONTINUES and self.busy:
            keep = self._parser.should_keep_alive()
            self._parser = httptools.HttpResponseParser(self)
            self._complete(status, keep=keep)


def request_bytes(http: Http) -> bytes:
    """The request as it is sent: what HTTP/1.1 asks for, and the user's headers in place of ours."""
    url, body = URL(http.url), http.body.encode()
    method = http.method.upper()
    host = url.raw_host or ""
    named_host = f"[{host}]" if ":" in host else host
    headers = {"Host": named_host if url.is_default_port() else f"{named_host}:{url.port}"}
    headers |= {"User-Agent": "perfkit", "Accept": "*/*"}
    if url.user is not None:
        secret = b64encode(f"{url.user}:{url.password or ''}".encode()).decode()
        headers["Authorization"] = f"Basic {secret}"
    if body or method not in _BODILESS:
        headers["Content-Length"] = str(len(body))
    if body:
        headers["Content-Type"] = "application/octet-stream"
    own = {name.lower() for name in http.headers}
    lines = [f"{name}: {value}" for name, value in headers.items() if name.lower() not in own]
    lines += [f"{name}: {value}" for name, value in http.headers.items()]
    return "\r\n".join((f"{method} {url.raw_path_qs} HTTP/1.1", *lines, "", "")).encode() + body
