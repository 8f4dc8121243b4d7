"""An audio body as a client of a server (`worker/perfkit_audio/client.py`)."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from perfkit.instruments.audio_server import AudioServer
from perfkit.instruments.audio_worker import command_of
from perfkit.instruments.jack_clients import EXIT_CODES, read_report
from perfkit.instruments.jack_watch import unwrapped
from perfkit.instruments.virtual_sink import Stretch
from perfkit.model.errors import Failed, TimedOut
from perfkit.model.launch import Exit, Launcher, Program, Ready, Target

_NS = 1e9
_LONGER = 15.0
_PLAYING = "perfkit-body plays"


@dataclass(frozen=True)
class Calls:
    """Columns with one entry a call: times in s, `at` on CLOCK_MONOTONIC, and `frame` on the server's clock."""

    at: NDArray[np.float64]
    frame: NDArray[np.int64]
    wall: NDArray[np.float64]
    cpu: NDArray[np.float64]
    run_delay: NDArray[np.float64]

    @property
    def delivered(self) -> NDArray[np.float64]:
        """When each block was filled."""
        return self.at + self.wall


@dataclass(frozen=True)
class Performed:
    """What a body did as a client, and how it was run; `given_up` where it missed so many as `until_misses`."""

    rate: int
    block: int
    policy: str
    locked: bool
    python: str
    given_up: bool
    own_threads: bool
    peak: float | None
    xruns: int
    floor: Calls
    blocks: Calls


@dataclass(frozen=True, slots=True)
class Performing:
    """A body that plays."""

    target: Target
    launcher: Launcher
    server: AudioServer
    seconds: float

    def end(self) -> Performed:
        """Wait for its end. Raises Failed, with its own words, where it has no report, or does not come to its end."""
        allowed = self.seconds + _LONGER
        if allowed < self.launcher.remaining:
            ended = self._ended_within(allowed)
        else:
            ended = self.target.wait(self.launcher.remaining)
        told = read_report(self.launcher.tmp / "body.json", ended, self.server, body=True)
        return Performed(**told | {name: _calls(told[name]) for name in ("floor", "blocks")})

    def _ended_within(self, seconds: float) -> Exit:
        try:
            return self.target.wait(seconds)
        except TimedOut:
            raise Failed(
                f"the body did not come to its end within {_LONGER:g} s of its time",
                hint="does it hang, or take far longer than a period for a block?",
            ) from None


def perform(launcher: Launcher, server: AudioServer, stretch: Stretch, floor: float) -> Performing:
    """Play `stretch` into `server`'s loop, after `floor` s of an empty body, which plays when this returns.

    Raises Failed where the body cannot be loaded.
    """
    report = launcher.tmp / "body.json"
    report.unlink(missing_ok=True)
    request: dict[str, Any] = {
        "body": stretch.body,
        "arguments": dict(stretch.arguments),
        "play": server.play,
        "floor": floor,
        "seconds": (stretch.warmup + stretch.blocks) * stretch.period,
        "warmup": stretch.warmup,
        "until_misses": stretch.until_misses,
        "core": stretch.core,
        "report": str(report),
    }
    program = Program(
        command=command_of("client", request, python="python"),
        cwd=stretch.cwd,
        env={**server.env, **stretch.env},
        env_pass=stretch.env_pass,
        ready=Ready(stdout=f"^{_PLAYING}$"),
        exit_codes=EXIT_CODES,
    )
    target, allowed = launcher.start(program), launcher.remaining
    try:
        target.wait_ready(allowed)
    except Failed:
        read_report(report, target.wait(_LONGER), server, body=True)
        raise
    except TimedOut:
        raise TimedOut(f"{stretch.body} was not loaded within {allowed:.3g} s", hint="does it hang?") from None
    return Performing(target, launcher, server, floor + request["seconds"])


def _calls(columns: Mapping[str, Any]) -> Calls:
    times = {name: np.array(columns[name], float) / _NS for name in ("at", "wall", "cpu", "run_delay")}
    return Calls(frame=unwrapped(columns["frame"]), **times)
