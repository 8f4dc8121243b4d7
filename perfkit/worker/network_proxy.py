"""A TCP proxy that is a slow link: latency, jitter and bandwidth of either direction, shared by its connections.

Run by perfkit's own interpreter as `python -m perfkit.worker.network_proxy JSON`: {"upstream": [[host, port], ...],
"delay", "jitter" (s), "rate" (bit/s, 0 for no limit), "seed", "late" (s from which something is late), "told"}. It
listens on 127.0.0.1, one port for each upstream, and writes their numbers to the file `told`. At SIGTERM it prints what
it passed on and how much of that was late, as JSON, and ends.

A connection is accepted at once, so its first bytes wait for the round trip that opening it would have taken.
"""

import asyncio
import heapq
import json
import os
import random
import signal
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from itertools import count
from operator import methodcaller
from typing import Any, cast

from perfkit.instruments.priority import preferred
from perfkit.instruments.timerfd import open_timer

_PIECE = 1448
"""Bytes of an Ethernet packet's payload; data on a limited link leaves in pieces of this or of 2 ms."""
_PIECE_SECONDS = 2e-3
_MOST_HELD = 4 * 2**20
"""Bytes of one connection on the way before its sender has to wait."""


class Clockwork:
    """Does things at their times."""

    def __init__(self, late: float) -> None:
        self.done, self.late = 0, 0
        self._late = late
        self._loop = asyncio.get_running_loop()
        self._waiting: list[tuple[float, int, Callable[[], None]]] = []
        self._numbers = count()
        self._timer = open_timer()
        if self._timer is not None:
            self._loop.add_reader(self._timer.fd, self._ring)

    def at(self, due: float, action: Callable[[], None]) -> None:
        """Do it at `due` of time.monotonic(), in the order given where times are equal."""
        heapq.heappush(self._waiting, (due, next(self._numbers), action))
        if self._waiting[0][0] == due:
            self._set(due)

    def close(self) -> None:
        """Do nothing more."""
        if self._timer is not None:
            self._loop.remove_reader(self._timer.fd)
            self._timer.close()
            self._timer = None

    def _set(self, due: float) -> None:
        if self._timer is not None:
            self._timer.set(due)
        else:
            self._loop.call_at(due, self._ring)

    def _ring(self) -> None:
        if self._timer is not None:
            self._timer.take()
        while self._waiting and self._waiting[0][0] <= (now := time.monotonic()):
            due, _, action = heapq.heappop(self._waiting)
            with suppress(OSError):  # an end that is gone must not stop the others
                action()
            self.done += 1
            self.late += now - due > self._late
        if self._waiting:
            self._set(self._waiting[0][0])


class Link:
    """One direction: what is sent over it queues for its bandwidth, then travels."""

    def __init__(self, delay: float, jitter: float, rate: float, draw: random.Random) -> None:
        self.delay, self._jitter, self._rate, self._draw = delay, jitter, rate, draw
        self._free = 0.0
        self.piece = max(_PIECE, int(rate / 8 * _PIECE_SECONDS)) if rate else sys.maxsize

    def arrival(self, sent: float, size: int) -> float:
        """When `size` bytes that are sent at `sent` have arrived."""
        if self._rate:
            sent = self._free = max(sent, self._free) + size * 8 / self._rate
        return sent + self.delay + self._draw.uniform(-self._jitter, self._jitter)


class Lane(asyncio.Protocol):
    """What comes from one end of a connection, on its way over a link to the other end."""

    def __init__(self, clockwork: Clockwork, link: Link) -> None:
        self._clockwork, self._link = clockwork, link
        self.other: Lane
        self._transport: asyncio.Transport | None = None
        self._opened, self._last = 0.0, 0.0
        self._held, self._blocked, self._ended = 0, False, False
        self._early: list[Callable[[], None]] = []

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Note the end; what had arrived for it before it was there goes out."""
        self._transport = cast("asyncio.Transport", transport)
        early, self._early = self._early, []
        for action in early:
            action()

    def opened(self, at: float) -> None:
        """Nothing of this lane is sent before `at`."""
        self._opened = at

    def data_received(self, data: bytes) -> None:
        """Send it on its way, in pieces."""
        for start in range(0, len(data), self._link.piece):
            piece = data[start : start + self._link.piece]
            self._held += len(piece)
            self._later(len(piece), partial(self._deliver, piece))
        self._read_or_wait()

    def eof_received(self) -> bool:
        """The other end learns of it when it has arrived; this one may still be written to."""
        self._ended = True
        self._later(0, partial(self.other.put, self.other.finish))
        return True

    def finish(self, transport: asyncio.Transport) -> None:
        """Nothing more comes for this end; where nothing more comes from it either, it is closed."""
        transport.write_eof()
        if self._ended:
            transport.close()

    def connection_lost(self, error: Exception | None) -> None:
        """The other end is closed, or broken where this one broke, after what was sent before."""
        self._later(0, partial(self.other.put, methodcaller("abort" if error else "close")))

    def pause_writing(self) -> None:
        """This end does not read: the other one has to wait."""
        self.other.block(still=True)

    def resume_writing(self) -> None:
        """It reads again."""
        self.other.block(still=False)

    def block(self, *, still: bool) -> None:
        """The other end cannot take more, or can again."""
        self._blocked = still
        self._read_or_wait()

    def put(self, action: Callable[[asyncio.Transport], None]) -> None:
        """Do it to this end, once it is there."""
        transport = self._transport
        if transport is None:
            self._early.append(lambda: self.put(action))
        elif not transport.is_closing():
            action(transport)

    def refused(self) -> None:
        """There is no other end: break this one, as a service would that does not listen."""
        self.put(methodcaller("abort"))

    def _deliver(self, piece: bytes) -> None:
        self._held -= len(piece)
        self._read_or_wait()
        self.other.put(lambda transport: transport.write(piece))

    def _later(self, size: int, action: Callable[[], None]) -> None:
        """Bytes of one connection never overtake each other."""
        self._last = max(self._last, self._link.arrival(max(time.monotonic(), self._opened), size))
        self._clockwork.at(self._last, action)

    def _read_or_wait(self) -> None:
        if self._transport is None or self._transport.is_closing():
            return
        if self._blocked or self._held > _MOST_HELD:
            self._transport.pause_reading()
        else:
            self._transport.resume_reading()


async def _serve(asked: dict[str, Any]) -> None:
    loop = asyncio.get_running_loop()
    ended = asyncio.Event()
    loop.add_signal_handler(signal.SIGTERM, ended.set)
    clockwork = Clockwork(asked["late"])
    draw = random.Random(asked["seed"])  # noqa: S311 - jitter, not a secret
    there, back = (Link(asked["delay"], asked["jitter"], asked["rate"], draw) for _ in range(2))
    connecting: set[asyncio.Task[None]] = set()

    def accept(host: str, port: int) -> Lane:
        near, far = Lane(clockwork, there), Lane(clockwork, back)
        near.other, far.other = far, near
        near.opened(time.monotonic() + there.delay + back.delay)
        task = loop.create_task(_connect(far, near, host, port))
        connecting.add(task)
        task.add_done_callback(connecting.discard)
        return near

    ports = []
    for host, port in asked["upstream"]:
        server = await loop.create_server(partial(accept, host, port), "127.0.0.1", 0, backlog=4096)
        ports.append(server.sockets[0].getsockname()[1])
    _tell(asked["told"], ports)
    await ended.wait()
    clockwork.close()
    print(json.dumps({"passed": clockwork.done, "late": clockwork.late}), flush=True)


async def _connect(far: Lane, near: Lane, host: str, port: int) -> None:
    try:
        await asyncio.get_running_loop().create_connection(lambda: far, host, port)
    except OSError:
        near.refused()


def _tell(path: str, ports: list[int]) -> None:
    """The file is there at once as a whole."""
    with open(path + ".part", "w", encoding="utf-8") as file:
        json.dump(ports, file)
    os.replace(path + ".part", path)


if __name__ == "__main__":
    with preferred():  # it stands for a network, which waits for nobody
        asyncio.run(_serve(json.loads(sys.argv[1])))
