"""A renderer run as fast as it goes: seconds of sound against seconds of work."""

import numpy as np

from perfkit.instruments.audio_files import read_audio, require_files
from perfkit.instruments.rendering import Rendered, Rendering, render
from perfkit.model.errors import Failed
from perfkit.model.launch import Curve, Facts, Histogram, Launcher, Measurement, Program
from perfkit.model.units import format_quantity
from perfkit.probes._audio_sources import render_path
from perfkit.stats.quantiles import harrell_davis

_BINS = 60
_POINTS = 500


def time_command(launcher: Launcher, program: Program, output: str, declared: float | None) -> Measurement:
    """Wall and CPU time of a program against the length of what it rendered, s, which is read where not declared.

    Raises Failed where the render is silent.
    """
    if declared is None:
        require_files()
    ended = launcher.run(program, timeout=launcher.remaining)
    rows: tuple[tuple[str, str], ...] = ()
    if (seconds := declared) is None:
        audio = read_audio(launcher.root / program.cwd / render_path(output, launcher))
        if not audio.frames.any():
            raise Failed("the render is silent", hint="look at what the command says: a sound or a score is missing")
        seconds = audio.seconds
        rows = (("render", f"{audio.channels} channels of {audio.samples} at {audio.rate / 1000:g} kHz"),)
    values = {"real_time_factor": seconds / ended.wall_time, "cpu": ended.usage.cpu_time / seconds}
    facts = Facts("audio", (("result", _result(values, seconds, ended.wall_time)), *rows))
    return Measurement(values, details=(facts,), run_delay=ended.usage.run_delay)


def time_body(launcher: Launcher, rendering: Rendering) -> Measurement:
    """Wall and thread CPU time of a body's blocks against their period."""
    rendered = render(launcher, rendering)
    return Measurement(
        body_values(rendered),
        details=(_histogram(rendered), _curve(rendered), Facts("audio", _rows(rendered))),
        run_delay=rendered.run_delay,
    )


def body_values(rendered: Rendered) -> dict[str, float]:
    """One value per metric of a body's render."""
    period, wall, cpu = rendered.rendering.period, rendered.wall, rendered.cpu
    seconds = period * len(wall)
    p99 = harrell_davis(wall, 0.99)
    return {
        "real_time_factor": seconds / float(wall.sum()),
        "cpu": float(cpu.sum()) / seconds,
        "block_time_p50": harrell_davis(wall, 0.5),
        "block_time_p99": p99,
        "block_time_max": float(wall.max()),
        "block_cpu_p50": harrell_davis(cpu, 0.5),
        "load_p99": p99 / period,
    }


def _result(values: dict[str, float], seconds: float, took: float) -> str:
    return (
        f"{seconds:.3g} s of sound in {format_quantity(took, 's')}: {values['real_time_factor']:.3g} times real time, "
        f"{format_quantity(values['cpu'], 'cores')} of a core in real time"
    )


def _histogram(rendered: Rendered) -> Histogram:
    wall, period = rendered.wall, rendered.rendering.period
    low = max(1e-9, float(wall.min()) * 0.999)
    edges = np.geomspace(low, max(float(wall.max()), period) * 1.01, _BINS + 1)
    counts, _ = np.histogram(np.maximum(wall, low), bins=edges)
    marks = (("period", period), ("p99", harrell_davis(wall, 0.99)))
    return Histogram("block time", "s", tuple(edges.tolist()), tuple(counts.tolist()), marks)


def _curve(rendered: Rendered) -> Curve:
    """The longest block time of each stretch, over the time of the sound."""
    wall, period = rendered.wall, rendered.rendering.period
    starts = np.unique(np.linspace(0, len(wall), min(_POINTS, len(wall)), endpoint=False).astype(int))
    return Curve(
        title="block time over the render (longest of each stretch)",
        x_label="time in the sound",
        x_unit="s",
        y_label="block time",
        y_unit="s",
        x=tuple((starts * period).tolist()),
        y=tuple(np.maximum.reduceat(wall, starts).tolist()),
        lines=(("period", period),),
    )


def _rows(rendered: Rendered) -> tuple[tuple[str, str], ...]:
    one, wall = rendered.rendering, rendered.wall
    seconds = one.period * len(wall)
    made = f"{len(wall)} blocks of {one.frames} frames at {one.rate / 1000:g} kHz, {one.warmup} before them not counted"
    return (
        ("result", _result(body_values(rendered), seconds, float(wall.sum()))),
        ("render", made),
        ("python", rendered.python),
    )
