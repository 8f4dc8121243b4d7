"""Locust's user that sends the arrivals of an open loop: one a worker, with a greenlet for each request in flight."""

import gc
import os
import socket
import time
from array import array
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, ClassVar

import gevent
from gevent.event import AsyncResult, Event
from geventhttpclient.response import HTTPConnectionClosed
from locust import FastHttpUser, task

from perfkit.instruments.timerfd import open_timer
from perfkit.worker.locust_readings import ANSWERED, DROPPED, FAILED, TIMED_OUT, Outbox

_FINE = 150e-6
"""s before the time from which the hub is only yielded to."""
_COARSE = 2e-3
_LATER = 1.0
"""s by which the client's own patience with each read is longer than ours with the whole request."""
_ANY_ENCODING = {"Accept-Encoding": "gzip, deflate"}


@dataclass(slots=True)
class Errand:
    """What one worker has to send; `due`, `opens` and `closes` count in s from the common start."""

    method: str
    url: str
    headers: Mapping[str, str]
    body: bytes | None
    expect: frozenset[int]
    timeout: float
    most: int
    opens: float
    closes: float
    due: "array[float]"
    outbox: Outbox = field(default_factory=Outbox)
    armed: Event = field(default_factory=Event)
    """Set when the user waits for the start."""
    go: AsyncResult = field(default_factory=AsyncResult)
    """Gets the start, s of our time.monotonic()."""
    done: Event = field(default_factory=Event)
    flying: int = 0
    most_in_flight: int = 0
    own_cpu: float = 0.0

    @classmethod
    def of(cls, plan: Mapping[str, Any]) -> "Errand":
        """From the master's message, which is data and never code."""
        return cls(
            plan["method"], plan["url"], _ANY_ENCODING | plan["headers"], plan["body"] or None,
            frozenset(plan["expect"]), plan["timeout"], plan["in_flight"], plan["opens"], plan["closes"],
            array("d", plan["due"]),
        )  # fmt: skip


class Sender(FastHttpUser):
    """Sends each arrival of the errand when it is due, however slow the answers to those before are."""

    host = "http://127.0.0.1"
    max_retries = 0
    errand: ClassVar[Errand]

    @classmethod
    def given(cls, errand: Errand) -> None:
        """What the next user is to send; connections as many as may be in flight."""
        cls.errand = errand
        cls.concurrency = errand.most
        cls.network_timeout = cls.connection_timeout = errand.timeout + _LATER

    @task
    def offer(self) -> None:
        """The whole load, once; then nothing until Locust ends the user."""
        errand = self.errand
        _plain(self.client.client)
        gc.collect()
        gc.freeze()  # collections during the load look only at what the load allocates
        errand.armed.set()
        start = errand.go.get()
        watching = gevent.spawn(_watch_window, errand, start)
        self._send_all(errand, start)
        while errand.flying:
            gevent.sleep(0.005)
        watching.join()
        errand.done.set()
        Event().wait()

    def _send_all(self, errand: Errand, start: float) -> None:
        with _waiting() as until:
            for which, due in enumerate(errand.due):
                until(start + due)
                if errand.flying >= errand.most:
                    errand.outbox.note(which, DROPPED)
                    continue
                errand.flying += 1
                errand.most_in_flight = max(errand.most_in_flight, errand.flying)
                gevent.spawn(self._request, errand, which, start)
                gevent.sleep(0)

    def _request(self, errand: Errand, which: int, start: float) -> None:
        client: Any = self.client  # it takes bytes, whatever its annotations say
        sent, state, error = time.monotonic(), FAILED, ""
        patience = gevent.Timeout.start_new(errand.timeout)
        try:
            with client.request(
                errand.method, errand.url, data=errand.body, headers=errand.headers, catch_response=True
            ) as response:
                state, error = _judged(response, errand.expect)
                response.request_meta["response_time"] = (time.monotonic() - start - errand.due[which]) * 1e3
                if error:
                    response.failure(error)
                else:
                    response.success()
        except gevent.Timeout:
            error = "timeout"
        except Exception as problem:  # noqa: BLE001 - whatever the client meets is a failed request
            error = _named(problem)
        finally:
            patience.close()
            errand.flying -= 1
        done = time.monotonic()
        if state != ANSWERED and done - sent >= errand.timeout:
            state, error, done = TIMED_OUT, "timeout", sent + errand.timeout
        errand.outbox.note(which, state, sent - start, done - start)
        if error and errand.opens <= errand.due[which] < errand.closes:
            errand.outbox.blame(error)


def _plain(agent: Any) -> None:
    """A client that keeps no cookies, follows no redirections, and leaves it to us what a status means."""
    agent.cookiejar = None
    agent.redirect_response_codes = agent.redirect_resonse_codes = frozenset()  # so spelt in older ones
    agent._verify_status = lambda *_, **__: None  # noqa: SLF001 - the hook for it


def _judged(response: Any, expect: frozenset[int]) -> tuple[int, str]:
    """How a request ended, and the class of what went wrong."""
    problem = response.request_meta["exception"]
    if problem is not None:
        return FAILED, _named(problem)
    return (ANSWERED, "") if response.status_code in expect else (FAILED, f"HTTP {response.status_code}")


def _named(problem: BaseException) -> str:
    """A short class for an exception of a request."""
    if isinstance(problem, HTTPConnectionClosed):
        return "disconnected"
    if isinstance(problem, socket.gaierror):
        return "the name cannot be resolved"
    number = getattr(problem, "errno", None)
    return os.strerror(number).lower() if number else type(problem).__name__


def _watch_window(errand: Errand, start: float) -> None:
    gevent.sleep(max(0.0, start + errand.opens - time.monotonic()))
    before = time.process_time()
    gevent.sleep(max(0.0, start + errand.closes - time.monotonic()))
    errand.own_cpu = time.process_time() - before


@contextmanager
def _waiting() -> Iterator[Callable[[float], None]]:
    """What waits until a time of time.monotonic(), finer than libev's milliseconds; it yields where that is over."""
    timer = open_timer()
    hub = gevent.get_hub()
    watcher = hub.loop.io(timer.fd, 1) if timer else None

    def until(due: float) -> None:
        ahead = due - (_FINE if timer else _COARSE)
        if ahead > time.monotonic():
            if timer:
                timer.set(ahead)
                hub.wait(watcher)
                timer.take()
            else:
                gevent.sleep(ahead - time.monotonic())
        while time.monotonic() < due:
            gevent.sleep(0)

    try:
        yield until
    finally:
        if timer and watcher:
            watcher.stop()
            watcher.close()
            timer.close()
