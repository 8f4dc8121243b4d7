"""The engine `locust`: an open loop sent by Locust's workers, on this machine and on others.

Locust patches the standard library when it is imported, so it runs in processes of its own (`worker/locust_master.py`).
The schedule is computed here and dealt out to them; what became of each arrival comes back unrounded.
"""

import errno
import importlib.util
import json
import os
import socket
import sys
import time
from collections import Counter
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from tempfile import mkdtemp
from typing import Any
from urllib.parse import urlsplit

import numpy as np
from numpy.typing import NDArray

from perfkit.instruments.cpu import CpuReading, between, read_tree
from perfkit.model.errors import Failed, Invalid, Skipped, TimedOut
from perfkit.model.launch import Program, Target
from perfkit.model.units import format_quantity
from perfkit.probes._load.contact import unreached
from perfkit.probes._load.drawn_up import joined, requests_report
from perfkit.probes._load.last_words import last_words
from perfkit.probes._load.locust_settings import AROUND, Crew
from perfkit.probes._load.network_proxy import OURS, PORTS
from perfkit.probes._load.report import Report, Site
from perfkit.probes._load.schedule import schedule
from perfkit.probes._load.settings import Plan
from perfkit.probes._load.tally import Tally, tally_for
from perfkit.worker.locust_readings import blocks

INSTALL = "pip install 'perfkit[locust]'"
_LOOK = 0.01


def load(plan: Plan, site: Site) -> Report:
    """One load. Raises Failed where nothing listens or succeeds, Invalid where a worker was lost."""
    if importlib.util.find_spec("locust") is None:
        raise Skipped("Locust is not installed", hint=INSTALL)
    assert plan.http is not None
    assert plan.pace is not None
    patience = site.launcher.remaining - plan.longest - AROUND
    if patience <= 0:
        raise TimedOut("too little time is left for starting Locust's workers", hint="raise `timeout`")
    _contact(plan.http.url, plan.timeout)
    due = schedule(plan.pace, plan.warmup, plan.duration, plan.seed).due
    folder = _asked(plan, site, due, patience)
    command = (*site.prefix, sys.executable, "-P", "-m", "perfkit.worker.locust_master", str(folder))
    master = site.launcher.start(Program(command, env=OURS))
    watch = _Watch(master, site.service, folder)
    first, last = watch.window(plan)
    if not watch.until(lambda: False, master_ends=True):
        return Report(values={}, service_ended=True)
    outcome = watch.outcome(plan.crew)
    tally = _tally(plan, due, folder, outcome)
    cpu = between(first, last) if first and last else None
    own = Report(values={}, cpu=cpu, rows=_rows(plan, outcome, tally))
    return joined(own, requests_report(plan, tally))


def _asked(plan: Plan, site: Site, due: NDArray[np.float64], patience: float) -> Path:
    """The folder from which the master works."""
    assert plan.http is not None
    assert plan.pace is not None
    folder = Path(mkdtemp(prefix="locust-", dir=site.launcher.tmp))
    crew, http = plan.crew, plan.http
    host, port = crew.address
    asked = {
        "method": http.method, "url": http.url, "headers": dict(http.headers), "body": http.body,
        "expect": http.expect, "timeout": plan.timeout, "in_flight": plan.pace.in_flight,
        "opens": plan.warmup, "closes": plan.warmup + plan.duration, "workers": crew.local,
        "expect_workers": crew.expect_workers, "host": host, "port": port, "patience": patience,
        "cpus": sorted(site.cores.generator) if site.cores else [],
    }  # fmt: skip
    (folder / "plan.json").write_text(json.dumps(asked), encoding="utf-8")
    (folder / "due").write_bytes(due.astype(np.float64).tobytes())
    return folder


class _Watch:
    """Looks after the master and the service while the load goes on."""

    def __init__(self, master: Target, service: int | None, folder: Path) -> None:
        self._master, self._service, self._folder = master, service, folder

    def window(self, plan: Plan) -> tuple[CpuReading | None, CpuReading | None]:
        """The service's clocks at the window's ends; None where it did not come to that, or is not ours."""
        told = self._folder / "start.json"
        if not self.until(told.exists):
            return None, None
        opens = json.loads(told.read_text(encoding="utf-8"))["start"] + plan.warmup
        readings: list[CpuReading | None] = []
        for at in (opens, opens + plan.duration):
            if not self.until(partial(_past, at)):
                return None, None
            readings.append(None if self._service is None else read_tree(self._service))
        return readings[0], readings[1]

    def until(self, enough: Callable[[], bool], *, master_ends: bool = False) -> bool:
        """Whether it was enough before the service ended, or the master did (which is what `master_ends` waits for)."""
        while not enough():
            if self._service is not None and not lives(self._service):
                return False
            if not lives(self._master.pid):
                return master_ends
            time.sleep(_LOOK)
        return True

    def outcome(self, crew: Crew) -> Mapping[str, Any]:
        """What the master told. Raises Failed or Invalid where it could not measure."""
        ended = self._master.wait(AROUND)
        told = self._folder / "outcome.json"
        if not told.exists():
            said, tail = last_words(ended.stderr, f"exit code {ended.code}")
            raise Failed(f"Locust's master ended: {said}{tail}", hint="this is a defect of the generator")
        outcome: Mapping[str, Any] = json.loads(told.read_text(encoding="utf-8"))
        if unbound := outcome.get("unbound"):
            raise _cannot_listen(crew, unbound)
        if missing := outcome.get("missing"):
            raise Failed(missing, hint=crew.invitation)
        if failed := outcome.get("failed"):
            raise Invalid(failed, hint="the load was not what it should be; nothing is known of the service")
        return outcome


def _cannot_listen(crew: Crew, why: str) -> Failed:
    host, port = crew.address
    if why == os.strerror(errno.EADDRINUSE):
        return Failed(
            f"port {port} of {host} is already taken", hint="end what listens there, or name another in `bind`"
        )
    return Failed(
        f"bind = {crew.bind!r} is no address of this machine ({why})",
        hint="give one that `ip -brief address` shows, such as '192.0.2.7:5557'",
    )


def _past(at: float) -> bool:
    return time.monotonic() >= at


def lives(pid: int) -> bool:
    """Whether a program of the launcher, which reaps what has ended, still runs."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def _tally(plan: Plan, due: NDArray[np.float64], folder: Path, outcome: Mapping[str, Any]) -> Tally:
    """All readings, counted from the common start. Raises Invalid where one came twice."""
    assert plan.pace is not None
    tally = tally_for(plan, plan.warmup)
    workers, seen = len(outcome["counts"]), np.zeros(due.size, np.bool_)
    with (folder / "readings").open("rb") as file:
        for block in blocks(file):
            arrivals = block.worker + np.frombuffer(block.which, np.uint32).astype(np.int64) * workers
            seen[arrivals] = True
            sent, done = np.frombuffer(block.sent), np.frombuffer(block.done)
            tally.add(due[arrivals], sent, done, np.frombuffer(block.state, np.uint8))
    if not seen.all():
        raise Invalid("a worker reported one arrival twice and another never", hint="this is a defect of the generator")
    tally.errors = Counter(outcome["errors"])
    tally.most_in_flight = outcome["in_flight"]
    return tally


def _rows(plan: Plan, outcome: Mapping[str, Any], tally: Tally) -> tuple[tuple[str, str], ...]:
    own_cpu = sum(outcome["cpu"])
    clocks = f"other machines' within ± {format_quantity(outcome['way'] / 2, 's')}" if outcome["way"] else "one"
    return (
        ("event loop", f"gevent, Locust {outcome['locust']}"),
        ("workers", f"{plan.crew.local} here, {plan.crew.expect_workers} elsewhere"),
        ("requests by worker", ", ".join(map(str, outcome["counts"]))),
        ("clocks", clocks),
        ("generator's own CPU", f"{format_quantity(own_cpu / plan.duration, 'cores')} of a core"),
        ("generator's CPU per request", format_quantity(own_cpu / tally.requests, "s")),
    )


def _contact(url: str, timeout: float) -> None:
    """One connection before the load: a wrong port fails at once, and in one line."""
    address = urlsplit(url)
    where = (address.hostname or "", address.port or PORTS[address.scheme])
    try:
        socket.create_connection(where, timeout).close()
    except OSError as error:
        raise unreached(*where, error) from None
