"""The engine `asyncio`: runs a load on one event loop and draws up what was written down."""

import asyncio
import gc
import os
import time
from collections.abc import Callable, Coroutine, Iterator
from contextlib import AsyncExitStack, contextmanager, suppress
from urllib.parse import urlsplit

import aiohttp

from perfkit.instruments.cpu import read_tree
from perfkit.instruments.descriptors import allow_open_files
from perfkit.model.errors import Failed
from perfkit.model.units import format_quantity
from perfkit.probes._load.book import Book
from perfkit.probes._load.connections import Connections
from perfkit.probes._load.contact import unreached
from perfkit.probes._load.deliveries import Deliveries, Stream
from perfkit.probes._load.drawn_up import joined, requests_report, streams_report
from perfkit.probes._load.ledger import Ledger
from perfkit.probes._load.offer import send_all, visit
from perfkit.probes._load.reading import read_streams
from perfkit.probes._load.report import Report, Site
from perfkit.probes._load.schedule import schedule
from perfkit.probes._load.sequence import Numbering
from perfkit.probes._load.settings import Plan
from perfkit.probes._load.streams import Listener
from perfkit.probes._load.tally import tally_for
from perfkit.probes._load.validity import Objection, busy_generator

_HEAD_START = 0.02
"""Seconds from the end of the preparations to the first request."""


def load(plan: Plan, site: Site) -> Report:
    """One load against a service that listens. Raises Failed where nothing does, or where nothing comes of it."""
    ledger = run(plan, site.service)
    if ledger.service_ended:
        return Report(values={}, service_ended=True)
    own = Report(values={}, cpu=ledger.cpu, rows=_own_rows(plan, ledger), objections=_own_objections(plan, ledger))
    parts = []
    if ledger.tally is not None:
        parts.append(requests_report(plan, ledger.tally))
    if plan.streams is not None:
        parts.append(streams_report(plan, read_streams(ledger, plan.streams)))
    return joined(own, *parts)


def run(plan: Plan, service: int | None = None) -> Ledger:
    """The bare load. `service` is its process id, whose CPU is read and death noticed."""
    allow_open_files(_sockets(plan), service)
    factory, name = _loop_factory()
    with asyncio.Runner(loop_factory=factory) as runner, _frozen_heap():
        ledger = runner.run(_load(plan, service))
    ledger.loop = name
    return ledger


async def _load(plan: Plan, service: int | None) -> Ledger:
    addresses = await _contact(plan)
    async with AsyncExitStack() as stack:
        session = await stack.enter_async_context(_session())
        listeners, streams = await _connected(plan, session)
        start = time.monotonic() + _HEAD_START
        opens = start + plan.warmup
        tally = None if plan.pace is None else tally_for(plan, opens)
        deliveries = Deliveries(opens, plan.duration)
        ledger = Ledger(tally, streams, deliveries, opens, opens + plan.duration)
        listening = [asyncio.create_task(listener.listen(deliveries)) for listener in listeners]
        try:
            await _until_gone(_offered(plan, start, ledger, service, addresses), ledger, service)
        finally:
            for task in listening:
                task.cancel()
            await asyncio.gather(*listening, return_exceptions=True)
    return ledger


async def _offered(
    plan: Plan, start: float, ledger: Ledger, service: int | None, addresses: dict[str, tuple[str, int]]
) -> None:
    window = asyncio.create_task(_watch_window(ledger, service))
    if plan.http is None or plan.pace is None or ledger.tally is None:
        await window
        return
    book = Book(ledger.tally)
    connections = Connections(plan.http, addresses[plan.http.url], plan.timeout, book)
    try:
        if plan.pace.closed:
            await visit(plan.pace.users, plan.pace.think, ledger.closes, connections, book)
        else:
            due = schedule(plan.pace, plan.warmup, plan.duration, plan.seed).due
            due += start
            await send_all(due, connections, plan.pace.in_flight, book)
        await window
        await connections.drain()
    finally:
        window.cancel()
        await connections.close()
        book.close()


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
    streams = tuple(Stream(numbering=Numbering(plan.streams.bits)) for _ in range(plan.streams.count))
    listeners = [Listener(session, plan.streams, stream) for stream in streams]
    await asyncio.gather(*(listener.connect(plan.timeout) for listener in listeners))
    if all(stream.connected is None for stream in streams):
        raise Failed(
            f"no stream could be opened at {plan.streams.url}: {streams[0].trouble}",
            hint="check the path of `streams.url`",
        )
    return listeners, streams


async def _contact(plan: Plan) -> dict[str, tuple[str, int]]:
    """The numeric address of each URL, from one connection before the load: a wrong port fails at once, in one line."""
    addresses = {}
    for url in (part.url for part in (plan.http, plan.streams) if part is not None):
        parts = urlsplit(url)
        port = parts.port or (443 if parts.scheme in {"https", "wss"} else 80)
        try:
            async with asyncio.timeout(plan.timeout):
                _, writer = await asyncio.open_connection(parts.hostname, port)
        except OSError as error:
            raise unreached(parts.hostname or "", port, error) from None
        addresses[url] = writer.get_extra_info("peername")[:2]
        writer.close()
    return addresses


def _sockets(plan: Plan) -> int:
    """How many connections the load may hold at once."""
    listening = plan.streams.count if plan.streams else 0
    return listening + (max(plan.pace.in_flight, plan.pace.users) if plan.pace else 0)


def _session() -> aiohttp.ClientSession:
    """What the streams are opened with."""
    return aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(limit=0),
        cookie_jar=aiohttp.DummyCookieJar(),
        timeout=aiohttp.ClientTimeout(total=None),
    )


def _own_rows(plan: Plan, ledger: Ledger) -> tuple[tuple[str, str], ...]:
    share = format_quantity(ledger.own_cpu / plan.duration, "cores")
    rows = (("event loop", ledger.loop), ("generator's own CPU", f"{share} of a core"))
    if ledger.tally is None or not ledger.tally.requests:
        return rows
    each = format_quantity(ledger.own_cpu / ledger.tally.requests, "s")
    return (*rows, ("generator's CPU per request", each))


def _own_objections(plan: Plan, ledger: Ledger) -> tuple[Objection, ...]:
    """A generator that sends by a schedule is judged by how late it sent; any other by the time it had to spare."""
    scheduled = plan.pace is not None and not plan.pace.closed
    return () if scheduled else busy_generator(ledger.own_cpu / plan.duration)


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
