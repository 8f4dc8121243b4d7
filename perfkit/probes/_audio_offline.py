"""A renderer run as fast as it goes: seconds of sound against seconds of work."""

from perfkit.instruments.audio_files import read_audio, require_files
from perfkit.instruments.rendering import Rendered, Rendering, render
from perfkit.model.detail import Facts
from perfkit.model.errors import Failed
from perfkit.model.launch import Launcher, Measurement, Program
from perfkit.probes._audio_blocks import Blocks, block_sentence, block_values, curve, histogram, sentence
from perfkit.probes._audio_sources import render_path


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
    facts = Facts("audio", (("result", sentence(seconds, ended.wall_time, values["cpu"])), *rows))
    return Measurement(values, details=(facts,), run_delay=ended.usage.run_delay)


def time_body(launcher: Launcher, rendering: Rendering) -> Measurement:
    """Wall and thread CPU time of a body's blocks against their period."""
    rendered = render(launcher, rendering)
    blocks = blocks_of(rendered)
    return Measurement(
        block_values(blocks),
        details=(histogram(blocks), curve(blocks), Facts("audio", _rows(rendered, blocks))),
        run_delay=rendered.run_delay,
    )


def blocks_of(rendered: Rendered) -> Blocks:
    """The blocks of a body's render."""
    asked = rendered.rendering
    return Blocks(asked.frames, asked.rate, rendered.wall, rendered.cpu, float(rendered.wall.sum()))


def _rows(rendered: Rendered, blocks: Blocks) -> tuple[tuple[str, str], ...]:
    one = rendered.rendering
    made = f"{len(blocks.wall)} blocks of {one.frames} frames at {one.rate / 1000:g} kHz"
    return (
        ("result", block_sentence(blocks)),
        ("render", f"{made}, {one.warmup} before them not counted"),
        ("python", rendered.python),
    )
