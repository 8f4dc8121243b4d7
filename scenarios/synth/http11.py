"""An HTTP/1.1 server whose answers are ready at once, so that requests are answered in their order."""

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from http import HTTPStatus

from httptools import HttpParserInvalidURLError, parse_url

from synth.connections import Connection, Connections
from synth.requests import Request, RequestReader

_CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"


@dataclass(frozen=True, slots=True)
class Answer:
    """A JSON document; `headers` are whole lines, with their ends."""

    body: bytes
    status: HTTPStatus = HTTPStatus.OK
    headers: bytes = b""


def document(value: Mapping[str, object], status: HTTPStatus = HTTPStatus.OK, headers: bytes = b"") -> Answer:
    """The answer that says this."""
    return Answer(json.dumps(value, separators=(",", ":")).encode(), status, headers)


@dataclass(frozen=True, slots=True)
class Route:
    """The method of a path, and what answers the request's body. A path that is read with GET answers HEAD too."""

    method: bytes
    answer: Callable[[bytes], Answer]


@dataclass(frozen=True, slots=True)
class Site:
    """All paths, and those at which a GET may go over to another protocol."""

    routes: Mapping[bytes, Route]
    upgrades: Mapping[bytes, Callable[[Connections], Connection]]
    connections: Connections = field(default_factory=Connections)


class HttpConnection(Connection):
    """A client's requests. Malformed and overlong ones get an answer too, the connection's last."""

    def __init__(self, site: Site) -> None:
        super().__init__(site.connections)
        self._site = site
        self._reader = RequestReader()
        self._is_ended = False

    def data_received(self, data: bytes) -> None:
        """Answer what is complete."""
        if self._is_ended:
            return
        for request in self._reader.feed(data):
            if not self._take(request):
                self._is_ended = True
                return
        if self._reader.take_expectation():
            self.transport.write(_CONTINUE)

    def _take(self, request: Request) -> bool:
        """Answer a request. False where nothing more is to be read here."""
        path = _path(request.target)
        if request.upgrades and request.method == b"GET" and path in self._site.upgrades:
            self._hand_over(request, self._site.upgrades[path](self.connections))
            return False
        self.transport.write(_written(self._answer(request, path), request))
        if not request.keep_alive:
            self.hang_up()
        return request.keep_alive

    def _answer(self, request: Request, path: bytes) -> Answer:
        if request.fault:
            return _error(request.fault)
        if (route := self._site.routes.get(path)) is None:
            return _error(HTTPStatus.NOT_FOUND)
        if request.method == route.method or (request.method == b"HEAD" and route.method == b"GET"):
            return route.answer(bytes(request.body))
        allowed = b"GET, HEAD" if route.method == b"GET" else route.method
        return _error(HTTPStatus.METHOD_NOT_ALLOWED, b"Allow: %b\r\n" % allowed)

    def _hand_over(self, request: Request, successor: Connection) -> None:
        """Let another protocol take over, from the request on."""
        self.connections.discard(self)
        self.transport.set_protocol(successor)
        successor.connection_made(self.transport)
        successor.data_received(request.head)
        if request.rest:
            successor.data_received(request.rest)


def _path(target: bytes) -> bytes:
    """The path of a target, which may be a whole address; empty where there is none."""
    if target.startswith(b"/"):
        return target.partition(b"?")[0]
    try:
        return parse_url(target).path or b""
    except HttpParserInvalidURLError:
        return b""


def _error(status: HTTPStatus, headers: bytes = b"") -> Answer:
    return document({"error": status.phrase}, status, headers)


def _written(answer: Answer, request: Request) -> bytes:
    start = _start(answer.status, request.keep_alive, int(time.time()))
    body = b"" if request.method == b"HEAD" else answer.body
    return b"%bContent-Length: %d\r\n%b\r\n%b" % (start, len(answer.body), answer.headers, body)


@lru_cache(maxsize=4)
def _start(status: HTTPStatus, keep_alive: bool, second: int) -> bytes:
    date = time.strftime("%a, %d %b %Y %H:%M:%S GMT", time.gmtime(second))
    connection = "keep-alive" if keep_alive else "close"
    return (
        f"HTTP/1.1 {status:d} {status.phrase}\r\nDate: {date}\r\nConnection: {connection}\r\n"
        "Content-Type: application/json\r\n"
    ).encode()
