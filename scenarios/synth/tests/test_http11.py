"""The server on a real socket, in the test's own process."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from synth.connections import Connections
from synth.http11 import Answer, HttpConnection, Route, Site, document
from synth.tests.conftest import run


def echo(body: bytes) -> Answer:
    return document({"said": body.decode()})


SITE_ROUTES = {b"/echo": Route(b"POST", echo), b"/quiet": Route(b"GET", echo)}


def talk(*parts: bytes, routes: dict[bytes, Route] = SITE_ROUTES) -> bytes:
    """Everything that the server says to one client who sends these parts and then nothing more."""

    async def scene() -> bytes:
        site = Site(routes, {})
        server = await asyncio.get_running_loop().create_server(lambda: HttpConnection(site), "127.0.0.1", 0)
        reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
        for part in parts:
            writer.write(part)
            await writer.drain()
            await asyncio.sleep(0.01)
        writer.write_eof()
        heard = await reader.read()
        writer.close()
        server.close()
        await site.connections.end(1.0)
        return heard

    return run(scene())


def statuses(heard: bytes) -> list[int]:
    return [int(part[:3]) for part in heard.split(b"HTTP/1.1 ")[1:]]


def test_an_answer_is_json_with_its_length_and_date() -> None:
    head, _, body = talk(b"POST /echo HTTP/1.1\r\nContent-Length: 2\r\n\r\nhi").partition(b"\r\n\r\n")
    assert body == b'{"said":"hi"}'
    lines = head.split(b"\r\n")
    assert lines[0] == b"HTTP/1.1 200 OK"
    assert {b"Content-Type: application/json", b"Content-Length: 13", b"Connection: keep-alive"} <= set(lines)
    assert lines[1].startswith(b"Date: ")
    assert lines[1].endswith(b" GMT")


@pytest.mark.parametrize("apart", [True, False])
def test_requests_are_answered_in_their_order(apart: bool) -> None:
    requests = [b"POST /echo HTTP/1.1\r\nContent-Length: 1\r\n\r\n%d" % number for number in range(5)]
    heard = talk(*(requests if apart else [b"".join(requests)]))
    assert [part[8:9] for part in heard.split(b"{")[1:]] == [b"0", b"1", b"2", b"3", b"4"]


@pytest.mark.parametrize(
    ("request_line", "status"),
    [
        (b"GET /quiet?x=1 HTTP/1.1", 200),
        (b"GET http://there/quiet HTTP/1.1", 200),
        (b"GET /nowhere HTTP/1.1", 404),
        (b"GET * HTTP/1.1", 404),
        (b"CONNECT a:80 HTTP/1.1", 404),
        (b"OPTIONS /quiet HTTP/1.1", 405),
        (b"GET /echo HTTP/1.1", 405),
    ],
)
def test_a_path_is_found_or_not(request_line: bytes, status: int) -> None:
    assert statuses(talk(request_line + b"\r\n\r\n")) == [status]


def test_a_wrong_method_learns_the_right_ones() -> None:
    assert b"\r\nAllow: POST\r\n" in talk(b"GET /echo HTTP/1.1\r\n\r\n")
    assert b"\r\nAllow: GET, HEAD\r\n" in talk(b"POST /quiet HTTP/1.1\r\n\r\n")


def test_head_is_the_answer_without_its_body() -> None:
    get, head = (talk(method + b" /quiet HTTP/1.1\r\n\r\n") for method in (b"GET", b"HEAD"))
    assert get.endswith(b'\r\n\r\n{"said":""}')
    assert head.endswith(b"\r\nContent-Length: 11\r\n\r\n")


@pytest.mark.parametrize(
    ("last", "status"),
    [
        (b"GET /quiet HTTP/1.1\r\nConnection: close\r\n\r\n", 200),
        (b"GET /quiet HTTP/1.1\r\nUpgrade: h2c\r\nConnection: upgrade\r\n\r\n", 200),
        (b"GET quiet quiet\r\n\r\n", 400),
        (b"POST /echo HTTP/1.1\r\nContent-Length: 70000\r\n\r\n" + b"a" * 70_000, 413),
        (b"GET /quiet HTTP/1.1\r\nA: " + b"a" * 70_000 + b"\r\n\r\n", 431),
    ],
)
def test_nothing_is_answered_after_the_last_request(last: bytes, status: int) -> None:
    served: list[bytes] = []

    def serve(body: bytes) -> Answer:
        served.append(body)
        return echo(body)

    more = b"GET /quiet HTTP/1.1\r\n\r\n"
    heard = talk(more + last, more, routes={b"/echo": Route(b"POST", serve), b"/quiet": Route(b"GET", serve)})
    assert statuses(heard) == [200, status]
    assert len(served) == statuses(heard).count(200)
    assert heard.count(b"Connection: close") == 1


def test_a_client_that_waits_for_leave_gets_it() -> None:
    heard = talk(b"POST /echo HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n", b"hi")
    assert statuses(heard) == [100, 200]
    assert heard.endswith(b'{"said":"hi"}')


class Watched(HttpConnection):
    """A connection whose loss is seen."""

    def __init__(self, site: Site) -> None:
        super().__init__(site)
        self.lost = asyncio.Event()

    def connection_lost(self, error: Exception | None) -> None:
        """As a connection does."""
        super().connection_lost(error)
        self.lost.set()


@asynccontextmanager
async def watched(site: Site) -> AsyncIterator[tuple[Watched, asyncio.StreamReader, asyncio.StreamWriter]]:
    """A connection seen from both of its ends."""
    made: asyncio.Queue[Watched] = asyncio.Queue()

    def make() -> Watched:
        connection = Watched(site)
        made.put_nowait(connection)
        return connection

    server = await asyncio.get_running_loop().create_server(make, "127.0.0.1", 0)
    reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname(), limit=1_000)
    try:
        yield await made.get(), reader, writer
    finally:
        writer.close()
        server.close()


def test_a_client_that_does_not_read_is_not_read_either_and_is_cut_off_at_the_end() -> None:
    async def scene() -> None:
        site = Site({b"/much": Route(b"GET", lambda _: Answer(bytes(100_000)))}, {})
        async with watched(site) as (connection, _, writer):
            while not connection.held_up:
                writer.write(b"GET /much HTTP/1.1\r\n\r\n")
                await asyncio.sleep(0)
            assert not connection.transport.is_reading()
            await site.connections.end(0.05)
            await asyncio.wait_for(connection.lost.wait(), 10.0)

    run(scene())


def test_a_client_that_is_hung_up_on_hears_why_and_that_it_is_the_end_before_it_is_cut_off() -> None:
    async def scene() -> None:
        async with watched(Site(SITE_ROUTES, {})) as (connection, reader, writer):
            writer.write(b"nonsense\r\n\r\n")
            assert statuses(await reader.read()) == [400]
            assert not connection.lost.is_set()
            writer.write(b"more nonsense")
            await asyncio.wait_for(connection.lost.wait(), 10.0)

    run(scene())


def test_nobody_is_waited_for_where_nobody_is() -> None:
    run(asyncio.wait_for(Connections().end(60.0), 10.0))
