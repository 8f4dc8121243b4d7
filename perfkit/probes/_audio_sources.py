"""Where probe `audio_quality` gets its sound from: a command's file, a body, a port of a server."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

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

if TYPE_CHECKING:
    from perfkit.probes.audio_quality import AudioQuality, Live

_LATEST = 0.5
"""Seconds that the sound of a live port may come late."""
_PORTS_WITHIN = 5.0
_HALF = 0.5


@dataclass(frozen=True, slots=True)
class Sound:
    """`audio`, what it came `through` (part of the metrics' method, empty for a render), and rows for the facts."""

    audio: Audio
    through: str = ""
    rows: tuple[tuple[str, str], ...] = ()
    caveats: tuple[str, ...] = ()
    run_delay: float | None = None


def record(probe: "AudioQuality", launcher: Launcher) -> Sound:
    """The sound that `probe` names. Raises Failed where there is none, Skipped where this machine cannot."""
    if probe.live is not None:
        return _live(probe, probe.live, launcher)
    if probe.command:
        return _file(probe, launcher)
    return _body(probe, launcher)


def render_path(output: str, launcher: Launcher) -> Path:
    """Where a command writes its render."""
    return Path(output) if output else launcher.tmp / "render.wav"


def _file(probe: "AudioQuality", launcher: Launcher) -> Sound:
    require_files()
    program = Program(probe.command, probe.cwd, probe.env, probe.env_pass)
    ended = launcher.run(program, timeout=launcher.remaining)
    audio = read_audio(launcher.root / probe.cwd / render_path(probe.output, launcher))
    written = f"{audio.seconds:.3g} s, {audio.channels} channels of {audio.samples} at {audio.rate / 1000:g} kHz"
    return Sound(audio, rows=(("render", written),), run_delay=ended.usage.run_delay)


def _body(probe: "AudioQuality", launcher: Launcher) -> Sound:
    seconds = probe.seconds if probe.reference else probe.start + probe.seconds
    rendered = render(
        launcher,
        Rendering(
            body=probe.body,
            arguments=probe.arguments,
            frames=probe.block,
            rate=probe.rate,
            blocks=-int(-seconds * probe.rate // probe.block),
            keep=True,
            cwd=probe.cwd,
            env=probe.env,
            env_pass=probe.env_pass,
        ),
    )
    made = f"{seconds:.3g} s of {probe.body} in blocks of {probe.block} frames at {probe.rate / 1000:g} kHz"
    rows = (("render", made), ("python", rendered.python))
    return Sound(Audio(rendered.sound, probe.rate), rows=rows, run_delay=rendered.run_delay)


def _live(probe: "AudioQuality", live: "Live", launcher: Launcher) -> Sound:
    require_client()
    kind = choose(live.server)
    frames = round((probe.start + probe.seconds + _LATEST) * probe.rate)
    tone = _HALF * np.sin(2 * np.pi * probe.frequency / probe.rate * np.arange(frames))
    with (
        private_server(launcher, kind, rate=probe.rate, block=live.block) as server,
        external_client(live, launcher, server),
    ):
        looped = not live.port
        play = server.play if looped else live.input
        route = Route(play=(play,) if play else (), record=(live.port or server.record,))
        signal = tone if play else np.zeros(frames)
        trip = send(launcher, server, signal, tail=0, route=route, ports_within=_PORTS_WITHIN)
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
