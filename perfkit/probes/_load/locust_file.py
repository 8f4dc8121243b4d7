"""A locustfile of the user's, run as it is by the `locust` command: a closed loop, with Locust's own statistics.

Its percentiles are what Locust tells: from when a request was sent, in two digits. Nobody was kept waiting by a stall
but the users who met it (coordinated omission), so they are shown and never judged.
"""

import json
import sys
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import mkdtemp
from typing import Any
from urllib.parse import urlsplit

from perfkit.instruments.cpu import CpuWindow, between, read_tree
from perfkit.model.detail import Curve, Detail
from perfkit.model.errors import Failed, Skipped, TimedOut
from perfkit.model.launch import Exit, Program, Target
from perfkit.probes._load.grades import Grade
from perfkit.probes._load.last_words import last_words
from perfkit.probes._load.locust_engine import INSTALL, lives
from perfkit.probes._load.report import Report, Site
from perfkit.probes._load.settings import Plan

_COARSE = "Locust's own percentiles have two digits"
_SHARES = {"response_p50": 0.5, "response_p95": 0.95, "response_p99": 0.99}
_RESOLUTION = 0.5e-3
"""s: Locust counts in ms, and 0 stands for less than half of one."""
_FAILED_REQUESTS = 1
"""Locust's exit code where requests failed, which are counted."""
_LOOK = 0.02


@dataclass(frozen=True, slots=True)
class Told:
    """What Locust tells of all requests together; `times` are its rounded response times in ms, counted."""

    sent: int
    failed: int
    seconds: float
    slowest: float
    times: Mapping[int, int]
    by_second: Mapping[int, int]
    errors: str

    @classmethod
    def of(cls, entries: Sequence[Mapping[str, Any]]) -> "Told":
        """From the entries of its JSON file, one for each name and method."""
        times: Counter[int] = Counter()
        by_second: Counter[int] = Counter()
        for entry in entries:
            times.update({int(time): count for time, count in entry["response_times"].items()})
            by_second.update({int(second): count for second, count in entry["num_reqs_per_sec"].items()})
        # An entry begins with its first answer, which was asked for one response time before.
        began = min(entry["start_time"] - (entry["min_response_time"] or 0.0) * 1e-3 for entry in entries)
        ended = max(entry["last_request_timestamp"] or began for entry in entries)
        return cls(
            sent=sum(entry["num_requests"] for entry in entries),
            failed=sum(entry["num_failures"] for entry in entries),
            seconds=ended - began,
            slowest=max(entry["max_response_time"] for entry in entries) * 1e-3,
            times=times,
            by_second=by_second,
            errors=", ".join(
                f"{entry['method']} {entry['name']} × {entry['num_failures']}"
                for entry in entries
                if entry["num_failures"]
            ),
        )

    def percentile(self, share: float) -> float:
        """As Locust draws it from its counts, s."""
        beyond = self.sent - int(self.sent * share)
        seen = 0
        for milliseconds in sorted(self.times, reverse=True):
            seen += self.times[milliseconds]
            if seen >= beyond:
                return max(milliseconds * 1e-3, _RESOLUTION)
        return _RESOLUTION


def load(plan: Plan, site: Site) -> Report:
    """One run. Raises Failed where Locust does not come to its end or sends nothing, Skipped where it is missing."""
    _check_there(plan.crew.locustfile, site.launcher.root)
    python = _python(site)
    results = Path(mkdtemp(prefix="locust-", dir=site.launcher.tmp)) / "told.json"
    first = None if site.service is None else read_tree(site.service)
    locust = site.launcher.start(Program(_command(plan, site, python, results), exit_codes=(0, _FAILED_REQUESTS)))
    if not _ended(locust, site):
        return Report(values={}, service_ended=True)
    last = None if site.service is None else read_tree(site.service)
    told = _told(locust.wait(1.0), results)
    whole = between(first, last) if first and last else None
    values = {name: told.percentile(share) for name, share in _SHARES.items()}
    values |= {"response_max": told.slowest, "throughput": (told.sent - told.failed) / told.seconds}
    return Report(
        values=values | {"errors": told.failed},
        requests=told.sent,
        details=_details(told),
        rows=_rows(plan, told, own=python == sys.executable),
        caveats=(Grade.NONE.said, _COARSE, *([f"{told.failed} failed requests"] if told.failed else [])),
        # Locust's own start and end are left out: the service has nothing to do in them.
        cpu=None if whole is None else CpuWindow(told.seconds, whole.used, whole.run_delay),
    )


def _check_there(locustfile: str, root: Path) -> None:
    """Raises Failed where a file is named that does not exist; what else Locust takes is left to it."""
    for name in locustfile.split(","):
        path = root / name.strip()
        if path.suffix == ".py" and "://" not in name and not path.exists():
            raise Failed(f"there is no locustfile {path}", hint="`locustfile` starts at the side's root")


def _python(site: Site) -> str:
    """The side's interpreter where it has Locust, for the file's own imports; else perfkit's. Raises Skipped."""
    look = "import importlib.util, sys; sys.exit(importlib.util.find_spec('locust') is None)"
    for python in (site.launcher.python, sys.executable):
        found = site.launcher.start(Program((python, "-c", look), exit_codes=(0, 1))).wait(site.launcher.remaining)
        if found.code == 0:
            return python
    raise Skipped("Locust is not installed", hint=INSTALL)


def _command(plan: Plan, site: Site, python: str, results: Path) -> tuple[str, ...]:
    crew = plan.crew
    command = (*site.prefix, python, "-m", "locust", "--locustfile", crew.locustfile, "--headless", "--only-summary")
    users = ("--users", str(crew.users), "--spawn-rate", f"{crew.spawn_rate or crew.users:g}")
    command += (*users, "--run-time", f"{plan.duration:.0f}s", "--json-file", str(results.with_suffix("")))
    if plan.http is None:
        return command
    address = urlsplit(plan.http.url)
    return (*command, "--host", f"{address.scheme}://{address.netloc}")


def _ended(locust: Target, site: Site) -> bool:
    """Whether Locust ended before the service did. Raises TimedOut where it goes on for too long."""
    while lives(locust.pid):
        if site.service is not None and not lives(site.service):
            return False
        if not site.launcher.remaining:
            raise TimedOut("Locust did not come to its end", hint="look at the locustfile's stop_timeout, or its tasks")
        time.sleep(_LOOK)
    return True


def _told(exited: Exit, results: Path) -> Told:
    """Raises Failed where Locust did not come to its end, or nothing was sent."""
    said, tail = last_words(exited.stderr, f"exit code {exited.code}")
    if exited.code not in {0, _FAILED_REQUESTS} or not results.exists():
        raise Failed(f"Locust could not run the locustfile: {said}{tail}", hint="try it by hand: locust --headless")
    entries = json.loads(results.read_text(encoding="utf-8"))
    if not entries or not sum(entry["num_requests"] for entry in entries):
        raise Failed(f"the locustfile's users sent no request{tail}", hint="raise `duration`, or look at its tasks")
    return Told.of(entries)


def _rows(plan: Plan, told: Told, *, own: bool) -> tuple[tuple[str, str], ...]:
    return (
        ("offered", f"{plan.crew.users} users of {plan.crew.locustfile}: what the service lets them"),
        ("grade", f"{Grade.NONE.said}; {_COARSE}"),
        ("requests", str(told.sent)),
        ("errors", told.errors or "none"),
        ("Locust of", "perfkit's environment" if own else "the project's environment"),
    )


def _details(told: Told) -> tuple[Detail, ...]:
    """The requests of each second, as Locust counts them."""
    if len(told.by_second) < 2:
        return ()
    first, last = min(told.by_second), max(told.by_second)
    times = tuple(float(second - first) for second in range(first, last + 1))
    rates = tuple(float(told.by_second.get(second, 0)) for second in range(first, last + 1))
    return (Curve("requests of each second, as Locust tells them", "time", "s", "requests", "1/s", times, rates),)
