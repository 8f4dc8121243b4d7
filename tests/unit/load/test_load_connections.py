"""The lean HTTP client against servers that answer byte by byte what they are told."""

import asyncio
import shutil
import ssl
import subprocess
from collections.abc import Awaitable, Callable
from contextlib import suppress

import pytest

from perfkit.probes._load.book import Book
from perfkit.probes._load.connections import Connections, request_bytes
from perfkit.probes._load.flow import Flow
from perfkit.probes._load.settings import Http
from perfkit.probes._load.tally import Tally

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"

Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


def http(method="GET", *, url="http://127.0.0.1:1/", headers=None, body="", expect=(200,)) -> Http:
    return Http(url, method, headers or {}, body, expect)


class Outcome:
    """What a tally saw, and how often a client connected."""

    def __init__(self) -> None:
        self.tally = Tally(opens=0.0, duration=1e9, exact=True, flow=Flow(0.0, 1e9))
        self.connected = 0
        self.requests: list[bytes] = []


def exchange(serve: Serve, asked: Http, *, times=1, timeout=2.0, pause=0.0, tls=None) -> Outcome:
    """Send a request `times` times, each after the one before has ended."""

    async def run() -> Outcome:
        outcome = Outcome()

        handlers = set()

        async def count(reader, writer):
            handlers.add(asyncio.current_task())
            outcome.connected += 1
            reader.requests = outcome.requests
            with suppress(ConnectionError, asyncio.IncompleteReadError):
                await serve(reader, writer)
            writer.close()
            with suppress(ConnectionError):
                await writer.wait_closed()

        server = await asyncio.start_server(count, "127.0.0.1", 0, ssl=tls)
        book = Book(outcome.tally)
        connections = Connections(asked, server.sockets[0].getsockname()[:2], timeout, book)
        for _ in range(times):
            ended = asyncio.Event()
            connections.send(asyncio.get_running_loop().time(), ended.set)
            await asyncio.wait_for(ended.wait(), 10.0)
            await asyncio.sleep(pause)
        await connections.drain()
        await connections.close()
        book.close()
        server.close()
        await asyncio.gather(*handlers)
        return outcome

    return asyncio.run(run())


async def request(reader: asyncio.StreamReader) -> bytes:
    head = await reader.readuntil(b"\r\n\r\n")
    reader.requests.append(head)
    return head


def answering(answer: bytes, *, closing=False, step=None) -> Serve:
    async def serve(reader, writer):
        while True:
            await request(reader)
            for first in range(0, len(answer), step or len(answer)):
                writer.write(answer[first : first + (step or len(answer))])
                await writer.drain()
                if step:
                    await asyncio.sleep(0)
            if closing:
                return

    return serve


def ended(outcome: Outcome) -> tuple[int, dict[str, int]]:
    tally = outcome.tally
    return tally.response.count - tally.failed - tally.timed_out, dict(tally.errors)


@pytest.mark.parametrize("step", [None, 1, 7])
@pytest.mark.parametrize(
    "answer",
    [
        OK,
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n3\r\nyou\r\n0\r\n\r\n",
        b"HTTP/1.1 100 Continue\r\n\r\n" + OK,
        b"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n" + OK,
        b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nKeep-Alive: timeout=5\r\n\r\n",
    ],
    ids=["length", "chunked", "continue", "hints", "empty"],
)
def test_answers_of_every_kind_are_read_over_one_connection(answer, step):
    outcome = exchange(answering(answer, step=step), http(), times=3)
    assert ended(outcome) == (3, {})
    assert outcome.connected == 1


@pytest.mark.parametrize("status", [204, 304])
def test_answers_without_a_body_end_with_their_headers(status):
    answer = f"HTTP/1.1 {status} Nothing\r\n\r\n".encode()
    assert ended(exchange(answering(answer), http(expect=(status,)), times=2)) == (2, {})


def test_an_answer_to_head_ends_with_its_headers():
    outcome = exchange(answering(b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n"), http("HEAD"), times=3)
    assert ended(outcome) == (3, {})
    assert outcome.connected == 1


def test_an_answer_without_a_length_ends_with_its_connection():
    outcome = exchange(answering(b"HTTP/1.0 200 OK\r\n\r\nas long as it lasts", closing=True), http(), times=2)
    assert ended(outcome) == (2, {})
    assert outcome.connected == 2


def test_an_answer_that_stops_short_is_a_failure():
    answer = b"HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\nshort"
    assert ended(exchange(answering(answer, closing=True), http())) == (0, {"disconnected": 1})


def test_a_connection_that_the_service_does_not_keep_is_opened_anew():
    answer = b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok"
    outcome = exchange(answering(answer), http(), times=3)
    assert ended(outcome) == (3, {})
    assert outcome.connected == 3


def test_other_statuses_are_errors_by_name():
    answer = b"HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n"
    assert ended(exchange(answering(answer), http(), times=2)) == (0, {"HTTP 503": 2})
    assert ended(exchange(answering(answer), http(expect=(200, 503)), times=2)) == (2, {})


@pytest.mark.parametrize("answer", [b"SMTP ready\r\n\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n"])
def test_what_is_no_http_is_malformed(answer):
    outcome = exchange(answering(answer), http(), times=2)
    assert ended(outcome) == (0, {"malformed answer": 2})
    assert outcome.connected == 2


def test_silence_is_a_timeout_of_its_value_and_costs_the_connection():
    async def silent(reader, writer):
        await reader.read()

    outcome = exchange(silent, http(), times=2, timeout=0.05)
    assert ended(outcome) == (0, {"timeout": 2})
    assert outcome.tally.response.histogram.percentiles((0.0, 1.0)) == pytest.approx((0.05, 0.05), rel=0.02)
    assert outcome.connected == 2


def hanging_up_on_the_second() -> Serve:
    async def serve(reader, writer):
        await request(reader)
        writer.write(OK)
        await writer.drain()
        await request(reader)

    return serve


def test_a_kept_connection_that_was_closed_meanwhile_is_tried_once_more():
    outcome = exchange(hanging_up_on_the_second(), http(), times=3)
    assert ended(outcome) == (3, {})
    assert outcome.connected == 3


def test_what_must_not_be_repeated_is_not():
    outcome = exchange(hanging_up_on_the_second(), http("POST"), times=2)
    assert ended(outcome) == (1, {"disconnected": 1})


def test_a_connection_that_ended_while_idle_is_not_used():
    async def once(reader, writer):
        await request(reader)
        writer.write(OK)
        await writer.drain()

    outcome = exchange(once, http("POST"), times=3, pause=0.03)
    assert ended(outcome) == (3, {})
    assert outcome.connected == 3


def test_many_at_once_have_a_connection_each_and_share_them_afterwards():
    async def run():
        waiting = []

        async def late(reader, writer):
            reader.requests = []
            while True:
                try:
                    await request(reader)
                except (asyncio.IncompleteReadError, ConnectionError):
                    writer.close()
                    return
                waiting.append(writer)
                if len(waiting) == 20:
                    for each in waiting:
                        each.write(OK)
                    waiting.clear()

        server = await asyncio.start_server(late, "127.0.0.1", 0)
        outcome = Outcome()
        book = Book(outcome.tally)
        connections = Connections(http(), server.sockets[0].getsockname()[:2], 2.0, book)
        for _ in range(3):
            for _ in range(20):
                connections.send(asyncio.get_running_loop().time())
            assert connections.flying == 20
            await connections.drain()
        opened = len(connections._open)
        await connections.close()
        book.close()
        server.close()
        await asyncio.sleep(0.02)
        return opened, ended(outcome)

    assert asyncio.run(run()) == (20, (60, {}))


def test_https_is_spoken_and_an_unknown_certificate_named(tmp_path, require, monkeypatch):
    require(shutil.which("openssl"), "apt-get install openssl")
    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
    subject = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"]
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
         "-keyout", key, "-out", certificate, *subject],
        check=True, capture_output=True,
    )  # fmt: skip
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    asked = http(url="https://localhost/")
    refused = exchange(answering(OK), asked, tls=context)
    assert ended(refused) == (0, {"TLS: certificate verify failed": 1})
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    trusted = exchange(answering(OK), asked, times=3, tls=context)
    assert ended(trusted) == (3, {})
    assert trusted.connected == 1


def lines(asked: Http) -> list[str]:
    return request_bytes(asked).decode().split("\r\n")


def test_a_request_says_what_http_asks_for():
    said = lines(http(url="http://example.test:8080/a path?q=ü"))
    assert said[0] == "GET /a%20path?q=%C3%BC HTTP/1.1"
    assert "Host: example.test:8080" in said
    assert not any(line.startswith("Content-") for line in said)
    assert said[-2:] == ["", ""]


def test_a_body_has_its_length_in_bytes_and_the_users_headers_win():
    said = lines(http("post", body="grüße", headers={"content-type": "text/plain", "X-Own": "1", "host": "other"}))
    assert said[0] == "POST / HTTP/1.1"
    assert "Content-Length: 7" in said
    assert [line for line in said if line.lower().startswith(("content-type", "host"))] == [
        "content-type: text/plain",
        "host: other",
    ]
    assert said[-1] == "grüße"


def test_a_post_without_a_body_says_so():
    assert "Content-Length: 0" in lines(http("POST"))


def test_a_name_and_password_become_a_header():
    assert "Authorization: Basic dXNlcjpzZWNyZXQ=" in lines(http(url="http://user:secret@127.0.0.1/"))
    assert "Host: 127.0.0.1" in lines(http(url="http://user:secret@127.0.0.1/"))
    assert "Host: [::1]:99" in lines(http(url="http://[::1]:99/"))
