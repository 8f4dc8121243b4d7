"""What a program must come to until it is ready: stamps that cannot be, and what is said of what has not come."""

import pytest

from perfkit.instruments.reaching import Way, latest
from perfkit.model.errors import Failed
from perfkit.model.launch import Ready, Stage


def heard(way, *told, refused=(), now=100.0):
    way.take(told, refused or [0] * len(told), now)
    return way


def test_a_way_is_passed_with_its_last_stage():
    way = Way([Stage(name="up", stdout="up"), Stage(name="http", http="http://127.0.0.1:1/")])
    assert not way.passed
    assert not heard(way, 11.0, None).passed
    assert way.not_passed() == " (not reached: http)"
    assert way.seen(10.0) == (11.0, None)
    assert heard(way, 11.0, 10.5).passed
    assert way.clocks(10.0, "server") == (11.0, 10.5)


def test_without_anything_awaited_it_ends_at_exit():
    assert Way([]).ends_at_exit
    assert not Way([Ready(tcp=1)]).ends_at_exit


@pytest.mark.parametrize(
    ("stamp", "message"),
    [
        ("soon", "server gave the stamp 'soon', which is no number of nanoseconds"),
        ("-5", "no number"),
        ("1.5e9", "no number"),
        ("²", "no number"),
        ("9000000000", r"server gave a stamp from 1\.00 s before its own start"),
        ("103500000000", r"server gave a stamp that lies 3\.50 s in the future"),
    ],
)
def test_a_stamp_that_cannot_be_is_refused(stamp, message):
    way = heard(Way([Ready(stamp="ready")]), stamp)
    with pytest.raises(Failed, match=message) as caught:
        way.clocks(10.0, "server")
    assert "CLOCK_MONOTONIC" in caught.value.hint
    assert way.seen(10.0) == (None,)


def test_a_stamp_that_can_be_is_the_clock():
    assert heard(Way([Ready(stamp="ready")]), "10250000000").clocks(10.0, "server") == (10.25,)


@pytest.mark.parametrize(
    ("ready", "refused", "lack"),
    [
        (Ready(stdout="up$"), 0, "no line of stdout matched 'up$'"),
        (Ready(tcp=8000), 0, "nothing listened on port 8000"),
        (Ready(http="http://a/"), 0, "nothing answered at http://a/"),
        (Ready(http="http://a/"), 503, "http://a/ answered 503"),
        (Ready(notify=True), 0, "no READY=1 came to $NOTIFY_SOCKET"),
        (Ready(file="here"), 0, "there was no file here"),
        (Ready(stamp="here"), 0, "there was no stamp in here"),
        (Stage(name="port", tcp=1), 0, "stage port: nothing listened on port 1"),
    ],
)
def test_what_has_not_come_is_said(ready, refused, lack):
    assert heard(Way([ready]), None, refused=[refused]).wanting() == lack


def test_the_latest_of_what_was_reached():
    assert latest((1.0, 3.0, 2.0)) == 3.0
    assert latest((1.0, None)) is None
    assert latest(()) is None


@pytest.mark.parametrize(
    ("ready", "awaited"),
    [
        (Ready(stdout="up$"), "a line of stdout that matches 'up$'"),
        (Ready(tcp=8000), "a listener on port 8000"),
        (Ready(http="http://a/"), "an answer from http://a/"),
        (Ready(notify=True), "READY=1 on $NOTIFY_SOCKET"),
        (Ready(file="here"), "the file here"),
        (Ready(stamp="here"), "a stamp in here"),
    ],
)
def test_what_a_program_that_ended_did_not_come_to_is_said(ready, awaited):
    assert Way([ready]).not_passed() == f" (awaited: {awaited})"
    assert heard(Way([ready]), 11.0).not_passed() == ""
