"""HTTP/1.1 requests out of bytes, by llhttp. What is malformed or too long becomes a request too, one with a fault."""

from dataclasses import dataclass, field
from http import HTTPStatus

from httptools import HttpParserError, HttpParserUpgrade, HttpRequestParser

LARGEST_HEAD = 65_536
"""Bytes of a request's target and headers."""
LARGEST_BODY = 65_536
_LARGEST_REQUEST = 4 * LARGEST_BODY
"""Bytes in all: a body may come in chunks, each in a frame of its own."""


@dataclass(slots=True)
class Request:
    """A request. One that is not `keep_alive` is the last of its connection."""

    method: bytes = b""
    target: bytes = b""
    headers: list[tuple[bytes, bytes]] = field(default_factory=list)
    head_size: int = 0
    body: bytearray = field(default_factory=bytearray)
    keep_alive: bool = False
    upgrades: bool = False
    """Whether the client wants to go on in another protocol, of which `rest` has come already."""
    rest: bytes = b""
    fault: HTTPStatus | None = None

    @property
    def head(self) -> bytes:
        """The request line and the headers, written anew for the protocol that takes over."""
        lines = [b"%b %b HTTP/1.1" % (self.method, self.target), *(b"%b: %b" % header for header in self.headers)]
        return b"\r\n".join([*lines, b"", b""])


class RequestReader:
    """Reads the requests of one connection; its `on_` methods are llhttp's callbacks."""

    def __init__(self) -> None:
        self._parser = HttpRequestParser(self)
        self._complete: list[Request] = []
        self._request = Request()
        self._is_begun = self._is_in_head = self._is_expectation_taken = False
        self._size = 0
        """Bytes that have come since a request was complete."""

    def feed(self, data: bytes) -> list[Request]:
        """The requests that these bytes complete. Nothing may be fed after the connection's last one."""
        self._complete = []
        try:
            self._parser.feed_data(data)
        except HttpParserUpgrade as upgrade:
            last = self._complete[-1]
            last.keep_alive = False
            last.upgrades, last.rest = self._parser.get_http_version() == "1.1", data[upgrade.args[0] :]
        except HttpParserError:
            self._complete.append(Request(fault=HTTPStatus.BAD_REQUEST))
            return self._complete
        self._size = 0 if self._complete else self._size + len(data)
        if self._size > _LARGEST_REQUEST:
            self._overflow()
        if self._is_begun and self._request.fault:
            self._complete.append(self._request)
        return self._complete

    def take_expectation(self) -> bool:
        """Whether the client waits for leave to send the body that it has announced. True once for a request."""
        if not self._is_begun or self._is_in_head or self._is_expectation_taken:
            return False
        self._is_expectation_taken = True
        return any(name.lower() == b"expect" for name, _ in self._request.headers)

    def on_message_begin(self) -> None:
        """A request begins."""
        self._request = Request()
        self._is_begun = self._is_in_head = True
        self._is_expectation_taken = False

    def on_url(self, part: bytes) -> None:
        """The target, or its next part."""
        self._request.target += part
        self._request.head_size += len(part)

    def on_header(self, name: bytes, value: bytes) -> None:
        """One whole header, of the head or after the body."""
        request = self._request
        request.head_size += len(name) + len(value)
        if request.head_size > LARGEST_HEAD:
            self._overflow()
        else:
            request.headers.append((name, value))

    def on_headers_complete(self) -> None:
        """The head is complete."""
        if self._request.head_size > LARGEST_HEAD:
            self._overflow()
        self._is_in_head = False

    def on_body(self, part: bytes) -> None:
        """The next part of the body."""
        if len(self._request.body) + len(part) > LARGEST_BODY:
            self._overflow()
        else:
            self._request.body += part

    def on_message_complete(self) -> None:
        """The request is complete."""
        request = self._request
        request.method = self._parser.get_method()
        request.keep_alive = self._parser.should_keep_alive() and not request.fault
        self._is_begun = False
        self._complete.append(request)

    def _overflow(self) -> None:
        in_head = self._is_in_head
        self._request.fault = (
            HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE if in_head else HTTPStatus.REQUEST_ENTITY_TOO_LARGE
        )
