"""Streams on real sockets, in the test's own process."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import aiohttp
import pytest
from websockets.frames import Frame, Opcode

from synth.engine import Engine
from synth.http11 import HttpConnection, Site
from synth.service import Service
from synth.sockets import Stream
from synth.streams import Broadcaster
from synth.tests.conftest import run

HANDSHAKE = (
    b"GET /stream HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
)
HELLO = Frame(Opcode.BINARY, b"hello").serialize(mask=False)


@dataclass(frozen=True)
class Place:
    """A service whose blocks the test itself hands out."""

    site: Site
    broadcaster: Broadcaster
    port: int

    async def listeners(self, count: int) -> None:
        """Wait until so many listen."""
        async with asyncio.timeout(10.0):
            while len(self.broadcaster.listeners) != count:  # noqa: ASYNC110 (the service has no event for it)
                await asyncio.sleep(0.001)

    def say(self, framed: bytes = HELLO) -> list[bool]:
        """Offer a message to everybody."""
        return [listener.offer(framed) for listener in self.broadcaster.listeners]


@asynccontextmanager
async def place() -> AsyncIterator[Place]:
    engine = Engine()
    broadcaster = Broadcaster(engine, 960)
    site = Service(engine, broadcaster).site()
    server = await asyncio.get_running_loop().create_server(lambda: HttpConnection(site), "127.0.0.1", 0)
    try:
        yield Place(site, broadcaster, server.sockets[0].getsockname()[1])
    finally:
        server.close()
        await site.connections.end(0.1)


@asynccontextmanager
async def raw(port: int, *parts: bytes) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        for part in parts:
            writer.write(part)
        yield reader, writer
    finally:
        writer.close()


def sent(opcode: Opcode, data: bytes, *, mask: bool = True, fin: bool = True) -> bytes:
    return Frame(opcode, data, fin).serialize(mask=mask)


async def heard(*frames: bytes) -> bytes:
    """All that a stream says to a client that sends these frames with its handshake, after the handshake."""
    async with place() as there, raw(there.port, HANDSHAKE + b"".join(frames)) as (reader, _):
        assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 101 ")
        async with asyncio.timeout(10.0):
            answer = await reader.read()
        await there.listeners(0)
        return answer


def test_everybody_hears_the_same_until_leaving() -> None:
    async def scene() -> None:
        async with place() as there, aiohttp.ClientSession() as session:
            streams = [await session.ws_connect(f"http://127.0.0.1:{there.port}/stream") for _ in range(3)]
            await there.listeners(3)
            assert there.say() == [True] * 3
            assert [await stream.receive_bytes() for stream in streams] == [b"hello"] * 3
            await streams[0].close()
            await there.listeners(2)
            assert streams[0].close_code == 1000

    run(scene())


@pytest.mark.parametrize(
    ("frames", "close_code"),
    [
        ([sent(Opcode.CLOSE, b"\x03\xe8")], 1000),
        ([sent(Opcode.TEXT, b"ignored"), sent(Opcode.CLOSE, b"\x03\xe9")], 1001),
        ([sent(Opcode.BINARY, b"", mask=False)], 1002),
        ([sent(Opcode.CONT, b"a")], 1002),
        ([sent(Opcode.BINARY, b"a" * 70_000)], 1009),
        ([sent(Opcode.BINARY, b"a" * 40_000, fin=False), sent(Opcode.CONT, b"a" * 40_000)], 1009),
    ],
)
def test_a_stream_ends_with_its_reason(frames: list[bytes], close_code: int) -> None:
    answer = run(heard(*frames))
    assert answer[0] == 0x88
    assert int.from_bytes(answer[2:4]) == close_code


def test_a_ping_gets_its_pong() -> None:
    answer = run(heard(sent(Opcode.PING, b"abc"), sent(Opcode.CLOSE, b"")))
    assert answer == sent(Opcode.PONG, b"abc", mask=False) + sent(Opcode.CLOSE, b"", mask=False)


@pytest.mark.parametrize(
    ("request_head", "status"),
    [
        (b"GET /stream HTTP/1.1\r\nConnection: close\r\n\r\n", b"426"),
        (b"POST /stream HTTP/1.1\r\nConnection: close\r\n\r\n", b"405"),
        (HANDSHAKE.replace(b"GET", b"POST"), b"405"),
        (HANDSHAKE.replace(b"/stream", b"/metrics"), b"200"),
        (HANDSHAKE.replace(b"websocket", b"h2c"), b"426"),
        (HANDSHAKE.replace(b"-Key", b"-Lock"), b"400"),
        (HANDSHAKE.replace(b": 13", b": 12"), b"400"),
    ],
)
def test_without_a_handshake_there_is_no_stream(request_head: bytes, status: bytes) -> None:
    async def scene() -> bytes:
        async with place() as there, raw(there.port, request_head) as (reader, _):
            answer = await asyncio.wait_for(reader.read(), 10.0)
            assert not there.broadcaster.listeners
            return answer

    assert run(scene()).startswith(b"HTTP/1.1 " + status)


def test_a_client_that_does_not_read_loses_messages_and_gets_others_after_it_has_read() -> None:
    async def scene() -> None:
        async with place() as there:
            loop = asyncio.get_running_loop()
            with socket.create_connection(("127.0.0.1", there.port)) as slow:
                slow.setblocking(False)
                await loop.sock_sendall(slow, HANDSHAKE)
                await there.listeners(1)
                large = Frame(Opcode.BINARY, bytes(100_000)).serialize(mask=False)
                while there.say(large) == [True]:  # noqa: ASYNC110
                    await asyncio.sleep(0)
                assert there.say() == [False]
                (listener,) = there.broadcaster.listeners
                assert isinstance(listener, Stream)
                assert listener.transport.get_write_buffer_size() > there.broadcaster.most_waiting / 2
                async with asyncio.timeout(10.0):
                    while there.say() == [False]:
                        await loop.sock_recv(slow, 1_000_000)

    run(scene())


def test_a_client_that_vanishes_is_no_listener() -> None:
    async def scene() -> None:
        async with place() as there:
            async with raw(there.port, HANDSHAKE) as (_, writer):
                await there.listeners(1)
                assert writer.transport is not None
                writer.transport.abort()
            await there.listeners(0)

    run(scene())


def test_the_end_of_the_service_is_said_to_every_stream() -> None:
    async def scene() -> tuple[bytes, bytes]:
        async with (
            place() as there,
            raw(there.port, HANDSHAKE) as (polite, writer),
            raw(there.port, HANDSHAKE) as (
                mute,
                _,
            ),
        ):
            await there.listeners(2)
            ending = asyncio.create_task(there.site.connections.end(0.2))
            await polite.readuntil(b"\r\n\r\n")
            goodbye = await polite.readexactly(4)
            writer.write(sent(Opcode.CLOSE, goodbye[2:]))
            assert await polite.read() == b""
            await ending
            assert not there.broadcaster.listeners
            await mute.readuntil(b"\r\n\r\n")
            return goodbye, await mute.readexactly(4)

    assert run(scene()) == (b"\x88\x02\x03\xe9", b"\x88\x02\x03\xe9")
