"""A client that listens, by WebSocket."""

import asyncio

from websockets.frames import CloseCode
from websockets.http11 import Request
from websockets.protocol import State
from websockets.server import ServerProtocol

from synth.connections import Connection, Connections
from synth.streams import Broadcaster

LARGEST_MESSAGE = 65_536
"""Bytes that a client may send at once."""


class Stream(Connection):
    """Gets every block from its handshake on (`synth.streams` has the format); what it says itself is not looked at."""

    def __init__(self, connections: Connections, broadcaster: Broadcaster) -> None:
        super().__init__(connections)
        self._broadcaster = broadcaster
        self._protocol = ServerProtocol(max_size=LARGEST_MESSAGE)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Wait for the handshake."""
        super().connection_made(transport)
        self.transport.set_write_buffer_limits(high=self._broadcaster.most_waiting)

    def connection_lost(self, error: Exception | None) -> None:
        """Send it nothing more."""
        super().connection_lost(error)
        self._broadcaster.leave(self)

    def data_received(self, data: bytes) -> None:
        """Shake hands; then answer what the protocol answers by itself."""
        self._protocol.receive_data(data)
        for event in self._protocol.events_received():
            if isinstance(event, Request):
                self._shake_hands(event)
        self._send()

    def offer(self, message: bytes) -> bool:
        """Send a message that is framed already. False, and it is lost, where too much waits for the client."""
        if self.held_up:
            return False
        self.transport.write(message)
        return True

    def go_away(self) -> None:
        """Say that the service ends, and wait for the client's leave."""
        if self._protocol.state is State.OPEN:
            self._protocol.send_close(CloseCode.GOING_AWAY)
        self._send()

    def _shake_hands(self, request: Request) -> None:
        self._protocol.send_response(self._protocol.accept(request))
        if self._protocol.state is State.OPEN:
            self._broadcaster.join(self)

    def _send(self) -> None:
        """Pass on what the protocol has to say; an empty message is its end."""
        for data in self._protocol.data_to_send():
            if data:
                self.transport.write(data)
            else:
                self.hang_up()
        if self._protocol.state is not State.OPEN:
            self._broadcaster.leave(self)
