"""One trip of a signal, or of notes, through a server and back (`worker/perfkit_audio/loop.py`)."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from perfkit.instruments.audio_servers import AudioServer
from perfkit.instruments.audio_worker import command_of
from perfkit.instruments.jack_clients import require_client as require_client  # noqa: PLC0414 - what `send` needs
from perfkit.instruments.jack_clients import run_client
from perfkit.model.launch import Launcher

_CONNECT_WITHIN = 10.0
_PORTS_WITHIN = 3.0

Signal = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Route:
    """Where a signal goes. `play` names the ports that receive it, `record` those that are recorded, in that order.

    An empty name in `record` is perfkit's own output: the self-loop. `midi` is the port that receives notes. `through`
    names an input and an output of a client between which JACK is asked for the latency.
    """

    play: tuple[str, ...]
    record: tuple[str, ...]
    midi: str = ""
    through: tuple[str, str] | tuple[()] = ()


@dataclass(frozen=True, slots=True)
class Notes:
    """Note-ons of MIDI note `note` at `frames`, each held for `held` frames."""

    frames: tuple[int, ...] = ()
    note: int = 0
    held: int = 0


@dataclass(frozen=True, slots=True)
class Trip:
    """What came back. `channels` are aligned with what was played; `lost` counts frames of cycles that were not run.

    `reported` is the latency in frames that JACK claims for the first channel's way, or through a client. `callback` is
    the 99th percentile of perfkit's own callback in s, `real_time` whether that ran under SCHED_FIFO.
    """

    channels: tuple[Signal, ...]
    rate: int
    block: int
    real_time: bool
    xruns: int
    lost: int
    reported: int
    callback: float

    @property
    def recorded(self) -> Signal:
        """The first channel."""
        return self.channels[0]


def send(
    launcher: Launcher,
    server: AudioServer,
    signal: Signal,
    *,
    tail: int,
    route: Route | None = None,
    notes: Notes | None = None,
    ports_within: float = _PORTS_WITHIN,
) -> Trip:
    """Play `signal` (mono) and record it and `tail` frames more.

    By default through the server's own loop. Ports are waited for up to `ports_within` s. Raises Failed if the server
    does not do as it was asked.
    """
    route = route or Route(play=(server.play,), record=(server.record,))
    files = {name: launcher.tmp / f"loop-{name}" for name in ("excitation", "recording", "report")}
    files["report"].unlink(missing_ok=True)
    signal.astype(np.float32).tofile(files["excitation"])
    frames = len(signal) + tail
    longest = _CONNECT_WITHIN + ports_within + frames / server.rate
    request = _request(route, notes or Notes()) | {
        "frames": frames,
        "timeout": min(longest, max(1.0, launcher.remaining)),
        "ports_within": ports_within,
    }
    command = command_of("loop", request | {name: str(path) for name, path in files.items()})
    told = run_client(launcher, server, command, files["report"])
    server.check(told["rate"], told["block"])
    recorded = np.fromfile(files["recording"], np.float32).astype(np.float64).reshape(len(route.record), -1)
    return Trip(channels=tuple(recorded), callback=told.pop("callback") / 1e9, **told)


def _request(route: Route, notes: Notes) -> dict[str, Any]:
    events: Sequence[tuple[int, int]] = [(frame, notes.note) for frame in notes.frames]
    return {
        "play": route.play,
        "record": route.record,
        "midi": route.midi,
        "through": route.through,
        "notes": events,
        "held": notes.held,
    }
