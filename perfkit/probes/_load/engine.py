"""Runs a load on one event loop and hands back what was written down."""

import asyncio
import gc
import os
import time
from collections.abc import Callable, Coroutine, Iterator
from contextlib import AsyncExitStack, contextmanager, suppress
from urllib.parse import urlsplit

import aiohttp

from perfkit.instruments.cpu import read_tree
from perfkit.model.errors import Failed
from perfkit.probes._load.errors import named
from perfkit.probes._load.ledger import Ledger, Requests, Stream
from perfkit.probes._load.requests import Offer
from perfkit.probes._load.schedule import schedule
from perfkit.probes._load.settings import Plan
from perfkit.probes._load.streams import Listener

_HEAD_START = 0.02
"""Seconds from the end of the preparations to the first request."""


def run(plan: Plan, service: int | None = None) -> Ledger:
    """One load against a service that listens. `service` is its process id, whose CPU is read and death noticed.

    Raises Failed where nothing accepts connections.
    """
    factory, name = _loop_factory()
    with asyncio.Runner(loop_factory=factory) as runner, _frozen_heap():
        ledger = runner.run(_load(plan, service))
    ledger.loop = name
    return ledger


async def _load(plan: Plan, service: int | None) -> Ledger:
    await _contact(plan)
    async with AsyncExitStack() as stack:
        session = await stack.enter_async_context(_session(plan.timeout))
        listeners, streams = await _connected(plan, session)
        ledger = _empty(plan, streams)
        listening = [asyncio.create_task(listener.listen()) for listener in listeners]
        try:
            await _until_gone(_offered(plan, session, ledger, service), ledger, service)
        finally:
            for task in listening:
                task.cancel()
            await asyncio.gather(*listening, return_exceptions=True)
    return ledger


async def _offered(plan: Plan, session: aiohttp.ClientSession, ledger: Ledger, service: int | None) -> None:
    window = asyncio.create_task(_watch_window(ledger, service))
    if plan.http is None:
        await window
        return
    offer = Offer(session, plan.http, plan.timeout, ledger.requests)
    try:
        await offer.send_all()
        await window
        await offer.drain()
    finally:
        window.cancel()
        await offer.abandon()


async def _watch_window(ledger: Ledger, service: int | None) -> None:
    await asyncio.sleep(max(0.0, ledger.opens - time.monotonic()))
    own = time.process_time()
    ledger.first_cpu = None if service is None else read_tree(service)
    await asyncio.sleep(max(0.0, ledger.closes - time.monotonic()))
    ledger.last_cpu = None if service is None else read_tree(service)
    ledger.own_cpu = time.process_time() - own


async def _until_gone(work: Coroutine[None, None, None], ledger: Ledger, service: int | None) -> None:
    """Do the work, or leave it as soon as the service's process ends."""
    task = asyncio.create_task(work)
    try:
        with _death_of(service, task.cancel):
            await asyncio.wait({task})
    finally:
        task.cancel()
    ledger.service_ended = task.cancelled()
    if not task.cancelled():
        task.result()


async def _connected(plan: Plan, session: aiohttp.ClientSession) -> tuple[list[Listener], tuple[Stream, ...]]:
    if plan.streams is None:
        return [], ()
    streams = tuple(Stream() for _ in range(plan.streams.count))
    listeners = [Listener(session, plan.streams, stream) for stream in streams]
    await asyncio.gather(*(listener.connect(plan.timeout) for listener in listeners))
    if all(stream.connected is None for stream in streams):
        raise Failed(
            f"no stream could be opened at {plan.streams.url}: {streams[0].trouble}",
            hint="check the path of `streams.url`",
        )
    return listeners, streams


def _empty(plan: Plan, streams: tuple[Stream, ...]) -> Ledger:
    arrivals = schedule(plan.http, plan.warmup, plan.duration, plan.seed)
    start = time.monotonic() + _HEAD_START
    opens = start + plan.warmup
    return Ledger(Requests(arrivals.due + start), arrivals.warmup, streams, opens, opens + plan.duration)


async def _contact(plan: Plan) -> None:
    """One connection per address before the load: a wrong port fails at once, and in one line."""
    urls = [part.url for part in (plan.http, plan.streams) if part is not None]
    for url in urls:
        parts = urlsplit(url)
        port = parts.port or (443 if parts.scheme in {"https", "wss"} else 80)
        try:
            async with asyncio.timeout(plan.timeout):
                _, writer = await asyncio.open_connection(parts.hostname, port)
        except (OSError, TimeoutError) as error:
            raise Failed(
                f"nothing accepts connections at {parts.hostname}:{port} ({named(error)})",
                hint="check the port, or let `service` start the program with a `ready` that fits",
            ) from None
        writer.close()


def _session(timeout: float) -> aiohttp.ClientSession:
    return aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(limit=0),
        cookie_jar=aiohttp.DummyCookieJar(),
        # aiohttp rounds longer timeouts up to whole seconds unless told otherwise.
        timeout=aiohttp.ClientTimeout(total=timeout, ceil_threshold=float("inf")),
        auto_decompress=False,
    )


@contextmanager
def _death_of(pid: int | None, call: Callable[[], object]) -> Iterator[None]:
    if pid is None or not hasattr(os, "pidfd_open"):
        yield
        return
    try:
        watch = os.pidfd_open(pid)
    except ProcessLookupError:
        call()
        yield
        return
    loop = asyncio.get_running_loop()
    loop.add_reader(watch, call)
    try:
        yield
    finally:
        loop.remove_reader(watch)
        os.close(watch)


@contextmanager
def _frozen_heap() -> Iterator[None]:
    """Collections during the load look only at what the load allocates."""
    gc.collect()
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()


def _loop_factory() -> tuple[Callable[[], asyncio.AbstractEventLoop] | None, str]:
    with suppress(ImportError):
        import uvloop

        return uvloop.new_event_loop, "uvloop"
    return None, "asyncio"
