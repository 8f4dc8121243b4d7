"""The connections of all clients, and how they end."""

import asyncio
import contextlib
from typing import cast

_LINGERING_SECONDS = 0.5
"""How long a client that is hung up on may take to read its last answer."""


class Connection(asyncio.Protocol):
    """One client's connection. Nothing more is read from a client who does not read what waits for it."""

    transport: asyncio.Transport

    def __init__(self, connections: "Connections") -> None:
        self.connections = connections
        self.held_up = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin."""
        self.transport = cast("asyncio.Transport", transport)
        self.connections.add(self)

    def connection_lost(self, _error: Exception | None) -> None:
        """End."""
        self.connections.discard(self)

    def pause_writing(self) -> None:
        """Too much waits for the client."""
        self.held_up = True
        self.transport.pause_reading()

    def resume_writing(self) -> None:
        """The client has read most of it."""
        self.held_up = False
        self.transport.resume_reading()

    def go_away(self) -> None:
        """The service ends: close as soon as what waits has been sent."""
        self.transport.close()

    def hang_up(self) -> None:
        """Send what waits and the end of it. Closing at once could destroy the answer to a client that still sends."""
        self.transport.write_eof()
        asyncio.get_running_loop().call_later(_LINGERING_SECONDS, self.transport.abort)


class Connections:
    """Those that are open."""

    def __init__(self) -> None:
        self._open: set[Connection] = set()
        self._none = asyncio.Event()

    def add(self, connection: Connection) -> None:
        """Know a connection."""
        self._open.add(connection)
        self._none.clear()

    def discard(self, connection: Connection) -> None:
        """Forget a connection, if it is known."""
        self._open.discard(connection)
        if not self._open:
            self._none.set()

    async def end(self, seconds: float) -> None:
        """Take leave of everybody; who has not gone in this time is cut off."""
        for connection in tuple(self._open):
            connection.go_away()
        if self._open:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._none.wait(), seconds)
        for connection in tuple(self._open):
            connection.transport.abort()
