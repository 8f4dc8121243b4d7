import io
from array import array

import pytest

from perfkit.model.errors import Skipped, UsageError
from perfkit.probes import build
from perfkit.probes._load import locust_engine
from perfkit.probes._load.locust_settings import Crew, master_address
from perfkit.worker.locust_readings import ANSWERED, DROPPED, FAILED, Gathering, LostError, Outbox, blocks, dealt

HTTP = {"url": "http://127.0.0.1:8000/", "rate": 200, "duration": "10 s", "engine": "locust"}


def test_arrivals_are_dealt_out_in_turn():
    due = array("d", [0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6])
    hands = [dealt(due, worker, 3).tolist() for worker in range(3)]
    assert hands == [[0.0, 0.3, 0.6], [0.1, 0.4], [0.2, 0.5]]
    gathering = Gathering(io.BytesIO(), len(due), 3)
    assert [gathering.expected(worker) for worker in range(3)] == [3, 2, 2]


def test_what_two_workers_report_comes_back_as_it_was():
    file = io.BytesIO()
    gathering = Gathering(file, 5, 2)
    first, second = Outbox(), Outbox()
    first.note(0, ANSWERED, 0.001, 0.0123456789)
    first.note(2, DROPPED)
    gathering.add(0, first.parcel())
    second.note(1, FAILED, 0.5, 0.75)
    second.blame("HTTP 500")
    gathering.add(1, second.parcel())
    assert not gathering.complete()
    first.note(1, ANSWERED, 0.2, 0.3)
    second.note(0, ANSWERED, 0.1, 0.2)
    gathering.add(0, first.parcel())
    gathering.add(1, second.parcel())
    assert gathering.complete()
    assert gathering.counts == [3, 2]
    assert gathering.errors == {"HTTP 500": 1}
    file.seek(0)
    read = [
        (block.worker + 2 * own, sent, done, state)
        for block in blocks(file)
        for own, sent, done, state in zip(
            array("I", block.which), array("d", block.sent), array("d", block.done), block.state, strict=True
        )
    ]
    assert sorted(read) == [
        (0, 0.001, 0.0123456789, ANSWERED), (1, 0.1, 0.2, ANSWERED), (2, 0.2, 0.3, ANSWERED),
        (3, 0.5, 0.75, FAILED), (4, 0.0, 0.0, DROPPED),
    ]  # fmt: skip


def test_a_report_that_did_not_arrive_is_noticed():
    gathering, outbox = Gathering(io.BytesIO(), 4, 1), Outbox()
    gathering.add(0, outbox.parcel())
    outbox.note(0, ANSWERED)
    outbox.parcel()
    with pytest.raises(LostError, match="report 1 did not arrive"):
        gathering.add(0, outbox.parcel())


def test_a_parcel_empties_the_outbox_and_not_its_total():
    outbox = Outbox()
    outbox.note(0, ANSWERED)
    assert len(outbox) == 1
    outbox.parcel()
    assert len(outbox) == 0
    assert outbox.total == 1
    assert outbox.parcel()["which"] == b""


@pytest.mark.parametrize(
    ("settings", "local", "address"),
    [
        ({}, 4, ("127.0.0.1", 0)),
        ({"workers": 2}, 2, ("127.0.0.1", 0)),
        ({"expect_workers": 3}, 0, ("127.0.0.1", 5557)),
        ({"expect_workers": 3, "workers": 1, "bind": "127.0.0.1:6000"}, 1, ("127.0.0.1", 6000)),
        ({"expect_workers": 1, "bind": "192.0.2.1"}, 0, ("192.0.2.1", 5557)),
    ],
)
def test_the_master_listens_on_loopback_unless_it_is_told_where(settings, local, address):
    crew = Crew(**settings)
    assert crew.local == local
    assert crew.address == address


def test_who_waits_for_other_machines_says_how_they_come():
    assert "perfkit load-worker --master 192.0.2.1:6000" in Crew(expect_workers=1, bind="192.0.2.1:6000").invitation
    assert "set `bind`" in Crew(expect_workers=1).invitation


@pytest.mark.parametrize("text", [":5557", "host:", "host:port", "host:0", "host:65536"])
def test_what_is_no_address_is_refused(text):
    with pytest.raises(ValueError, match="HOST:PORT"):
        master_address(text)


@pytest.mark.parametrize(
    ("settings", "why"),
    [
        ({"workers": 0}, "workers must be at least 1"),
        ({"expect_workers": -1}, "expect_workers must not be negative"),
        ({"bind": "host:x"}, "HOST:PORT"),
        ({"engine": "asyncio", "workers": 2}, '`workers`.*engine = "locust"'),
        ({"engine": "asyncio", "expect_workers": 2}, "`expect_workers`"),
        ({"streams": {"url": "ws://127.0.0.1/", "rate": 10}}, "streams"),
        ({"arrivals": "closed", "rate": 0, "users": 10}, "locustfile"),
        ({"locustfile": "locustfile.py", "rate": 0}, "users"),
        ({"locustfile": "locustfile.py", "users": 5}, "rate"),
        ({"locustfile": "locustfile.py", "users": 5, "rate": 0, "duration": "1.5 s"}, "whole seconds"),
        ({"locustfile": "locustfile.py", "users": 5, "rate": 0, "warmup": "1 s"}, "warmup"),
    ],
)
def test_settings_that_do_not_fit_are_refused_by_the_key(settings, why):
    with pytest.raises(UsageError, match=why):
        build("load", HTTP | settings)


def test_a_locustfile_is_shown_and_never_judged():
    probe = build("load", {
        "engine": "locust", "locustfile": "locustfile.py", "users": 5, "duration": "10 s",
        "service": {"command": ["serve"], "ready": {"tcp": 8000}},
    })  # fmt: skip
    metrics = {metric.name: metric for metric in probe.metrics}
    assert metrics.keys() == {
        "response_p50", "response_p95", "response_p99", "response_max", "throughput", "errors",
        "cpu", "cpu_per_request", "cpu_time", "peak_memory",
    }  # fmt: skip
    assert metrics["response_p99"].method == "Locust's own, closed loop"
    assert "may not gate" in probe.why_no_budget("response_p99")
    assert probe.why_no_budget("throughput") == ""


def test_without_locust_a_load_is_skipped_with_what_to_install(monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(Skipped) as caught:
        locust_engine.load(build("load", HTTP).plan(1), None)
    assert caught.value.hint == "pip install 'perfkit[locust]'"


def test_an_open_loop_of_locust_has_the_metrics_of_the_other_engine():
    locust = {metric.identity for metric in build("load", HTTP).metrics}
    assert locust == {metric.identity for metric in build("load", HTTP | {"engine": "asyncio"}).metrics}
