"""The listening end of a WebSocket stream."""

import asyncio
import struct
import time
from collections.abc import Callable

import aiohttp

from perfkit.probes._load.deliveries import Deliveries, Stream
from perfkit.probes._load.errors import named
from perfkit.probes._load.settings import Streams

_CLOSING_SECONDS = 0.5
"""How long the service may take to answer a goodbye."""


class Listener:
    """One client: connects, then tells every message's arrival and number until it is cancelled or closed upon."""

    def __init__(self, session: aiohttp.ClientSession, streams: Streams, stream: Stream) -> None:
        self._session = session
        self._streams = streams
        self._stream = stream
        self._socket: aiohttp.ClientWebSocketResponse | None = None
        self._number = _reader(streams)

    async def connect(self, within: float) -> None:
        """Open the stream; what went wrong is noted, not raised."""
        self._stream.asked = time.monotonic()
        try:
            async with asyncio.timeout(within):
                self._socket = await self._session.ws_connect(
                    self._streams.url,
                    headers=self._streams.headers,
                    compress=0,
                    max_msg_size=0,
                    timeout=aiohttp.ClientWSTimeout(ws_close=_CLOSING_SECONDS),
                )
        except (aiohttp.ClientError, OSError, TimeoutError) as error:
            self._stream.trouble = named(error)
            return
        self._stream.connected = time.monotonic()

    async def listen(self, deliveries: Deliveries) -> None:
        """Tell of messages until the service closes the stream (noted as its end) or this task is cancelled."""
        if self._socket is None:
            return
        try:
            await self._hear_messages(self._socket, deliveries)
        finally:
            await self._socket.close()

    async def _hear_messages(self, socket: aiohttp.ClientWebSocketResponse, deliveries: Deliveries) -> None:
        stream, number = self._stream, self._number
        while True:
            message = await socket.receive()
            now = time.monotonic()
            if message.type is aiohttp.WSMsgType.BINARY:
                data = message.data
            elif message.type is aiohttp.WSMsgType.TEXT:
                data = message.data.encode()
            else:
                stream.ended = now
                stream.trouble = f"closed with code {socket.close_code}"
                return
            try:
                deliveries.hear(stream, now, None if number is None else number(data))
            except struct.error:
                stream.malformed += 1


def _reader(streams: Streams) -> Callable[[bytes], int] | None:
    if not streams.sequence:
        return None
    unpack, offset = struct.Struct(streams.sequence).unpack_from, streams.sequence_offset

    def number(data: bytes) -> int:
        return int(unpack(data, offset)[0])

    return number
