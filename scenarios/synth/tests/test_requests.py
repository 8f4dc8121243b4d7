from http import HTTPStatus
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from synth.requests import LARGEST_BODY, LARGEST_HEAD, Request, RequestReader

TWO = (
    b"POST /notes?x=1 HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello"
    b"POST /more HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n3;x=y\r\ncde\r\n0\r\n\r\n"
)


def read(*parts: bytes) -> list[Request]:
    """What these parts hold, read up to the connection's last request."""
    reader, found = RequestReader(), []
    for part in parts:
        found += reader.feed(part)
        if found and not found[-1].keep_alive:
            break
    return found


def post(head: bytes, body: bytes = b"") -> bytes:
    return b"POST / HTTP/1.1\r\n" + head + b"\r\n\r\n" + body


@given(st.sets(st.integers(1, len(TWO) - 1)))
def test_requests_do_not_depend_on_how_their_bytes_arrive(cuts: set[int]) -> None:
    places = [0, *sorted(cuts), len(TWO)]
    found = read(*(TWO[start:end] for start, end in pairwise(places)))
    assert [(one.method, one.target, bytes(one.body), one.keep_alive, one.fault) for one in found] == [
        (b"POST", b"/notes?x=1", b"hello", True, None),
        (b"POST", b"/more", b"abcde", True, None),
    ]


@pytest.mark.parametrize(
    ("head", "stays"),
    [
        (b"GET / HTTP/1.1", True),
        (b"GET / HTTP/1.1\r\nConnection: close", False),
        (b"GET / HTTP/1.0", False),
        (b"GET / HTTP/1.0\r\nConnection: keep-alive", True),
    ],
)
def test_a_connection_stays_as_the_request_says(head: bytes, stays: bool) -> None:
    assert [request.keep_alive for request in read(head + b"\r\n\r\n")] == [stays]


@pytest.mark.parametrize(
    "junk",
    [
        b"\x16\x03\x01\x02\x00",
        b"GET\r\n\r\n",
        b"GET / HTTP/1.1\r\nNo colon\r\n\r\n",
        b"GET / HTTP/1.1\r\nA: \x00\r\n\r\n",
        post(b"Content-Length: x"),
        post(b"Content-Length: 1\r\nTransfer-Encoding: chunked"),
        post(b"Transfer-Encoding: chunked", b"zz\r\n"),
    ],
)
def test_what_is_malformed_is_the_last_request(junk: bytes) -> None:
    first, last = read(b"GET /first HTTP/1.1\r\n\r\n" + junk)
    assert (first.target, first.fault, first.keep_alive) == (b"/first", None, True)
    assert (last.fault, last.keep_alive) == (HTTPStatus.BAD_REQUEST, False)


def test_a_head_and_a_body_of_the_largest_size_are_read() -> None:
    header = b"A: " + b"a" * (LARGEST_HEAD - 100)
    body = b"b" * LARGEST_BODY
    (request,) = read(post(header + b"\r\nContent-Length: %d" % LARGEST_BODY, body))
    assert request.fault is None
    assert bytes(request.body) == body


@pytest.mark.parametrize(
    ("overlong", "fault"),
    [
        (post(b"A: " + b"a" * LARGEST_HEAD), HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE),
        (post(b"\r\n".join([b"A: " + b"a" * 600] * 120)), HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE),
        (b"GET /" + b"a" * LARGEST_HEAD + b" HTTP/1.1\r\n\r\n", HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE),
        (post(b"A: " + b"a" * 1_000_000), HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE),
        (post(b"Content-Length: 70000", b"a" * 70_000), HTTPStatus.REQUEST_ENTITY_TOO_LARGE),
        (post(b"Content-Length: 9000000", b"a" * 70_000), HTTPStatus.REQUEST_ENTITY_TOO_LARGE),
        (
            post(b"Transfer-Encoding: chunked", b"fff\r\n%b\r\n" % (b"a" * 0xFFF) * 20),
            HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
        ),
        (
            post(b"Transfer-Encoding: chunked", b"1;%b\r\na\r\n" % (b"x" * 9_000) * 100),
            HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
        ),
    ],
)
@pytest.mark.parametrize("step", [1_000, 2_000_000])
def test_what_is_too_long_is_the_last_request(overlong: bytes, fault: HTTPStatus, step: int) -> None:
    endless = overlong.removesuffix(b"\r\n\r\n") if step == 1_000 and b"a" * 1_000_000 in overlong else overlong
    parts = [endless[start : start + step] for start in range(0, len(endless), step)]
    (request,) = read(*parts)
    assert (request.fault, request.keep_alive) == (fault, False)
    assert len(request.body) <= LARGEST_BODY
    assert sum(len(name + value) for name, value in request.headers) <= LARGEST_HEAD


def test_an_upgrade_ends_http_and_keeps_what_follows() -> None:
    (request,) = read(b"GET /stream HTTP/1.1\r\nHost: a\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n\x82\x00")
    assert (request.upgrades, request.keep_alive, request.rest) == (True, False, b"\x82\x00")
    assert request.head == b"GET /stream HTTP/1.1\r\nHost: a\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n"
    (older,) = read(b"GET /stream HTTP/1.0\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n")
    assert not older.upgrades


def test_a_client_that_waits_for_leave_is_seen_once_before_its_body() -> None:
    reader = RequestReader()
    head = post(b"Expect: 100-continue\r\nContent-Length: 2")
    seen = []
    for part in (head[:30], head[30:], b"o", b"k" + post(b"Content-Length: 2"), b"ok", head):
        reader.feed(part)
        seen.append((reader.take_expectation(), reader.take_expectation()))
    assert seen == [(False, False), (True, False), *[(False, False)] * 3, (True, False)]
