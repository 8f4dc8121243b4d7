"""Services whose behaviour under load is known; run by path: `load_service.py MODE PORT [FILE]`.

Each answers any request over HTTP/1.1 and keeps the connection. FILE gets the delays that `lawful` really made, in s.
"""

import asyncio
import os
import random
import resource
import signal
import sys
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import ClassVar

from aiohttp import web

Answer = Callable[[], Awaitable[int]]


async def at_once() -> int:
    return 200


def pausing(after: float, pause: float) -> Answer:
    """Blocks everything for `pause` s, once, `after` s from the first request."""
    first = 0.0
    paused = False

    async def answer() -> int:
        nonlocal first, paused
        first = first or time.monotonic()
        if not paused and time.monotonic() - first > after:
            paused = True
            time.sleep(pause)  # noqa: ASYNC251 - that is the pause
        return 200

    return answer


def recording(file: str) -> Answer:
    """Answers at once, and writes down when each request came."""
    made = Path(file).open("w", buffering=1)  # noqa: SIM115 - until the process ends

    async def answer() -> int:
        made.write(f"{time.monotonic()!r}\n")
        return 200

    return answer


def serial(each: float) -> Answer:
    """Answers at once as long as requests lie `each` s apart, and one after the other at that distance otherwise."""
    last = 0.0

    async def answer() -> int:
        nonlocal last
        now = time.monotonic()
        last = max(last + each, now)
        if last > now:
            await asyncio.sleep(last - now)
        return 200

    return answer


def writing(file: str, most: int) -> Answer:
    """Appends 100 bytes for each request to a file that may not grow beyond `most` bytes; 507 where it is full."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (most, most))
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    made = Path(file).open("wb", buffering=0)  # noqa: SIM115 - until the process ends

    async def answer() -> int:
        try:
            made.write(bytes(100))
        except OSError:
            return 507
        return 200

    return answer


def lawful(file: str, seed: int) -> Answer:
    """Takes lognormal times, median 20 ms and p99 about 64 ms, and writes them down."""
    rng = random.Random(seed)
    made = Path(file).open("w", buffering=1)  # noqa: SIM115 - until the process ends

    async def answer() -> int:
        began = time.monotonic()
        await asyncio.sleep(0.020 * rng.lognormvariate(0.0, 0.5))
        made.write(f"{time.monotonic() - began!r}\n")
        return 200

    return answer


def limited(each: float) -> Answer:
    """Serves one request at a time, `each` s long."""
    turn = asyncio.Lock()

    async def answer() -> int:
        async with turn:
            await asyncio.sleep(each)
        return 200

    return answer


def burning(each: float) -> Answer:
    """Waits 200 ms, then uses `each` s of CPU."""

    async def answer() -> int:
        await asyncio.sleep(0.200)
        until = time.thread_time() + each
        while time.thread_time() < until:
            pass
        return 200

    return answer


def every_tenth(status: int) -> Answer:
    """Waits 200 ms; one answer in ten has another status."""
    seen = 0

    async def answer() -> int:
        nonlocal seen
        seen += 1
        said = status if seen % 10 == 0 else 200
        await asyncio.sleep(0.200)
        return said

    return answer


def dying(after: int) -> Answer:
    left = after

    async def answer() -> int:
        nonlocal left
        left -= 1
        if left == 0:
            print("out of oscillators", file=sys.stderr, flush=True)
            os._exit(3)
        return 200

    return answer


def answers(mode: str, file: str) -> Answer:
    return {
        "at_once": lambda: at_once,
        "pausing": lambda: pausing(4.0, 1.0),
        "lawful": lambda: lawful(file, 7),
        "limited": lambda: limited(0.010),
        "burning": lambda: burning(0.002),
        "errors": lambda: every_tenth(500),
        "dying": lambda: dying(100),
        "stuck": lambda: limited(3600.0),
        "never": lambda: at_once,
        "refusing": lambda: at_once,
        "pausing_soon": lambda: pausing(1.0, 0.5),
        "recording": lambda: recording(file),
        "serial": lambda: serial(0.001),
        "writing": lambda: writing(file, 15_000),
    }[mode]()


class Http(asyncio.Protocol):
    """Just enough of HTTP for requests without a body, one at a time."""

    open: ClassVar[set[asyncio.BaseTransport]] = set()
    asked: ClassVar[asyncio.Event] = asyncio.Event()

    def __init__(self, answer: Answer) -> None:
        self._answer = answer
        self._tasks: set[asyncio.Task[None]] = set()

    def connection_made(self, transport) -> None:
        self._transport = transport
        self.open.add(transport)

    def connection_lost(self, _) -> None:
        self.open.discard(self._transport)

    def data_received(self, data: bytes) -> None:
        self.asked.set()
        task = asyncio.create_task(self._reply())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _reply(self) -> None:
        status = await self._answer()
        self._transport.write(b"HTTP/1.1 %d said\r\nContent-Length: 2\r\n\r\nok" % status)


async def serve(mode: str, port: int, file: str = "") -> None:
    answer = answers(mode, file)
    loop = asyncio.get_running_loop()
    # With fewer waiting connections than a pause collects, the kernel lets clients try again a second later.
    server = await loop.create_server(lambda: Http(answer), "127.0.0.1", port, backlog=1000)
    if mode == "never":
        await asyncio.Event().wait()
    print("ready", flush=True)
    if mode == "refusing":
        await Http.asked.wait()
        await asyncio.sleep(0.5)
        server.close()
        for transport in tuple(Http.open):
            transport.abort()
        await asyncio.Event().wait()
    await server.serve_forever()


SKIPPED = frozenset({60, 61, 62, 100, 139})
"""The message numbers that the `skipping` streams never send."""


async def stream(mode: str, port: int) -> None:
    """Streams of 100 numbered messages a second, one a second where `sparse`.

    `skipping` leaves out SKIPPED, `leaving` closes at message 80.
    """
    rate = 1 if mode == "sparse" else 100

    async def handle(request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse(compress=False, timeout=0.2)
        await socket.prepare(request)
        start = time.monotonic()
        for number in range(100_000):
            await asyncio.sleep(max(0.0, start + number / rate - time.monotonic()))
            if mode == "silent":
                continue
            if mode == "leaving" and number == 80:
                break
            if mode != "skipping" or number not in SKIPPED:
                await socket.send_bytes(b"head" + number.to_bytes(4, "big") + bytes(64))
        await socket.close()
        return socket

    application = web.Application()
    application.router.add_get("/stream", handle)
    runner = web.AppRunner(application, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port, backlog=4096).start()
    print("ready", flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    main = stream if sys.argv[1] in {"steady", "skipping", "leaving", "silent", "sparse"} else serve
    asyncio.run(main(sys.argv[1], int(sys.argv[2]), *sys.argv[3:]))
