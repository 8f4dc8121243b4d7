"""An audio body rendered as fast as it goes, by a child (`worker/perfkit_audio/render.py`)."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from perfkit.instruments.audio_body import Asked, ask
from perfkit.model.errors import Failed
from perfkit.model.launch import Launcher

_NS = 1e9


@dataclass(frozen=True, slots=True, kw_only=True)
class Rendering(Asked):
    """What is to be rendered; `keep` asks for the sound itself."""

    keep: bool = False


@dataclass(frozen=True)
class Rendered:
    """`wall` and thread `cpu` time of each block, s; `sound` is frames × 2, empty where it was not kept.

    `run_delay` is how long the thread waited for a core, s.
    """

    rendering: Rendering
    wall: NDArray[np.float64]
    cpu: NDArray[np.float64]
    sound: NDArray[np.float64]
    python: str
    run_delay: float


def render(launcher: Launcher, rendering: Rendering) -> Rendered:
    """Render in a fresh process. Raises Failed if the body does or gives no finite sound, TimedOut if it takes long."""
    report, sound = launcher.tmp / "rendered.json", launcher.tmp / "rendered.f32"
    more = {"audio": str(sound) if rendering.keep else ""}
    told, ended = ask(launcher, "render", rendering, more, report)
    frames = np.fromfile(sound, np.float32).astype(np.float64) if rendering.keep else np.zeros(0)
    if told["peak"] is None or not np.isfinite(frames).all():
        hint = "look for an unstable filter or 0 / 0"
        raise Failed(f"{rendering.body} wrote values that are not finite", hint=hint)
    return Rendered(
        rendering=rendering,
        wall=np.array(told["wall"], float) / _NS,
        cpu=np.array(told["cpu"], float) / _NS,
        sound=frames.reshape(-1, 2),
        python=told["python"],
        run_delay=ended.usage.run_delay,
    )
