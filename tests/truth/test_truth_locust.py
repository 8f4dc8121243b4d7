"""The engine `locust` on services whose behaviour is known: as true as the other one, and nothing lost on the way."""

import importlib.util
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from perfkit.instruments.process import LauncherClient
from perfkit.model.detail import Facts
from perfkit.model.errors import Failed, Invalid
from perfkit.model.launch import Measurement
from perfkit.probes import build
from tests.truth.clean import attempts

pytestmark = pytest.mark.machine

SERVICE = str(Path(__file__).with_name("load_service.py"))
LOCUSTFILE = """
from locust import FastHttpUser, task

class Visitor(FastHttpUser):
    @task
    def look(self):
        self.client.get("/")
"""


@pytest.fixture(autouse=True)
def _locust(require):
    require(importlib.util.find_spec("locust"), "pip install 'perfkit[locust]'")


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return server.getsockname()[1]


def load(mode: str, **settings):
    port = free_port()
    service = {"command": ["python", SERVICE, mode, str(port)], "ready": {"stdout": "ready"}}
    return build("load", {"engine": "locust", "service": service, "url": f"http://127.0.0.1:{port}/"} | settings)


@contextmanager
def launching(tmp: Path, time_limit: float = 90.0):
    root, inner = tmp / "root", tmp / "tmp"
    root.mkdir(exist_ok=True)
    inner.mkdir()
    try:
        with (
            LauncherClient.open() as client,
            client.launch(root=root, python=sys.executable, tmp=inner, seed=5, timeout=time_limit) as launcher,
        ):
            yield launcher
    finally:
        subprocess.run(["rm", "-r", inner], check=True)


def within(probe, tmp: Path, waiting: float = 1.0) -> Measurement:
    """A launch that the generator kept up with, and whose service waited for a core no more than `waiting` of it."""
    for _ in attempts():
        with launching(tmp) as launcher:
            try:
                measured = probe.measure(launcher)
            except Invalid as error:
                if "generator" not in str(error):
                    raise
                continue
        if (measured.run_delay or 0.0) < waiting * probe.duration:
            return measured
    return pytest.skip("the machine disturbed every launch")


def facts(measured: Measurement) -> dict[str, str]:
    return dict(next(detail for detail in measured.details if isinstance(detail, Facts)).rows)


def senders() -> list[int]:
    """The processes of masters and workers."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            words = path.read_bytes()
        except OSError:
            continue
        if b"perfkit.worker.locust_" in words and b"sh\0-c" not in words:
            found.append(int(path.parent.name))
    return found


def test_a_pause_of_a_second_shows_in_the_p99_of_four_workers(tmp_path):
    # 200 of 2000 requests fall into the pause; the worst hundredth of all waited for .9 to 1 s of it.
    measured = within(load("pausing", rate=200, duration="10 s"), tmp_path, 0.05)
    assert 0.850 < measured.values["response_p99"] < 0.950
    assert 0.95 < measured.values["response_max"] < 1.10
    assert measured.values["response_p50"] < 0.020
    assert measured.values["dropped"] == 0
    assert facts(measured)["requests by worker"] == "500, 500, 500, 500"


HARD_OF_HEARING = """
import types
from perfkit.worker import locust_master
from perfkit.worker.locust_master import Helper, Master, clock_name

class Runner:
    clients, heard = {"w": types.SimpleNamespace(state="ready")}, 0

    def send_message(self, kind, data, client):
        self.heard += 1
        if self.heard > 1:
            answer = {"number": data["number"], "name": "worker", "of": clock_name(), "clock": 0.0}
            master._take_clock(types.SimpleNamespace(node_id=client, data=answer))

locust_master._ASK_AGAIN = 0.05
master = Master.__new__(Master)
master._runner, master._helpers, master._children = Runner(), {"w": Helper("w")}, {}
master._lost, master._asked, master._answered = "", (0, 0.0), False
master._ask_clocks()
print(master._helpers["w"].name, master._runner.heard)
"""


def test_a_worker_that_misses_the_first_question_is_asked_again():
    command = [sys.executable, "-c", HARD_OF_HEARING]
    ended = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert ended.stdout.split() == ["worker", "2"], ended.stderr


ANOTHER_CLOCK = ("unshare", "--time", "--monotonic", "1000", "--fork", "--kill-child")
"""A worker whose clock is a thousand seconds ahead, as that of another machine may be."""


@contextmanager
def helping(port: int, *before: str):
    command = (*before, sys.executable, "-m", "perfkit", "load-worker", "--master", f"127.0.0.1:{port}")
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True, start_new_session=True) as process:
        try:
            yield process
        finally:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGINT)
            process.wait(20)


def test_workers_of_another_command_with_another_clock_send_their_part(tmp_path):
    port = free_port()
    probe = load("errors", rate=200, duration="1 s", expect_workers=2, bind=f"127.0.0.1:{port}")
    ahead = ANOTHER_CLOCK if subprocess.run((*ANOTHER_CLOCK, "true"), check=False).returncode == 0 else ()
    with helping(port), helping(port, *ahead) as other:
        measured = within(probe, tmp_path)
        os.killpg(other.pid, signal.SIGINT)
        said = other.stderr.read()
    assert measured.values["errors"] == 20
    assert facts(measured)["requests by worker"] == "100, 100"
    assert facts(measured)["errors"] == "HTTP 500 × 20"
    assert facts(measured)["clocks"].startswith("other machines' within ±" if ahead else "one")
    assert measured.values["response_p50"] == pytest.approx(0.2, abs=0.02)
    assert "worker 1: sent 100 requests" in said


@pytest.mark.slow
def test_workers_that_do_not_come_are_a_failure_that_says_what_to_do(tmp_path):
    probe = load("at_once", rate=100, duration="1 s", workers=1, expect_workers=1, bind=f"127.0.0.1:{free_port()}")
    with launching(tmp_path, 15.0) as launcher, pytest.raises(Failed, match="1 of 2 workers came within") as caught:
        probe.measure(launcher)
    assert caught.value.hint == f"on each other machine: perfkit load-worker --master {probe.bind}"
    assert not senders()


def test_a_worker_that_dies_makes_the_launch_invalid_with_its_name(tmp_path):
    def kill() -> None:
        until = time.monotonic() + 20
        while len(senders()) < 3 and time.monotonic() < until:
            time.sleep(0.05)
        time.sleep(1.2)
        os.kill(max(senders()), signal.SIGKILL)

    killing = threading.Thread(target=kill)
    killing.start()
    with (
        launching(tmp_path) as launcher,
        pytest.raises(Invalid, match=r"worker 2 of 2 on this machine ended .*SIGKILL"),
    ):
        load("at_once", rate=100, duration="20 s", workers=2).measure(launcher)
    killing.join()
    assert not senders()


def test_a_service_that_dies_is_a_failure_with_its_last_words(tmp_path):
    with launching(tmp_path) as launcher, pytest.raises(Failed, match=r"\(exit code 3\): out of oscillators"):
        load("dying", rate=200, duration="5 s", workers=2).measure(launcher)
    assert not senders()


def test_a_locustfile_runs_as_it_is_and_says_what_its_percentiles_are_worth(tmp_path):
    root = tmp_path / "root"
    root.mkdir()
    (root / "locustfile.py").write_text(LOCUSTFILE)
    probe = load("errors", locustfile="locustfile.py", users=4, duration="2 s")
    measured = within(probe, tmp_path)
    # Each of four users waits 200 ms for an answer, so there are 20 a second at most; one in ten is an error.
    assert 12 < measured.values["throughput"] < 20
    assert measured.values["errors"] > 0
    assert measured.values["response_p50"] == pytest.approx(0.2, abs=0.02)
    assert measured.values["cpu_per_request"] > 0
    assert "closed loop: coordinated omission" in measured.caveats
    assert facts(measured)["grade"] == "closed loop: coordinated omission; Locust's own percentiles have two digits"
