"""Where probe `audio_quality` gets its sound from: a command's file, a body, a port of a server."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from perfkit.instruments.audio_files import Audio, read_audio, require_files
from perfkit.instruments.audio_servers import choose, private_server
from perfkit.instruments.jack_loop import Route, require_client, send
from perfkit.instruments.rendering import Rendering, render
from perfkit.model.errors import Invalid
from perfkit.model.launch import Launcher, Program
from perfkit.probes._audio_external import external_client
from perfkit.probes._audio_loop import loop_caveats, server_rows
from perfkit.probes._sound import Listening, Live

_LATEST = 0.5
"""Seconds that the sound of a live port may come late."""
_HALF = 0.5


@dataclass(frozen=True, slots=True)
class Sound:
    """`audio`, what it came `through` (part of the metrics' method, empty for a render), and rows for the facts."""

    audio: Audio
    through: str = ""
    rows: tuple[tuple[str, str], ...] = ()
    caveats: tuple[str, ...] = ()
    run_delay: float | None = None


def render_path(output: str, launcher: Launcher) -> Path:
    """Where a command writes its render."""
    return Path(output) if output else launcher.tmp / "render.wav"


def from_command(launcher: Launcher, program: Program, output: str) -> Sound:
    """What a program wrote. Raises Failed where that is no sound."""
    require_files()
    ended = launcher.run(program, timeout=launcher.remaining)
    audio = read_audio(launcher.root / program.cwd / render_path(output, launcher))
    written = f"{audio.seconds:.3g} s, {audio.channels} channels of {audio.samples} at {audio.rate / 1000:g} kHz"
    return Sound(audio, rows=(("render", written),), run_delay=ended.usage.run_delay)


def from_body(launcher: Launcher, rendering: Rendering) -> Sound:
    """What a body renders."""
    rendered = render(launcher, rendering)
    audio = Audio(rendered.sound, rendering.rate)
    made = f"{audio.seconds:.3g} s of {rendering.body} in blocks of {rendering.frames} frames"
    rows = (("render", f"{made} at {rendering.rate / 1000:g} kHz"), ("python", rendered.python))
    return Sound(audio, rows=rows, run_delay=rendered.run_delay)


def from_port(launcher: Launcher, live: Live, listening: Listening, rate: int) -> Sound:
    """What a port of an audio server plays, or lets through. Raises Invalid where the recorder lost frames."""
    require_client()
    kind = choose(live.server)
    frames = round((listening.start + (listening.seconds or 0.0) + _LATEST) * rate)
    tone = _HALF * np.sin(2 * np.pi * listening.frequency / rate * np.arange(frames))
    with (
        private_server(launcher, kind, rate=rate, block=live.block) as server,
        external_client(live, launcher, server),
    ):
        looped = not live.port
        play = server.play if looped else live.input
        route = Route(play=(play,) if play else (), record=(live.port or server.record,))
        signal = tone if play else np.zeros(frames)
        trip = send(launcher, server, signal, tail=0, route=route, ports_within=live.ports_within)
    if trip.lost and not live.command:
        hint = "end what else runs, or grant rtprio; a larger block gives the recorder more time"
        raise Invalid(f"the recorder itself lost {trip.lost} frames", hint=hint)
    audio = Audio(_from_onset(trip.recorded)[:, None], trip.rate)
    lost = (f"{trip.lost} frames were never asked for",) if trip.lost else ()
    return Sound(audio, f"live, {server.method}", server_rows(server, trip), loop_caveats(trip) + lost)


def _from_onset(recorded: NDArray[np.float64]) -> NDArray[np.float64]:
    """The recording without what came before the sound began."""
    size = np.abs(recorded)
    return recorded[int(np.argmax(size >= _HALF * size.max(initial=0.0))) :]
