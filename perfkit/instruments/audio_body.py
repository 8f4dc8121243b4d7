"""What an audio body is asked for, and the child in the side's interpreter that asks it."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from perfkit.instruments.audio_worker import command_of
from perfkit.model.errors import Failed
from perfkit.model.launch import Exit, Launcher, Program


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """`blocks` blocks of `frames` frames at `rate` Hz, after `warmup` uncounted ones.

    `body` is `module:function` or `path/to/file.py:function`, called with frames, rate and `arguments`.
    """

    body: str
    arguments: Mapping[str, Any]
    frames: int
    rate: int
    blocks: int
    warmup: int = 0
    cwd: str = ""
    env: Mapping[str, str] = field(default_factory=dict)
    env_pass: tuple[str, ...] = ()

    @property
    def period(self) -> float:
        """Duration of a block when played, s."""
        return self.frames / self.rate


def ask(
    launcher: Launcher, worker: str, asked: Asked, more: Mapping[str, Any], report: Path
) -> tuple[dict[str, Any], Exit]:
    """What `worker` tells in `report` of a body in a fresh process, and how that ended; `more` joins the request.

    Raises Failed if the body does, TimedOut if it takes too long.
    """
    report.unlink(missing_ok=True)
    request = {name: getattr(asked, name) for name in ("body", "frames", "rate", "blocks", "warmup")}
    request |= {"arguments": dict(asked.arguments), **more}
    program = Program(command_of(worker, request, str(report), python="python"), asked.cwd, asked.env, asked.env_pass)
    ended = launcher.run(program, timeout=launcher.remaining)
    if not report.exists():
        raise Failed(f"the body {asked.body} ended the process", hint="a body must return, not exit")
    told: dict[str, Any] = json.loads(report.read_text(encoding="utf-8"))
    return told, ended
