"""How the generator reaches the service: directly, through a shaped loopback, or through a delaying proxy."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Protocol
from urllib.parse import urlsplit

from perfkit.instruments.netem import CannotShapeError, Link, NetworkSpace, network_space
from perfkit.model.errors import Skipped
from perfkit.model.launch import Launcher, Program, Target
from perfkit.probes._load.network import Network
from perfkit.probes._load.network_inside import started_inside, wrapped
from perfkit.probes._load.network_proxy import PORTS, Proxy, proxied
from perfkit.probes._load.settings import Plan

_LOOPBACK = ("127.", "localhost", "::1")


class Route(Protocol):
    """What a launch needs to know of the way to its service."""

    @property
    def plan(self) -> Plan:
        """The load with the addresses that the generator has to use."""
        ...

    @property
    def method(self) -> str:
        """What imitates the network; empty for none. It is part of a metric's identity."""
        ...

    @property
    def described(self) -> str:
        """The network in words; empty for none."""
        ...

    @property
    def prefix(self) -> tuple[str, ...]:
        """What to put before the command of a generator of its own process."""
        ...

    def started(self, service: Program, launcher: Launcher) -> Target:
        """Start the service and wait until it is ready."""
        ...

    def of(self, program: Program, launcher: Launcher) -> Program:
        """A program that has to reach the service, such as `prepare`."""
        ...

    @contextmanager
    def travelled(self) -> Iterator[None]:
        """The network as it is to be, and the calling thread on its near side."""
        ...

    def check(self) -> None:
        """Raises Invalid where the network was not what it is to be."""
        ...


class _Outside:
    """A service, and programs beside it, that are started as usual."""

    __slots__ = ()

    def started(self, service: Program, launcher: Launcher) -> Target:
        """Start the service and wait until it is ready."""
        target = launcher.start(service)
        target.wait_ready(launcher.remaining)
        return target

    def of(self, program: Program, launcher: Launcher) -> Program:  # noqa: ARG002 - the protocol
        """As it is: it asks the service itself."""
        return program


@dataclass(frozen=True, slots=True)
class Direct(_Outside):
    """Nothing in between."""

    plan: Plan
    method: str = ""
    described: str = ""
    prefix: tuple[str, ...] = ()

    @contextmanager
    def travelled(self) -> Iterator[None]:
        """Nothing to do."""
        yield

    def check(self) -> None:
        """Nothing to say."""


@dataclass(frozen=True, slots=True)
class Shaped:
    """The service and the generator in one namespace, whose loopback is the link."""

    plan: Plan
    network: Network
    space: NetworkSpace
    method: str = "netem"

    @property
    def described(self) -> str:
        """The link, and how it is made."""
        return f"{self.network}, by netem on the loopback of a network namespace"

    @property
    def prefix(self) -> tuple[str, ...]:
        """The generator runs inside."""
        return self.space.prefix

    def started(self, service: Program, launcher: Launcher) -> Target:
        """Start it inside; its port is asked from inside as well."""
        return started_inside(self.space, service, launcher)

    def of(self, program: Program, launcher: Launcher) -> Program:
        """The program inside."""
        return wrapped(self.space, program, launcher)

    @contextmanager
    def travelled(self) -> Iterator[None]:
        """Slow while inside, so that neither the start nor `prepare` pays for it."""
        self.space.shape(_link(self.network), ports(self.plan))
        with self.space.entered():
            yield

    def check(self) -> None:
        """The kernel keeps its times."""


@dataclass(frozen=True, slots=True)
class Delayed(_Outside):
    """A proxy before a service that is reached as usual."""

    plan: Plan
    network: Network
    proxy: Proxy
    why: str
    method: str = "proxy"
    prefix: tuple[str, ...] = ()

    @property
    def described(self) -> str:
        """The link, and how it is made."""
        return f"{self.network}, by a TCP proxy" + (f" ({self.why})" if self.why else "")

    @contextmanager
    def travelled(self) -> Iterator[None]:
        """The proxy runs all the time."""
        yield

    def check(self) -> None:
        """The proxy tells whether it kept its times."""
        self.proxy.check()


@contextmanager
def route(plan: Plan, network: Network | None, service: Program | None, launcher: Launcher) -> Iterator[Route]:
    """The way to the service. Raises Skipped where the network cannot be imitated here."""
    if network is None:
        yield Direct(plan)
        return
    try:
        with _space(plan, network, service) as space:
            yield Shaped(plan, network, space)
            return
    except CannotShapeError as error:
        why = str(error)
    if network.loss or network.by == "netem":
        what = "packets can be lost only by the kernel" if network.loss else "the kernel cannot imitate this network"
        raise Skipped(f"{what}: {why}", hint="as root, with tc and sch_netem (apt-get install iproute2)")
    with proxied(plan, network, launcher) as (proxy, through):
        yield Delayed(through, network, proxy, "" if network.by == "proxy" else why)


@contextmanager
def _space(plan: Plan, network: Network, service: Program | None) -> Iterator[NetworkSpace]:
    """A namespace that can imitate it, which is tried. Raises CannotShapeError with what it cannot."""
    if network.by == "proxy":
        raise CannotShapeError("the scenario asks for a proxy")
    if service is None:
        raise CannotShapeError("the service is not ours")
    if service.ready.notify:
        raise CannotShapeError("the service tells by sd_notify that it is ready")
    if away := [url for url in urls(plan) if not (urlsplit(url).hostname or "").startswith(_LOOPBACK)]:
        raise CannotShapeError(f"{away[0]} is not on loopback")
    with network_space() as space:
        space.shape(_link(network), ports(plan))
        space.unshape()
        yield space


def urls(plan: Plan) -> tuple[str, ...]:
    """The addresses that a load goes to."""
    return tuple(part.url for part in (plan.http, plan.streams) if part is not None)


def ports(plan: Plan) -> tuple[int, ...]:
    """Their ports, each once."""
    split = [urlsplit(url) for url in urls(plan)]
    return tuple(dict.fromkeys(parts.port or PORTS[parts.scheme] for parts in split))


def _link(network: Network) -> Link:
    return Link(network.delay, network.spread, network.bits, network.lost)
