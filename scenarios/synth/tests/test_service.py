import asyncio
import contextlib
import signal
import socket
import struct
import subprocess
import sys
import time
from typing import Any

import aiohttp
import numpy as np
import pytest

from synth.tests.conftest import SCENARIOS, Running

pytestmark = pytest.mark.machine


def asked(service: Running, method: str, path: str, body: bytes | None = None) -> tuple[int, Any]:
    async def ask() -> tuple[int, Any]:
        async with (
            aiohttp.ClientSession() as session,
            session.request(method, f"http://{service.address}{path}", data=body) as response,
        ):
            return response.status, await response.json()

    return asyncio.run(ask())


async def heard(session: aiohttp.ClientSession, service: Running, seconds: float) -> list[bytes]:
    """What a stream sends in the time after its first message."""
    async with session.ws_connect(f"http://{service.address}/stream") as stream:
        messages = [await stream.receive_bytes()]
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            messages.append(await stream.receive_bytes())
        return messages


def test_notes_are_started_and_stopped(running: Running) -> None:
    assert asked(running, "GET", "/health") == (200, {"status": "ok", "voices": 0, "streams": 0})
    started = asked(running, "POST", "/notes", b'{"start": [{"pitch": 60}, {"pitch": 64, "waveform": "sine"}]}')
    assert started == (200, {"started": [1, 2], "stopped": [], "voices": 2})
    assert asked(running, "POST", "/notes", b'{"stop": [1, 9]}') == (200, {"started": [], "stopped": [1], "voices": 2})
    assert asked(running, "GET", "/health")[1]["voices"] == 2


def test_bad_input_is_refused_with_its_reason(running: Running) -> None:
    status, answer = asked(running, "POST", "/notes", b'{"start": [{"pitch": 60}, {"pitch": 300}]}')
    assert status == 400
    assert answer == {"error": "start[1].pitch must be between 0 and 127, not 300"}
    assert asked(running, "GET", "/health")[1]["voices"] == 0


def test_nothing_is_rendered_without_a_stream(running: Running) -> None:
    asked(running, "POST", "/notes", b'{"start": [{"pitch": 60}]}')
    first = asked(running, "GET", "/metrics")[1]
    assert first["blocks_rendered"] == 1
    assert asked(running, "GET", "/metrics")[1]["blocks_rendered"] == 1


def test_streams_carry_every_block_in_real_time(running: Running) -> None:
    asked(running, "POST", "/notes", b'{"start": [{"pitch": 60}]}')

    async def listen() -> list[list[bytes]]:
        async with aiohttp.ClientSession() as session:
            return await asyncio.gather(*(heard(session, running, 1.2) for _ in range(3)))

    for messages in asyncio.run(listen()):
        indexes = [struct.unpack_from("<Q", message)[0] for message in messages]
        assert indexes == list(range(indexes[0], indexes[0] + len(indexes)))
        assert len(indexes) == pytest.approx(60, abs=15)
        assert {len(message) for message in messages} == {8 + 960 * 2 * 4}
        blocks = np.array([np.frombuffer(message, "<f4", offset=8) for message in messages])
        assert 0.01 < np.abs(blocks).max() <= 1.0
    metrics = asked(running, "GET", "/metrics")[1]
    assert metrics["dropped_messages"] == 0
    assert metrics["messages"] >= 3 * 45
    assert metrics["streams"] == 0


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_signal_ends_it_cleanly_while_streams_are_open(running: Running, number: signal.Signals) -> None:
    async def scene() -> tuple[int, aiohttp.WSMsgType, int | None]:
        async with (
            aiohttp.ClientSession() as session,
            session.ws_connect(f"http://{running.address}/stream") as stream,
        ):
            await stream.receive_bytes()
            ending = asyncio.create_task(asyncio.to_thread(running.stop, number))
            while (message := await stream.receive()).type is aiohttp.WSMsgType.BINARY:
                pass
            return await ending, message.type, stream.close_code

    assert asyncio.run(scene()) == (0, aiohttp.WSMsgType.CLOSE, aiohttp.WSCloseCode.GOING_AWAY)


HANDSHAKE = (
    b"GET /stream HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
)


def test_clients_that_answer_nothing_do_not_keep_it_from_ending(running: Running) -> None:
    with contextlib.ExitStack() as clients:
        for beginning in (b"", b"POST /notes HTTP/1.1\r\nContent-Length: 9\r\n\r\n{", HANDSHAKE, HANDSHAKE + b"\x81"):
            client = clients.enter_context(socket.create_connection(running.endpoint))
            client.sendall(beginning)
        while asked(running, "GET", "/metrics")[1]["streams"] < 2:
            pass
        assert running.stop(signal.SIGTERM) == 0


def test_a_client_that_stops_within_a_request_blocks_nobody(running: Running) -> None:
    with socket.create_connection(running.endpoint) as client:
        client.sendall(b"POST /notes HTTP/1.1\r\nContent-Length: 20\r\n\r\n{")
        assert asked(running, "GET", "/health")[0] == 200


def test_a_taken_port_is_an_error_with_its_reason(running: Running) -> None:
    port = running.address.rpartition(":")[2]
    command = [sys.executable, "-m", "synth", "--port", port]
    second = subprocess.run(command, cwd=SCENARIOS, capture_output=True, text=True, check=False, timeout=30)
    assert second.returncode == 1
    assert f"cannot listen on 127.0.0.1:{port}" in second.stderr
    assert second.stdout == ""


@pytest.mark.parametrize("options", [["--port", "0"], [], ["--port", "9000", "--block", "1"]])
def test_wrong_options_are_a_usage_error(options: list[str]) -> None:
    command = [sys.executable, "-m", "synth", *options]
    wrong = subprocess.run(command, cwd=SCENARIOS, capture_output=True, text=True, check=False, timeout=30)
    assert wrong.returncode == 2
    assert "--" in wrong.stderr


@pytest.mark.parametrize("arguments", [["--help"], ["--port", "x"]])
def test_usage_needs_neither_numpy_nor_a_server(arguments: list[str]) -> None:
    code = f"""
import runpy, sys
sys.argv[1:] = {arguments}
try:
    runpy.run_module("synth", run_name="__main__")
except SystemExit:
    print({{"numpy", "httptools", "websockets", "uvloop"}} & set(sys.modules), file=sys.stderr)
"""
    command = [sys.executable, "-c", code]
    usage = subprocess.run(command, cwd=SCENARIOS, capture_output=True, text=True, check=True)
    assert usage.stderr.endswith("set()\n")


def test_the_live_body_needs_no_web_server() -> None:
    code = "import sys, synth.live; print({'asyncio', 'httptools', 'websockets'} & set(sys.modules))"
    command = [sys.executable, "-c", code]
    assert subprocess.run(command, cwd=SCENARIOS, capture_output=True, text=True, check=True).stdout == "set()\n"
