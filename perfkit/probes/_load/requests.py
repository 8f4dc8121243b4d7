"""The open loop: each request leaves at its time, however slow the answers to those before are."""

import asyncio
import time

import aiohttp
from yarl import URL

from perfkit.instruments.alarm import Alarm
from perfkit.probes._load.errors import named
from perfkit.probes._load.ledger import ANSWERED, DROPPED, FAILED, SENT, TIMED_OUT, Requests
from perfkit.probes._load.settings import Http


class Offer:
    """Sends the requests of a schedule and notes in the ledger what came of each."""

    def __init__(self, session: aiohttp.ClientSession, http: Http, timeout: float, requests: Requests) -> None:
        self._session = session
        self._requests = requests
        self._timeout = timeout
        self._most = http.in_flight
        self._expect = frozenset(http.expect)
        self._method = http.method
        self._url = URL(http.url)
        self._headers = dict(http.headers)
        self._body = http.body.encode() or None
        self._flying: set[asyncio.Task[None]] = set()

    async def send_all(self) -> None:
        """Send every request when it is due, overdue ones at once; those beyond the cap are noted as dropped."""
        requests, flying = self._requests, self._flying
        with Alarm() as alarm:
            for index, due in enumerate(requests.due.tolist()):
                await alarm.until(due)
                if len(flying) >= self._most:
                    requests.state[index] = DROPPED
                    continue
                task = asyncio.create_task(self._request(index))
                flying.add(task)
                task.add_done_callback(flying.discard)
                requests.most_in_flight = max(requests.most_in_flight, len(flying))

    async def drain(self) -> None:
        """Wait for the answers that are still due; each has its own timeout."""
        if self._flying:
            await asyncio.wait(self._flying)

    async def abandon(self) -> None:
        """Give up every request in flight."""
        for task in self._flying:
            task.cancel()
        await asyncio.gather(*self._flying, return_exceptions=True)

    async def _request(self, index: int) -> None:
        requests = self._requests
        requests.state[index] = SENT
        sent = requests.sent[index] = time.monotonic()
        try:
            async with self._session.request(
                self._method, self._url, headers=self._headers, data=self._body, allow_redirects=False
            ) as response:
                await response.read()
                status = response.status
        except TimeoutError:
            requests.done[index] = sent + self._timeout
            requests.state[index] = TIMED_OUT
            requests.errors.append((index, "timeout"))
        except (aiohttp.ClientError, OSError) as error:
            self._failed(index, named(error))
        else:
            if status in self._expect:
                requests.done[index] = time.monotonic()
                requests.state[index] = ANSWERED
            else:
                self._failed(index, f"HTTP {status}")

    def _failed(self, index: int, name: str) -> None:
        self._requests.done[index] = time.monotonic()
        self._requests.state[index] = FAILED
        self._requests.errors.append((index, name))
