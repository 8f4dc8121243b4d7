"""Networks whose law is known, by either way of imitating them; a kernel without netem shapes bandwidth alone."""

import http.client
import os
import signal
import socket
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from perfkit.instruments.netem import CannotShapeError, Link, network_space
from perfkit.instruments.process import LauncherClient, SideLauncher
from perfkit.model.detail import Facts
from perfkit.model.errors import Invalid, Skipped
from perfkit.model.launch import Measurement, Program, Ready
from perfkit.model.units import Duration
from perfkit.probes import build
from perfkit.probes._load.network import Network
from perfkit.probes._load.network_routes import route
from perfkit.probes._load.settings import Plan
from perfkit.running.host import Host, LaunchRequest
from tests.truth.clean import attempts

pytestmark = pytest.mark.machine

SERVICE = str(Path(__file__).with_name("network_service.py"))
MEGABYTE = 1_000_000


def can_shape(link: Link) -> bool:
    try:
        with network_space() as space:
            space.shape(link, (80,))
    except CannotShapeError:
        return False
    return True


NETEM = can_shape(Link(delay=0.02))
DELAYED = ("proxy", *(("netem",) if NETEM else ()))
LIMITED = ("proxy", *(("netem",) if can_shape(Link(rate=8e6)) else ()))


@contextmanager
def launching(tmp: Path, time_limit: float = 60.0) -> Iterator[SideLauncher]:
    with (
        tempfile.TemporaryDirectory(dir=tmp) as folder,
        LauncherClient.open() as client,
        client.launch(root=tmp, python=sys.executable, tmp=Path(folder), seed=5, timeout=time_limit) as launcher,
    ):
        yield launcher


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return server.getsockname()[1]


def loaded(tmp: Path, size: int = 2, **settings) -> Measurement:
    port = free_port()
    service = {"command": ["python", SERVICE, str(port), str(size)], "ready": {"tcp": port}}
    settings = {"url": f"http://127.0.0.1:{port}/", "rate": 100, "duration": "1 s", "service": service} | settings
    probe = build("load", settings)
    for _ in attempts():
        with launching(tmp) as launcher:
            try:
                measured = probe.measure(launcher)
            except Invalid as error:
                if "generator" not in str(error) and "late" not in str(error):
                    raise
                continue
        if (measured.run_delay or 0.0) < 0.02 * max(1.0, probe.duration):
            return measured
    return pytest.skip("the machine was too busy")


def facts(measured: Measurement) -> dict[str, str]:
    return dict(next(detail for detail in measured.details if isinstance(detail, Facts)).rows)


@pytest.mark.parametrize("by", DELAYED)
def test_a_latency_each_way_comes_twice_on_top_of_the_median(tmp_path, by):
    direct = loaded(tmp_path, duration="0.5 s").values["response_p50"]
    measured = loaded(tmp_path, network={"latency": "20 ms", "by": by})
    assert measured.values["response_p50"] - direct == pytest.approx(0.040, rel=0.05)
    assert measured.values["errors"] == 0
    assert {metric.name: metric.method for metric in measured.metrics} == {
        "response_p50": f"Harrell-Davis, {by}",
        "response_max": by,
    }
    how = {"proxy": "a TCP proxy", "netem": "netem on the loopback of a network namespace"}
    assert facts(measured)["network"] == f"20 ms each way, by {how[by]}"


@pytest.mark.parametrize("by", DELAYED)
def test_jitter_spreads_what_both_directions_take(tmp_path, by):
    # The sum of two uniform ± 10 ms is triangular: its 95th percentile lies 20 ms · (1 − √0.1) above the median.
    network = {"latency": "20 ms", "jitter": "10 ms", "by": by}
    measured = loaded(tmp_path, rate=300, duration="2 s", warmup="0.3 s", network=network)
    spread = measured.values["response_p95"] - measured.values["response_p50"]
    assert spread == pytest.approx(0.020 * (1 - 0.1**0.5), rel=0.15)


@pytest.mark.parametrize("by", LIMITED)
def test_a_megabyte_over_eight_megabits_takes_a_second(tmp_path, by):
    took, size = fetched_over(tmp_path, Network(rate="8 Mbit/s", by=by), MEGABYTE)
    assert size == MEGABYTE
    assert took == pytest.approx(1.0, rel=0.10)


@pytest.mark.parametrize("by", DELAYED)
def test_a_new_connection_pays_the_round_trip_of_its_opening(tmp_path, by):
    took, _ = fetched_over(tmp_path, Network(latency=Duration("50 ms"), by=by), 2)
    assert took == pytest.approx(0.2, rel=0.1)


def fetched_over(tmp: Path, network: Network, size: int) -> tuple[float, int]:
    """Seconds that one request on a new connection takes, and the bytes of its answer."""
    port = free_port()
    service = Program(("python", SERVICE, str(port), str(size)), ready=Ready(tcp=port))
    plan = build("load", {"url": f"http://127.0.0.1:{port}/", "rate": 100, "duration": "1 s"}).plan(3)
    for _ in attempts():
        with suppress(Invalid), launching(tmp) as launcher, route(plan, network, service, launcher) as way:
            way.started(service, launcher)
            with way.travelled():
                fetched = fetch(way.plan)
            way.check()
            return fetched
    return pytest.skip("the machine was too busy")


def fetch(plan: Plan) -> tuple[float, int]:
    assert plan.http is not None
    connection = http.client.HTTPConnection(urlsplit(plan.http.url).netloc, timeout=20)
    began = time.monotonic()
    connection.request("GET", "/")
    size = len(connection.getresponse().read())
    took = time.monotonic() - began
    connection.close()
    return took, size


def test_packets_are_lost_by_the_kernel_or_it_is_said_that_they_cannot_be(tmp_path):
    if NETEM:
        # TCP sends a lost packet again after 200 ms at least; of 300 requests and answers 2 % are lost each.
        measured = loaded(tmp_path, duration="3 s", network={"loss": "2 %"})
        assert measured.values["errors"] == 0
        assert measured.values["response_max"] > 0.2
        return
    with pytest.raises(Skipped, match=r"packets can be lost only by the kernel: .+"):
        loaded(tmp_path, network={"loss": "1 %"})


@pytest.mark.parametrize("by", LIMITED)
def test_nothing_is_left_when_the_probe_host_is_killed(tmp_path, by):
    before = namespaces()
    port = free_port()
    settings = {
        "url": f"http://127.0.0.1:{port}/", "rate": 100, "duration": "20 s", "network": {"rate": "80 Mbit/s", "by": by},
        "service": {"command": ["python", SERVICE, str(port), "2"], "ready": {"tcp": port}},
    }  # fmt: skip
    request = LaunchRequest("load", settings, tmp_path, sys.executable, seed=1, timeout=60.0)
    with Host.open() as host:
        launching = threading.Thread(target=host.launch, args=(request,))
        launching.start()
        until = time.monotonic() + 20
        while (host.pid is None or not serving(port)) and time.monotonic() < until:
            time.sleep(0.05)
        time.sleep(0.5)
        assert serving(port)
        assert host.pid is not None
        os.kill(host.pid, signal.SIGKILL)
        launching.join()
        until = time.monotonic() + 5
        while serving(port) and time.monotonic() < until:
            time.sleep(0.05)
        assert not serving(port)
        assert namespaces() <= before


def serving(port: int) -> bool:
    """Whether our service's process is there, wherever it listens."""
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            words = path.read_bytes().split(b"\0")
        except OSError:
            continue
        if SERVICE.encode() in words and str(port).encode() in words and not words[0].endswith(b"nsenter"):
            return True
    return False


def namespaces() -> set[str]:
    found = set()
    for path in Path("/proc").glob("[0-9]*/ns/net"):
        try:
            found.add(str(path.readlink()))
        except OSError:
            continue
    return found
