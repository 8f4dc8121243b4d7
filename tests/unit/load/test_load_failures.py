"""What is said where a load came to nothing."""

import json
import socket
from collections import Counter

import numpy as np
import pytest

from perfkit.model.errors import Failed, Invalid
from perfkit.probes import build
from perfkit.probes._load import asyncio_engine, locust_engine, locust_file, tool_engine
from perfkit.probes._load.drawn_up import requests_report
from perfkit.probes._load.errors import named
from perfkit.probes._load.last_words import last_words
from perfkit.probes._load.locust_settings import Crew
from perfkit.probes._load.network_proxy import Proxy
from perfkit.probes._load.report import Site
from perfkit.probes._load.tally import tally_for
from perfkit.worker.locust_readings import FAILED, TIMED_OUT
from tests.fakes import FakeLauncher, FakeTarget, an_exit

HTTP = {"url": "http://127.0.0.1:8000/", "rate": 100, "duration": "1 s"}


def plan(**settings):
    return build("load", HTTP | settings).plan(1)


@pytest.mark.parametrize("state", [TIMED_OUT, FAILED])
def test_a_service_that_hangs_is_told_from_one_that_refuses(state):
    offered = plan(request_timeout="500 ms")
    tally, due = tally_for(offered, 0.0), np.linspace(0.0, 0.99, 100)
    tally.add(due, due, due + 0.5, np.full(100, state, np.uint8))
    tally.errors = Counter({"timeout" if state == TIMED_OUT else "HTTP 500": 100})
    with pytest.raises(Failed, match="no request succeeded") as caught:
        requests_report(offered, tally)
    assert ("no answer within request_timeout = 500 ms" in caught.value.hint) == (state == TIMED_OUT)


@pytest.mark.parametrize(
    "contact",
    [lambda url: asyncio_engine.run(plan(url=url)), lambda url: locust_engine._contact(url, 2.0)],
    ids=["asyncio", "locust"],
)
def test_a_name_that_nobody_knows_is_said_to_be_one(contact):
    with pytest.raises(Failed, match=r"^the name no\.such\.host\.invalid cannot be resolved$"):
        contact("http://no.such.host.invalid/")


def test_the_number_of_a_name_error_is_not_the_systems():
    assert named(socket.gaierror(-2, "Name or service not known")) == "the name cannot be resolved"


@pytest.mark.parametrize(
    ("why", "said"),
    [
        ("Socket bind failure: No such device", "bind = 'foo' is no address of this machine"),
        ("Address already in use", "port 5557 of foo is already taken"),
    ],
)
def test_a_master_that_cannot_listen_is_told_what_bind_is(tmp_path, why, said):
    (tmp_path / "outcome.json").write_text(json.dumps({"unbound": why}))
    watch = locust_engine._Watch(FakeTarget(an_exit()), None, tmp_path)
    with pytest.raises(Failed, match=said) as caught:
        watch.outcome(Crew(expect_workers=1, bind="foo"))
    assert "defect" not in caught.value.hint


def test_a_locustfile_that_is_not_there_is_named(tmp_path):
    settings = {"engine": "locust", "locustfile": "nope.py", "users": 1, "duration": "1 s"}
    missing = build("load", settings).plan(1)
    with pytest.raises(Failed, match=r"there is no locustfile .*/nope\.py"):
        locust_file.load(missing, Site(FakeLauncher(tmp_path)))


@pytest.mark.parametrize(
    ("output", "words", "lines"),
    [("", "exit code 3", 0), ("why\n", "why", 0), ("a\nb\n", "b", 2), ("\n".join("abcdefghij"), "j", 8)],
)
def test_last_words_are_the_last_line_and_those_before_it_below(output, words, lines):
    said, tail = last_words(output, "exit code 3")
    assert said == words
    assert tail.count("\n") == lines


def test_a_tool_is_started_where_the_network_is(tmp_path):
    launcher = FakeLauncher(tmp_path, [an_exit()])
    tool_engine._run(("wrk", "url"), Site(launcher, prefix=("nsenter", "--net")))
    assert launcher.programs[0].command == ("nsenter", "--net", "wrk", "url")


def test_an_endless_line_is_cut():
    said, tail = last_words("a\n" + 100_000 * "x")
    assert len(said) < 400
    assert len(tail) < 400


@pytest.mark.parametrize(
    "fails",
    [
        lambda ended, tmp: locust_engine._Watch(FakeTarget(ended), None, tmp).outcome(Crew()),
        lambda ended, tmp: locust_file._told(ended, tmp / "told.json"),
        lambda ended, tmp: tool_engine._run(("wrk", "x" * 9000), Site(FakeLauncher(tmp, [ended]))),
        lambda ended, tmp: Proxy(FakeTarget(ended), 1e-3).check(),
    ],
    ids=["locust", "locustfile", "tool", "proxy"],
)
def test_what_a_generator_said_is_cut_wherever_it_is_shown(tmp_path, fails):
    with pytest.raises((Failed, Invalid)) as caught:
        fails(an_exit(3, stderr="first\n" + 100_000 * "x"), tmp_path)
    assert "first" in str(caught.value)
    assert len(f"{caught.value}{caught.value.hint}") < 1500
