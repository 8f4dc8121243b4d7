"""An audio body rendered as fast as it goes, by a child in the side's interpreter (`worker/render.py`)."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from perfkit.model.errors import Failed
from perfkit.model.launch import Launcher, Program

_WORKER = Path(__file__).parents[1] / "worker" / "render.py"
_NS = 1e9


@dataclass(frozen=True, slots=True, kw_only=True)
class Rendering:
    """What is to be rendered: `blocks` blocks of `frames` frames at `rate` Hz, after `warmup` uncounted ones.

    `body` is `module:function` or `path/to/file.py:function`, called with frames, rate and `arguments`. `keep` asks for
    the sound itself.
    """

    body: str
    arguments: Mapping[str, Any]
    frames: int
    rate: int
    blocks: int
    warmup: int = 0
    keep: bool = False
    cwd: str = ""
    env: Mapping[str, str] = field(default_factory=dict)
    env_pass: tuple[str, ...] = ()

    @property
    def period(self) -> float:
        """Duration of a block when played, s."""
        return self.frames / self.rate


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
    request = {name: getattr(rendering, name) for name in ("body", "frames", "rate", "blocks", "warmup")} | {
        "arguments": dict(rendering.arguments),
        "audio": str(sound) if rendering.keep else "",
    }
    command = ("python", str(_WORKER), json.dumps(request), str(report))
    program = Program(command=command, cwd=rendering.cwd, env=rendering.env, env_pass=rendering.env_pass)
    ended = launcher.run(program, timeout=launcher.remaining)
    if not report.exists():
        raise Failed(f"the body {rendering.body} ended the process", hint="a body must return, not exit")
    told = json.loads(report.read_text(encoding="utf-8"))
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
