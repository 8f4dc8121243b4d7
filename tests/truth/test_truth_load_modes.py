"""Other ways to load than a steady rate of requests, on services and functions whose behaviour is known."""

import os
import shutil
import socket
import sys
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest

from perfkit.instruments.histogram import LatencyHistogram
from perfkit.model.detail import Curve, Histogram
from perfkit.model.errors import Failed, Invalid, TimedOut
from perfkit.probes import build
from tests.truth.test_truth_load import facts, free_port, load, one_launch, service, undisturbed, within
from tests.unit.load.k6_document import document, line

pytestmark = pytest.mark.machine

JOURNEY = str(Path(__file__).with_name("load_journey.py"))


def closed(mode: str, **settings):
    port = free_port()
    url = f"http://127.0.0.1:{port}/"
    return build("load", {"service": service(mode, port), "url": url, "arrivals": "closed", **settings})


def call(function: str, **settings):
    return build("load", {"call": f"{JOURNEY}:{function}", **settings})


def test_a_closed_loop_hides_a_pause_that_an_open_one_shows_and_says_so():
    opened = undisturbed(load("pausing_soon", rate=500, duration="2.5 s"))
    assert 0.3 < opened.values["response_p99"] < 0.5
    measured = undisturbed(closed("pausing_soon", users=10, think="5 ms", duration="2.5 s"))
    # Ten of some thousand requests wait for the pause; those that would have come meanwhile were never sent.
    assert measured.values["response_p99"] < 0.1
    assert measured.values["response_max"] > 0.45
    assert "closed loop: coordinated omission" in measured.caveats


def test_users_who_think_come_as_often_as_that_lets_them():
    measured = undisturbed(closed("errors", users=20, think="50 ms", duration="2 s", expect=[200, 500]))
    # An answer takes 200 ms: 20 users every 250 ms, timers round up by a millisecond each.
    assert measured.values["throughput"] == pytest.approx(80, rel=0.05)
    assert "no response_p99: " in " ".join(measured.caveats)
    assert "response_p99" not in measured.values
    assert measured.values["response_p50"] == pytest.approx(0.2, abs=0.02)


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({"arrivals": "ramp", "rate": 100, "rate_end": 500, "duration": "2 s"}, [150, 250, 350, 450]),
        ({"arrivals": "steps", "steps": [[100, "0.5 s"], [400, "0.5 s"], [200, "1 s"]]}, [100, 400, 200, 200]),
    ],
)
def test_requests_come_at_the_rates_of_a_ramp_and_of_steps(tmp_path, settings, expected):
    port, made = free_port(), tmp_path / "made"
    url = f"http://127.0.0.1:{port}/"
    undisturbed(build("load", {"service": service("recording", port, str(made)), "url": url, **settings}))
    came = np.array(made.read_text().split(), float)
    counts = np.histogram(came - came[0], bins=4, range=(0, 2))[0]
    assert counts * 2 == pytest.approx(expected, abs=10)


def test_the_capacity_of_a_service_that_serves_one_a_millisecond_is_a_thousand():
    port = free_port()
    probe = build("load", {
        "service": service("serial", port), "url": f"http://127.0.0.1:{port}/", "request_timeout": "1 s",
        "capacity": {"within": "100 ms", "start": 600, "step": "1 s", "precision": 0.1, "searches": 1},
    })  # fmt: skip
    for _ in range(3):
        with suppress(TimedOut, Invalid):
            measured = one_launch(probe, 40.0)
            if facts(measured)["disturbed"] == "0":
                break
    else:
        pytest.skip("the machine disturbed all of 3 launches")
    assert 850 < measured.values["capacity"] <= 1030
    times = next(detail for detail in measured.details if isinstance(detail, Curve))
    assert [label for _, label in times.marks] == ["knee"]
    assert times.y[times.marks[0][0]] <= 0.1


def test_a_function_is_called_at_its_times_in_the_sides_interpreter():
    measured = within(call("steady", arguments={"seconds": 0.030}, rate=500, duration="2.2 s", warmup="0.2 s"))
    assert measured.values["response_p50"] == pytest.approx(0.0305, abs=0.0012)
    assert measured.values["throughput"] == pytest.approx(500, rel=0.01)
    assert measured.values["errors"] == 0
    assert facts(measured)["calls"].startswith(JOURNEY)
    assert "cpu" not in measured.values


def test_what_a_call_raises_is_counted_by_class_and_what_hangs_is_a_timeout(tmp_path):
    note = tmp_path / "note"
    measured = within(
        call("sometimes", arguments={"path": str(note)}, rate=100, duration="1 s", request_timeout="400 ms")
    )
    assert measured.values["errors"] == 26
    assert {"25 × LookupError", "1 × timeout"} <= set(measured.caveats)
    assert measured.values["response_max"] == pytest.approx(0.4, abs=1e-3)
    up, down = note.read_text().splitlines()[-2:]
    assert up.split()[1] == sys.executable
    assert down == "down after 100"


def test_a_call_that_holds_the_loop_makes_the_launch_invalid():
    # 20 ms at once in 100 calls make every tenth late.
    with pytest.raises(Invalid, match="sent late") as caught:
        one_launch(call("blocking", rate=500, duration="1 s", warmup="0.1 s"))
    assert "holds the event loop" in caught.value.hint


@pytest.mark.parametrize(
    ("function", "said"),
    [
        ("broken", "no request succeeded: ValueError × 20 .*no such shop"),
        ("plain", "has no async function plain"),
        ("nothing", "has no async function nothing"),
    ],
)
def test_a_function_that_does_not_work_says_why(function, said):
    with pytest.raises(Failed, match=said):
        one_launch(call(function, rate=100, duration="0.2 s"))


def test_the_run_file_keeps_every_reading_of_a_load():
    measured = within(load("at_once", rate=1000, duration="1 s"))
    kept = {d.title: d for d in measured.details if isinstance(d, Histogram)}
    read = [LatencyHistogram.decode(detail.encoded) for detail in kept.values()]
    assert [one.count for one in read] == [1000, 1000, 1000]
    assert read[0].largest == pytest.approx(measured.values["response_max"], rel=1e-3)
    read[0].merge(read[1])
    assert read[0].count == 2000


def test_a_full_disk_shows_as_errors_and_not_as_an_end(tmp_path):
    port, file = free_port(), tmp_path / "log"
    probe = build("load", {
        "service": service("writing", port, str(file)), "url": f"http://127.0.0.1:{port}/", "rate": 200,
        "duration": "1 s",
    })  # fmt: skip
    measured = within(probe)
    assert measured.values["errors"] == 50
    assert "50 × HTTP 507" in measured.caveats
    assert file.stat().st_size == 15_000


def test_a_service_that_stops_accepting_is_counted_and_not_waited_for():
    measured = within(load("refusing", rate=200, duration="1.5 s"))
    assert measured.values["errors"] == pytest.approx(200, abs=20)
    assert "connection refused" in facts(measured)["errors"]


def test_a_service_that_is_never_ready_runs_out_of_time_and_is_ended():
    probe = load("never", rate=200, duration="1 s", request_timeout="500 ms")
    with pytest.raises(TimedOut):
        one_launch(probe, 3.0)
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", int(probe.url.rsplit(":")[-1].strip("/"))))


def test_wrk_is_a_closed_loop_that_says_so(require):
    require(shutil.which("wrk"), "apt-get install wrk")
    measured = one_launch(closed("pausing_soon", engine="wrk", users=4, duration="2 s"))
    assert measured.values["throughput"] > 100
    # It fills in what it guesses the pause kept it from sending, which no schedule asked for.
    assert measured.values["response_max"] > 0.4
    assert "wrk: closed loop: coordinated omission" in measured.caveats
    assert measured.values["cpu_per_request"] > 0


def test_wrk_counts_statuses_and_a_refusal_is_a_failure(require):
    require(shutil.which("wrk"), "apt-get install wrk")
    measured = one_launch(closed("errors", engine="wrk", users=20, duration="1 s"))
    asked = int(facts(measured)["requests"])
    assert measured.values["errors"] == pytest.approx(asked / 10, abs=2)
    nobody = build("load", {
        "url": f"http://127.0.0.1:{free_port()}/", "engine": "wrk", "arrivals": "closed", "users": 2, "duration": "1 s"
    })  # fmt: skip
    with pytest.raises(Failed, match="wrk failed"):
        one_launch(nobody)


@pytest.fixture
def stand_in(tmp_path, monkeypatch):
    """A program `k6` that tells what it is told to, if its script is there; it notes how it was called."""

    def make(text: str, code: int = 0) -> Path:
        calls = tmp_path / "calls"
        program = tmp_path / "bin" / "k6"
        program.parent.mkdir()
        program.write_text(
            f"#!{sys.executable}\n"
            "import pathlib, sys\n"
            "script = pathlib.Path(sys.argv[-1]).read_text()\n"
            f"with open({str(calls)!r}, 'a') as file:\n"
            "    file.write(' '.join(sys.argv[1:-1]) + chr(10))\n"
            "print('a banner')\n"
            f"print({text!r})\n"
            f"print('time=now level=error msg=refused' + 5000 * '!', file=sys.stderr)\n"
            f"sys.exit({code})\n"
        )
        program.chmod(0o755)
        monkeypatch.setenv("PATH", f"{program.parent}{os.pathsep}{os.environ['PATH']}")
        return calls

    return make


def at_k6(**settings):
    return build("load", {"url": "http://127.0.0.1:1/", "engine": "k6", "rate": 500, "duration": "2 s"} | settings)


def test_k6_is_launched_once_for_the_warmup_and_once_for_the_window(stand_in):
    calls = stand_in(line(document(errors={"perfkit_http_4xx": 5})))
    measured = one_launch(at_k6(warmup="1 s"))
    assert calls.read_text().splitlines() == ["run --quiet --no-color --no-usage-report --address="] * 2
    assert measured.values["response_p99"] == pytest.approx(21e-3)
    assert measured.values["throughput"] == pytest.approx(995 / 5.0042)
    assert measured.values["errors"] == 5
    assert facts(measured)["response times"] == "k6: coordinated omission partly accounted for"


def test_what_k6_dropped_voids_the_launch(stand_in):
    stand_in(line(document(requests=999, dropped=1)))
    with pytest.raises(Invalid, match="1 of 1000 requests dropped"):
        one_launch(at_k6())


@pytest.mark.parametrize(("text", "code", "said"), [("", 0, "k6 cannot be read"), ("", 107, "k6 failed: time=now")])
def test_a_k6_that_tells_nothing_is_a_failure_that_is_short(stand_in, text, code, said):
    stand_in(text, code)
    with pytest.raises(Failed, match=said) as caught:
        one_launch(at_k6())
    assert len(str(caught.value)) < 1000
