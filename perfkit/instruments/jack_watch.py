"""The cycles of a server as a client of ours sees them (`worker/perfkit_audio/watch.py`)."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from perfkit.instruments.audio_server import AudioServer
from perfkit.instruments.audio_worker import command_of
from perfkit.instruments.jack_clients import EXIT_CODES, read_report
from perfkit.model.errors import Failed
from perfkit.model.launch import Exit, Launcher, Program, Ready, Target

_TIMEOUT = 20.0
_WHOLE, _HALF = 2**32, 2**31
_NS = 1e9


@dataclass(frozen=True, slots=True)
class Called:
    """The thread of somebody's client that the server calls: its name, CPU s and s of waiting for a core.

    `kept` tells whether it was kept on the core that was asked for.
    """

    name: str
    used: float
    waited: float
    kept: bool


@dataclass(frozen=True)
class Watched:
    """What one client saw: one entry for each cycle in which it ran.

    `at` is when it ran (CLOCK_MONOTONIC, s), `frame` the server's clock in frames, `own` the duration of its callback
    in s; `recorded` is cycles × frames. Of the program that was followed, `thread` is the one of its threads that the
    server calls, `cpu` its CPU time so far, s, and `waited` how long that thread has waited for a core so far, s.
    """

    rate: int
    block: int
    real_time: bool
    xruns: int
    at: NDArray[np.float64]
    frame: NDArray[np.int64]
    own: NDArray[np.float64]
    recorded: NDArray[np.float32]
    cpu: NDArray[np.float64] = field(default_factory=lambda: np.zeros(0))
    waited: NDArray[np.float64] = field(default_factory=lambda: np.zeros(0))
    thread: Called | None = None

    @property
    def period(self) -> float:
        """Duration of a block, s."""
        return self.block / self.rate


@dataclass(frozen=True, slots=True)
class Watching:
    """A client that watches."""

    target: Target
    launcher: Launcher
    server: AudioServer
    name: str

    def begun(self) -> None:
        """Wait until it watches. Raises Failed, with its own words, where it cannot."""
        try:
            self.target.wait_ready(self.launcher.remaining)
        except Failed:
            self._read(self.target.wait(_TIMEOUT))
            raise

    def end(self, *, now: bool = False) -> Watched:
        """Wait for its end, or end it `now`; what it saw. Raises Failed where it has no report."""
        return self._read(self.target.stop() if now else self.target.wait(self.launcher.remaining))

    def _read(self, ended: Exit) -> Watched:
        told = read_report(self.launcher.tmp / f"{self.name}.json", ended, self.server)
        self.server.check(told["rate"], told["block"])
        recorded = np.fromfile(self.launcher.tmp / f"{self.name}.f32", np.float32)
        return _read(told, recorded)


@dataclass(frozen=True, slots=True, kw_only=True)
class Watch:
    """What to watch: the port `source`, for `seconds`, by a client called `name`.

    `link` are two other ports that are connected before, `notes` (channel and MIDI note) are sent to the port `midi`
    and held. The CPU time of process `pid` is read in each cycle, and its thread that the server calls is kept on
    `core`. With `freewheel` the server runs as fast as its clients do for so many `cycles`, within `seconds`.
    """

    name: str
    source: str
    seconds: float
    ports_within: float
    link: tuple[str, str] | tuple[()] = ()
    midi: str = ""
    notes: tuple[tuple[int, int], ...] = ()
    pid: int = 0
    core: int | None = None
    freewheel: bool = False
    cycles: int = 0


def watch(launcher: Launcher, server: AudioServer, what: Watch) -> Watching:
    """Start to watch."""
    name = what.name
    files = {kind: launcher.tmp / f"{name}.{end}" for kind, end in (("report", "json"), ("recording", "f32"))}
    files["report"].unlink(missing_ok=True)
    request = asdict(what) | {"timeout": _TIMEOUT + what.ports_within}
    request |= {kind: str(path) for kind, path in files.items()}
    program = Program(
        command=command_of("watch", request),
        env=server.env,
        ready=Ready(stdout="^perfkit-watch watches$"),
        exit_codes=EXIT_CODES,
    )
    return Watching(launcher.start(program), launcher, server, name)


def _read(told: Mapping[str, Any], recorded: NDArray[np.float32]) -> Watched:
    thread = told["thread"]
    return Watched(
        rate=told["rate"],
        block=told["block"],
        real_time=told["real_time"],
        xruns=told["xruns"],
        at=np.array(told["at"], float) / _NS,
        frame=unwrapped(told["frame"]),
        own=np.array(told["own"], float) / _NS,
        recorded=recorded.reshape(-1, told["block"]),
        cpu=np.array(told["cpu"], float) / _NS if thread else np.zeros(0),
        waited=np.array(told["waited"], float) / _NS if thread else np.zeros(0),
        thread=Called(thread["name"], thread["used"] / _NS, thread["waited"] / _NS, thread["kept"]) if thread else None,
    )


def unwrapped(frame: list[int]) -> NDArray[np.int64]:
    """The server's clock, which has 32 bits, without its jumps back."""
    told = np.array(frame, np.int64)
    steps = (np.diff(told) + _HALF) % _WHOLE - _HALF
    return np.concatenate((told[:1], told[:1] + np.cumsum(steps)))
