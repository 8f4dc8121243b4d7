"""The service: notes over HTTP, audio over WebSockets."""

import asyncio
import contextlib
import gc
import json
import signal
import time
from dataclasses import dataclass, field

from aiohttp import WSCloseCode, web

from synth.engine import Engine
from synth.notes import apply, parse
from synth.streams import Broadcaster, Listener

_CLOSING_SECONDS = 0.5
"""How long a client may take to answer when the service ends."""
_LARGEST_REQUEST = 65_536
_ENCODER = json.JSONEncoder(separators=(",", ":"))


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
    _sockets: set[web.WebSocketResponse] = field(default_factory=set)

    def application(self) -> web.Application:
        """Every path with its handler."""
        application = web.Application(client_max_size=_LARGEST_REQUEST)
        application.router.add_get("/health", self.health)
        application.router.add_post("/notes", self.notes)
        application.router.add_get("/metrics", self.metrics)
        application.router.add_get("/stream", self.stream)
        application.on_shutdown.append(self._close_streams)
        return application

    async def health(self, _request: web.Request) -> web.Response:
        """`{"status": "ok", "voices": 3, "streams": 1}`."""
        return _json({"status": "ok", "voices": self.engine.voices, "streams": len(self.broadcaster.listeners)})

    async def notes(self, request: web.Request) -> web.Response:
        """Start and stop notes (`synth.notes.parse` says how); 400 and `{"error": …}` for what cannot be played."""
        try:
            started, stopped = apply(parse(await request.read()), self.engine)
        except ValueError as error:
            return _json({"error": str(error)}, status=400)
        return _json({"started": started, "stopped": stopped, "voices": self.engine.voices})

    async def metrics(self, _request: web.Request) -> web.Response:
        """Counters since the start, and what there is now."""
        counts = self.broadcaster.counts
        return _json(
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

    async def stream(self, request: web.Request) -> web.WebSocketResponse:
        """Send every block (`synth.streams` has the format) until the client goes; what it says is ignored."""
        socket = web.WebSocketResponse(compress=False, timeout=_CLOSING_SECONDS)
        await socket.prepare(request)
        self._sockets.add(socket)
        listener = self.broadcaster.join()
        sender = asyncio.create_task(_send(socket, listener))
        try:
            async for _ in socket:
                pass
        finally:
            self.broadcaster.leave(listener)
            self._sockets.discard(socket)
            sender.cancel()
        return socket

    async def _close_streams(self, _application: web.Application) -> None:
        await asyncio.gather(*(socket.close(code=WSCloseCode.GOING_AWAY) for socket in tuple(self._sockets)))


async def serve(settings: Settings) -> None:
    """Run until SIGTERM or SIGINT. Raises OSError where the port is taken, ValueError for settings out of range."""
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    engine = Engine(rate=settings.rate, max_voices=settings.voices)
    service = Service(engine, Broadcaster(engine, settings.block))
    runner = web.AppRunner(service.application(), access_log=None, shutdown_timeout=_CLOSING_SECONDS)
    await runner.setup()
    try:
        await web.TCPSite(runner, settings.host, settings.port).start()
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
        await runner.cleanup()


async def _send(socket: web.WebSocketResponse, listener: Listener) -> None:
    with contextlib.suppress(ConnectionError):
        while not socket.closed:
            await socket.send_bytes(await listener.next())


def _json(value: dict[str, object], status: int = 200) -> web.Response:
    body = _ENCODER.encode(value).encode()
    return web.Response(body=body, status=status, content_type="application/json")
