"""The service: notes over HTTP, audio over WebSockets."""

import asyncio
import gc
import signal
import time
from dataclasses import dataclass, field
from http import HTTPStatus

from synth.engine import Engine
from synth.http11 import Answer, HttpConnection, Route, Site, document
from synth.notes import apply, parse
from synth.sockets import Stream
from synth.streams import Broadcaster

_CLOSING_SECONDS = 0.3
"""How long the clients may take to answer when the service ends."""


@dataclass(frozen=True, slots=True)
class Settings:
    """Where to listen and what to render; `block` is in frames."""

    host: str
    port: int
    rate: int = 48_000
    voices: int = 64
    block: int = 960


@dataclass(slots=True)
class Service:
    """The handlers of every path, around one engine that all clients share."""

    engine: Engine
    broadcaster: Broadcaster
    _started: float = field(default_factory=time.monotonic)

    def site(self) -> Site:
        """Every path with what answers it."""
        routes = {
            b"/health": Route(b"GET", self.health),
            b"/notes": Route(b"POST", self.notes),
            b"/metrics": Route(b"GET", self.metrics),
            b"/stream": Route(b"GET", self.stream),
        }
        return Site(routes, {b"/stream": lambda connections: Stream(connections, self.broadcaster)})

    def health(self, _body: bytes) -> Answer:
        """`{"status": "ok", "voices": 3, "streams": 1}`."""
        playing = self.engine.voices, len(self.broadcaster.listeners)
        return Answer(b'{"status":"ok","voices":%d,"streams":%d}' % playing)

    def notes(self, body: bytes) -> Answer:
        """Start and stop notes (`synth.notes.parse` says how); 400 and `{"error": …}` for what cannot be played."""
        try:
            started, stopped = apply(parse(body), self.engine)
        except ValueError as error:
            return document({"error": str(error)}, HTTPStatus.BAD_REQUEST)
        return document({"started": started, "stopped": stopped, "voices": self.engine.voices})

    def metrics(self, _body: bytes) -> Answer:
        """Counters since the start, and what there is now."""
        counts = self.broadcaster.counts
        return document(
            {
                "uptime_seconds": time.monotonic() - self._started,
                "voices": self.engine.voices,
                "streams": len(self.broadcaster.listeners),
                "blocks_rendered": counts.blocks,
                "block_frames": self.broadcaster.frames,
                "rate": self.engine.rate,
                "render_seconds": counts.render_seconds,
                "render_load": counts.render_seconds / counts.audio_seconds if counts.audio_seconds else 0.0,
                "messages": counts.messages,
                "dropped_messages": counts.dropped_messages,
                "late_blocks": counts.late_blocks,
            }
        )

    def stream(self, _body: bytes) -> Answer:
        """For one who asks without a WebSocket's handshake."""
        status = HTTPStatus.UPGRADE_REQUIRED
        return document({"error": "the stream is a WebSocket"}, status, b"Upgrade: websocket\r\n")


async def serve(settings: Settings) -> None:
    """Run until SIGTERM or SIGINT. Raises OSError where the port is taken, ValueError for settings out of range."""
    loop = asyncio.get_running_loop()
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    engine = Engine(rate=settings.rate, max_voices=settings.voices)
    service = Service(engine, Broadcaster(engine, settings.block))
    site = service.site()
    server = await loop.create_server(lambda: HttpConnection(site), settings.host, settings.port)
    try:
        service.broadcaster.render()
        player = asyncio.create_task(service.broadcaster.run())
        # What the start has allocated stays: no collection needs to look at it again.
        gc.freeze()
        print("audio ready", flush=True)
        player.add_done_callback(lambda _: stop.set())
        await stop.wait()
        if player.done():
            player.result()  # it never ends but by an error, which must not leave a service without sound
        player.cancel()
    finally:
        server.close()
        await site.connections.end(_CLOSING_SECONDS)
