"""One trip of a signal through a server and back (`worker/jack_loop.py`)."""

import importlib.util
import json
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from perfkit.instruments.audio_servers import AudioServer
from perfkit.model.errors import Failed, Skipped
from perfkit.model.launch import Launcher, Program

_WORKER = Path(__file__).parents[1] / "worker" / "jack_loop.py"
_CONNECT_WITHIN = 10.0


@dataclass(frozen=True, slots=True)
class Trip:
    """What came back. `recorded` is aligned with what was played; `lost` counts frames of cycles that were not run.

    `reported` is the latency in frames that the server claims for the same way.
    """

    recorded: NDArray[np.float64]
    rate: int
    block: int
    real_time: bool
    xruns: int
    lost: int
    reported: int


def require_client() -> None:
    """Raises Skipped where perfkit's extra for audio is not installed."""
    if importlib.util.find_spec("jack") is None:
        raise Skipped("JACK-Client is not installed beside perfkit", hint='pip install "perfkit[audio]"')


def send(launcher: Launcher, server: AudioServer, signal: NDArray[np.float64], *, tail: int) -> Trip:
    """Play `signal` (mono) and record it and `tail` frames more. Raises Failed if the server does not take part."""
    files = {name: launcher.tmp / f"loop-{name}" for name in ("excitation", "recording", "report")}
    signal.astype(np.float32).tofile(files["excitation"])
    request = {
        "play": server.play,
        "record": server.record,
        "frames": len(signal) + tail,
        "timeout": min(_CONNECT_WITHIN, max(1.0, launcher.remaining)),
    } | {name: str(path) for name, path in files.items()}
    program = Program(command=(sys.executable, "-P", str(_WORKER), json.dumps(request)), env=server.env)
    launcher.run(program, timeout=launcher.remaining)
    if not files["report"].exists():
        raise Failed("the JACK client ended without a report", hint=f"does {server.name} still run?")
    told = json.loads(files["report"].read_text(encoding="utf-8"))
    return Trip(recorded=np.fromfile(files["recording"], np.float32).astype(np.float64), **told)
