"""Loads of services whose behaviour is known: real processes, real sockets, real clocks."""

import socket
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from urllib.parse import urlsplit

import numpy as np
import pytest

from perfkit.instruments.process import LauncherClient, SideLauncher
from perfkit.model.detail import Facts
from perfkit.model.errors import Failed, Invalid, TimedOut
from perfkit.model.launch import Measurement, Program, Ready
from perfkit.probes import build
from perfkit.stats.quantiles import harrell_davis
from tests.truth.clean import ATTEMPTS, attempts
from tests.truth.load_service import SKIPPED

pytestmark = pytest.mark.machine

SERVICE = str(Path(__file__).with_name("load_service.py"))


def free_port() -> int:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        return listening.getsockname()[1]


def service(mode: str, port: int, *more: str) -> dict:
    return {"command": ["python", SERVICE, mode, str(port), *more], "ready": {"stdout": "ready"}}


def load(mode: str, *more: str, **settings):
    port = free_port()
    if "rate" in settings:
        settings.setdefault("url", f"http://127.0.0.1:{port}/")
    return build("load", {"service": service(mode, port, *more), **settings})


def listened(mode: str, **settings):
    port = free_port()
    streams = {"url": f"ws://127.0.0.1:{port}/stream", "rate": 100, "sequence": ">I", "sequence_offset": 4}
    return build("load", {"service": service(mode, port), "streams": streams | settings, "duration": "2 s"})


@contextmanager
def launching(time_limit: float = 60.0) -> Iterator[SideLauncher]:
    with (
        tempfile.TemporaryDirectory() as tmp,
        LauncherClient.open() as client,
        client.launch(root=Path(tmp), python=sys.executable, tmp=Path(tmp), seed=5, timeout=time_limit) as launcher,
    ):
        yield launcher


def one_launch(probe, time_limit: float = 60.0) -> Measurement:
    with launching(time_limit) as launcher:
        return probe.measure(launcher)


def undisturbed(probe) -> Measurement:
    """A launch in which neither side waited for a core; the rule never looks at what is asserted."""
    for _ in attempts():
        try:
            measured = one_launch(probe)
        except Invalid as error:
            if "generator" not in str(error):
                raise
            continue
        if measured.values.get("send_lag_p99", 0.0) < 1e-3 and (measured.run_delay or 0.0) < 0.02 * probe.window:
            return measured
    pytest.skip(f"the machine disturbed all of {ATTEMPTS} launches")


def within(probe) -> Measurement:
    """A launch that the generator kept up with; for what a busy machine does not change."""
    for _ in attempts():
        try:
            return one_launch(probe)
        except Invalid as error:
            if "generator" not in str(error):
                raise
    pytest.skip(f"the machine disturbed all of {ATTEMPTS} launches")


def facts(measured: Measurement) -> dict[str, str]:
    return dict(next(detail for detail in measured.details if isinstance(detail, Facts)).rows)


def test_a_pause_of_a_second_shows_in_the_p99():
    # 200 of 2000 requests fall into the pause; the worst hundredth of all waited for .9 to 1 s of it.
    measured = within(load("pausing", rate=200, duration="10 s"))
    assert 0.850 < measured.values["response_p99"] < 0.950
    assert 0.95 < measured.values["response_max"] < 1.10
    assert measured.values["response_p50"] < 0.020
    assert measured.values["dropped"] == 0


def test_a_known_law_of_latencies_is_read_within_five_percent(tmp_path):
    made = tmp_path / "made"
    measured = undisturbed(load("lawful", str(made), rate=200, duration="6 s", arrivals="poisson"))
    truth = np.array(made.read_text().split(), float)
    assert truth.size == 1200
    assert measured.values["response_p50"] == pytest.approx(harrell_davis(truth, 0.5), rel=0.05)
    assert measured.values["response_p99"] == pytest.approx(harrell_davis(truth, 0.99), rel=0.05)


def test_more_than_the_service_can_do_is_no_latency():
    with pytest.raises(Invalid, match="kept up with") as caught:
        one_launch(load("limited", rate=150, duration="4 s", request_timeout="5 s"))
    assert "rate" in caught.value.hint


def test_what_does_not_fit_in_flight_is_dropped_and_voids_the_launch():
    with pytest.raises(Invalid, match="dropped at the cap"):
        one_launch(load("limited", rate=200, duration="2 s", in_flight=20))


def test_every_tenth_answer_is_an_error():
    measured = within(load("errors", rate=100, duration="3 s"))
    assert measured.values["errors"] == 30
    assert facts(measured)["errors"] == "HTTP 500 × 30"
    assert "30 × HTTP 500" in measured.caveats
    assert measured.values["response_p50"] > 0.200


def test_errors_of_every_request_are_a_failure():
    with pytest.raises(Failed, match="no request succeeded: HTTP 200 × 100"):
        one_launch(load("at_once", rate=100, duration="1 s", expect=[404]))


def test_timeouts_are_counted_at_their_value():
    with pytest.raises(Failed, match="timeout × 20"):
        one_launch(load("stuck", rate=20, duration="1 s", request_timeout="300 ms"))


def test_cpu_per_request_is_what_a_request_burns():
    measured = within(load("burning", rate=50, duration="3 s", warmup="0.3 s"))
    # 2 ms are burnt; accepting, parsing and answering cost a few tenths more.
    assert 0.0020 < measured.values["cpu_per_request"] < 0.0030
    assert measured.values["cpu"] == pytest.approx(measured.values["cpu_per_request"] * 50, rel=0.01)
    assert measured.values["cpu_time"] > 0.3


def test_lost_messages_are_counted_exactly():
    measured = one_launch(listened("skipping", count=4))
    assert measured.values["lost"] == 4 * len(SKIPPED)
    assert measured.values["disconnects"] == 0
    assert measured.values["delivered"] == pytest.approx(1 - len(SKIPPED) / 200, abs=0.02)


def test_steady_streams_lose_nothing():
    measured = one_launch(listened("steady", count=6, sequence_offset=4))
    assert measured.values["lost"] == 0
    assert measured.values["delivered"] == pytest.approx(1.0, abs=0.02)
    assert measured.values["stream_gap_p99"] > 0.009


def test_streams_outlive_the_timeout_of_requests():
    port = free_port()
    probe = build("load", {
        "service": service("steady", port), "duration": "1.5 s", "request_timeout": "300 ms",
        "streams": {"url": f"ws://127.0.0.1:{port}/stream", "rate": 100, "count": 2},
    })  # fmt: skip
    measured = one_launch(probe)
    assert measured.values["disconnects"] == 0
    assert "lost" not in measured.values


def test_a_service_that_hangs_up_is_a_disconnect_and_a_silence():
    measured = one_launch(listened("leaving", count=5))
    assert measured.values["disconnects"] == 5
    assert measured.values["delivered"] == pytest.approx(0.40, abs=0.03)
    assert measured.values["lost"] == 0


def test_a_service_that_says_nothing_is_a_failure():
    with pytest.raises(Failed, match="no stream got a message"):
        one_launch(listened("silent", count=2))


def test_too_short_messages_are_a_failure():
    with pytest.raises(Failed, match="too short for the number"):
        one_launch(listened("steady", sequence_offset=100))


def test_a_service_that_dies_is_a_failure_with_its_last_words():
    with pytest.raises(Failed, match=r"ended during the load \(exit code 3\): out of oscillators"):
        one_launch(load("dying", rate=200, duration="3 s"))


@pytest.mark.parametrize("mode", ["errors", "stuck", "dying"])
def test_no_service_outlives_its_launch(mode):
    probe = load(mode, rate=100, duration="1 s", request_timeout="400 ms")
    with suppress(Failed, Invalid):
        one_launch(probe)
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", urlsplit(probe.url).port))


def test_nobody_listening_is_a_failure():
    probe = build("load", {"url": f"http://127.0.0.1:{free_port()}/", "rate": 100, "duration": "1 s"})
    with pytest.raises(Failed, match=r"nothing accepts connections.*connection refused"):
        one_launch(probe)


def test_too_little_time_is_said_before_anything_is_started():
    with pytest.raises(TimedOut, match="left"):
        one_launch(load("at_once", rate=100, duration="10 s"), time_limit=5.0)


def test_prepare_runs_once_when_the_service_is_ready(tmp_path):
    port, note = free_port(), tmp_path / "note"
    script = f"import socket; socket.create_connection(('127.0.0.1', {port})); open(r'{note}', 'a').write('x')"
    probe = build("load", {
        "service": service("errors", port), "prepare": ["python", "-c", script],
        "url": f"http://127.0.0.1:{port}/", "rate": 100, "duration": "0.5 s",
    })  # fmt: skip
    within(probe)
    assert set(note.read_text()) == {"x"}


def test_a_service_that_already_runs_is_measured_without_its_cpu():
    port = free_port()
    probe = build("load", {"url": f"http://127.0.0.1:{port}/", "rate": 50, "duration": "1 s", "expect": [200, 500]})
    with launching() as launcher:
        running = service("errors", port)
        launcher.start(Program(tuple(running["command"]), ready=Ready(**running["ready"]))).wait_ready(10.0)
        measured = within(probe)
    assert measured.values["errors"] == 0
    assert not {"cpu", "peak_memory"} & measured.values.keys()
    assert measured.run_delay is None
