"""Who sends when: the open loop, in which each request leaves at its time, and the closed loop of users who wait."""

import asyncio
import time

import numpy as np
from numpy.typing import NDArray

from perfkit.instruments.alarm import FINE, Alarm
from perfkit.probes._load.book import Book
from perfkit.probes._load.connections import Connections

_AT_ONCE = 32
"""Overdue requests sent in a row before the answers get a turn."""
_TURNING = 0.1
"""The most of the time between two requests that is spent awake, waiting for the second to be due."""
_SLICE = 1024
_START_WITHIN = 0.1
"""Seconds over which users without a think time begin, not to come as one."""


async def send_all(due: NDArray[np.float64], connections: Connections, most: int, book: Book) -> None:
    """Send a request at each time of time.monotonic(), overdue ones at once; beyond `most` in flight they are dropped.

    However slow the answers to earlier ones are, no arrival waits for them.
    """
    in_a_row = most_in_flight = 0
    apart = (due[-1] - due[0]) / due.size
    with Alarm(lead=min(FINE, _TURNING * apart)) as alarm:
        for first in range(0, due.size, _SLICE):
            for at in due[first : first + _SLICE].tolist():
                if time.monotonic() < at:
                    await alarm.until(at)
                    in_a_row = 0
                elif (in_a_row := in_a_row + 1) >= _AT_ONCE:
                    await asyncio.sleep(0)
                    in_a_row = 0
                if connections.flying >= most:
                    book.dropped(at)
                    continue
                connections.send(at)
                most_in_flight = max(most_in_flight, connections.flying)
    book.tally.most_in_flight = most_in_flight


async def visit(users: int, think: float, until: float, connections: Connections, book: Book) -> None:
    """Users of a closed loop: each sends, waits for the answer, thinks for `think` s, and sends again, `until` then."""
    loop = asyncio.get_running_loop()
    over = asyncio.Event()
    left = users

    def send() -> None:
        now = time.monotonic()
        if now < until:
            connections.send(now, rest)
            book.tally.most_in_flight = max(book.tally.most_in_flight, connections.flying)
            return
        nonlocal left
        left -= 1
        if not left:
            over.set()

    def rest() -> None:
        if think:
            loop.call_later(think, send)
        else:
            loop.call_soon(send)

    for user in range(users):
        loop.call_later((think or _START_WITHIN) * user / users, send)
    await over.wait()
