"""Where probe `audio_quality` gets its sound from: a command's file, a body, a port of a server."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from perfkit.instruments.audio_files import Audio, read_audio, require_files
from perfkit.instruments.audio_servers import AudioServer, choose, private_server
from perfkit.instruments.jack_loop import Trip, require_client, send
from perfkit.instruments.rendering import Rendering, render
from perfkit.model.errors import Failed, Invalid
from perfkit.model.launch import Launcher, Program, Target

if TYPE_CHECKING:
    from perfkit.probes.audio_quality import AudioQuality, Live

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
    with private_server(launcher, kind, rate=probe.rate, block=live.block) as server:
        trip = _through(probe, live, launcher, server, tone)
    if trip.lost:
        hint = "end what else runs, or grant rtprio; a larger block gives the recorder more time"
        raise Invalid(f"the recorder itself lost {trip.lost} frames", hint=hint)
    audio = Audio(_from_onset(trip.recorded)[:, None], trip.rate)
    rows = (
        ("server", f"{server.name}, private, {trip.block} frames at {trip.rate / 1000:g} kHz"),
        ("loop", "virtual, converters not included"),
        ("scheduling", "SCHED_FIFO" if trip.real_time else "non-RT (real-time scheduling refused; grant rtprio)"),
        ("server xruns", str(trip.xruns)),
    )
    return Sound(audio, f"live, {kind}", rows, () if trip.real_time else ("non-RT",))


def _through(
    probe: "AudioQuality", live: "Live", launcher: Launcher, server: AudioServer, tone: NDArray[np.float64]
) -> Trip:
    """The recording of `live`: of the server's own loop, or of a program that plays, or through one."""
    if not live.command:
        return send(launcher, server, tone, tail=0)
    program = Program(live.command, probe.cwd, {**probe.env, **server.env}, probe.env_pass, live.ready, (0, -15))
    target = launcher.start(program)
    try:
        if not live.ready.at_exit:
            target.wait_ready(launcher.remaining)
        ports = replace(server, play=live.input or server.play, record=live.port)
        trip = send(launcher, ports, tone if live.input else np.zeros(len(tone)), tail=0)
    except Failed as error:
        raise _blame(live, target, error) from error
    if not (ended := target.stop()).stopped:
        tail = ended.stderr.strip()[-400:]
        raise Failed(f"{live.command[0]} ended with code {ended.code} while it was recorded", hint=f"stderr: {tail}")
    return trip


def _blame(live: "Live", target: Target, error: Failed) -> Failed:
    """The failure in the program's own words, if it is what ended."""
    ended = target.stop()
    if ended.stopped:
        return error
    tail = ended.stderr.strip()[-400:]
    return Failed(f"{live.command[0]} ended with code {ended.code}: {error}", hint=f"stderr: {tail}")


def _from_onset(recorded: NDArray[np.float64]) -> NDArray[np.float64]:
    """The recording without what came before the sound began."""
    size = np.abs(recorded)
    return recorded[int(np.argmax(size >= _HALF * size.max(initial=0.0))) :]
