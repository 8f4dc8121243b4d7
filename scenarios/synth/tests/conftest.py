"""The service as a real process, and the path by which `synth` is found."""

import asyncio
import signal
import socket
import subprocess
import sys
from collections.abc import Coroutine, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import pytest

SCENARIOS = Path(__file__).parents[2]
sys.path.insert(0, str(SCENARIOS))

T = TypeVar("T")


@dataclass(frozen=True)
class Running:
    """A started service that has said that it is ready."""

    process: subprocess.Popen[str]
    address: str

    @property
    def endpoint(self) -> tuple[str, int]:
        """The address, for a socket."""
        host, _, port = self.address.rpartition(":")
        return host, int(port)

    def stop(self, number: signal.Signals) -> int:
        """Send a signal and wait for the exit code."""
        self.process.send_signal(number)
        return self.process.wait(timeout=20)


def run(scene: Coroutine[Any, Any, T]) -> T:
    """Run a scene on the event loop that the service runs on."""
    from synth.__main__ import loop_factory

    with asyncio.Runner(loop_factory=loop_factory()) as runner:
        return runner.run(scene)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@pytest.fixture
def running() -> Iterator[Running]:
    port = free_port()
    command = [sys.executable, "-m", "synth", "--port", str(port), "--voices", "8"]
    with subprocess.Popen(command, cwd=SCENARIOS, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "audio ready\n"
        try:
            yield Running(process, f"127.0.0.1:{port}")
        finally:
            process.kill()
