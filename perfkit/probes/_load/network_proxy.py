"""The delaying proxy before a service: its start, the addresses through it, and whether it kept its times."""

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import mkdtemp
from typing import TypeVar
from urllib.parse import SplitResult, urlsplit

from perfkit.model.errors import Invalid, Skipped
from perfkit.model.launch import Launcher, Program, Ready, Target
from perfkit.model.units import format_quantity
from perfkit.probes._load.last_words import last_words
from perfkit.probes._load.network import Network
from perfkit.probes._load.settings import Http, Plan, Streams

OURS = {"PYTHONPATH": str(Path(__file__).parents[3])}
"""The variables with which programs of our own find the package."""
PORTS = {"http": 80, "ws": 80, "https": 443, "wss": 443}
"""The ports of addresses that name none."""
_TLS = {"https", "wss"}
_MOST_LATE = 0.01
_LATE, _LATE_SHARE = 1e-3, 0.05
_DEFECT = "this is a defect of the generator"

_Part = TypeVar("_Part", Http, Streams)


@dataclass(frozen=True, slots=True)
class Proxy:
    """The running proxy. What leaves `late` s after its time is late: 1 ms, or 5 % of a round trip."""

    target: Target
    late: float

    def check(self) -> None:
        """End it. Raises Invalid unless 99 % of what it passed on was in time."""
        exited = self.target.stop()
        told = exited.stdout.strip().splitlines()
        if not exited.stopped or not told:
            words, tail = last_words(exited.stderr, "it said nothing")
            raise Invalid(f"the delaying proxy ended during the load: {words}{tail}", hint=_DEFECT)
        counted = json.loads(told[-1])
        if counted["late"] > _MOST_LATE * counted["passed"]:
            share = counted["late"] / counted["passed"]
            raise Invalid(
                f"the delaying proxy was late: {share:.1%} of what it passed on left {format_quantity(self.late, 's')} "
                "or more after its time",
                hint="stop other work on the machine, or lower `rate`",
            )


@contextmanager
def proxied(plan: Plan, network: Network, launcher: Launcher) -> Iterator[tuple[Proxy, Plan]]:
    """A proxy for the plan's addresses, and the plan that goes through it. It ends with the launch, whatever happens.

    Raises Skipped for an address that a proxy cannot stand in for.
    """
    addresses = [_proxyable(part.url) for part in (plan.http, plan.streams) if part is not None]
    told = Path(mkdtemp(prefix="proxy-", dir=launcher.tmp)) / "ports.json"
    late = max(_LATE, _LATE_SHARE * 2 * network.delay)
    asked = {
        "upstream": [(address.hostname, address.port or PORTS[address.scheme]) for address in addresses],
        "delay": network.delay, "jitter": network.spread, "rate": network.bits, "seed": plan.seed, "late": late,
        "told": str(told),
    }  # fmt: skip
    command = (sys.executable, "-P", "-m", "perfkit.worker.network_proxy", json.dumps(asked))
    target = launcher.start(Program(command, env=OURS, ready=Ready(file=str(told))))
    target.wait_ready(launcher.remaining)
    ports = iter(json.loads(told.read_text()))
    http = None if plan.http is None else _through(plan.http, next(ports))
    streams = None if plan.streams is None else _through(plan.streams, next(ports))
    yield Proxy(target, late), replace(plan, http=http, streams=streams)


def _through(part: _Part, port: int) -> _Part:
    """The same through the proxy's port; the service reads the name that it was asked by."""
    address = urlsplit(part.url)
    host = address.hostname if address.scheme in _TLS else "127.0.0.1"
    named = {} if any(name.lower() == "host" for name in part.headers) else {"Host": address.netloc}
    url = address._replace(netloc=f"{host}:{port}").geturl()
    return replace(part, url=url, headers={**part.headers, **named})


def _proxyable(url: str) -> SplitResult:
    address = urlsplit(url)
    if address.scheme in _TLS and address.hostname not in {"127.0.0.1", "localhost"}:
        raise Skipped(
            f"a proxy cannot stand in for {address.scheme}://{address.netloc}: its certificate names another host",
            hint="measure without TLS, or a service of this machine",
        )
    return address
