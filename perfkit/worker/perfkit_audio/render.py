"""Renders an audio body as fast as it goes: no sink, no deadlines.

REQUEST: see `render`.
"""

from __future__ import annotations

import array
import json
import platform
import sys
import time
from typing import Any, Callable

from .audio_thread import settle
from .bodies import heard, import_numpy, make_body, silent_block
from .telling import write_report


def run_blocks(body: Callable[[Any], object], block: Any, out: Any, count: int) -> tuple[list[int], list[int]]:
    """Ask `body` for `count` blocks, each into its place in `out` unless that is None: wall and CPU ns of each."""
    wall, cpu = array.array("q", bytes(8 * count)), array.array("q", bytes(8 * count))
    now, thread_time = time.perf_counter_ns, time.thread_time_ns
    frames = len(block)
    for k in range(count):
        cpu_before, started = thread_time(), now()
        body(block)
        ended = now()
        cpu[k] = thread_time() - cpu_before
        wall[k] = ended - started
        if out is not None:
            out[k * frames : (k + 1) * frames] = block
    return wall.tolist(), cpu.tolist()


def render(request: dict[str, Any]) -> dict[str, Any]:
    """Render and return the report.

    `body`, `arguments`, `frames`, `rate`: what is rendered, in blocks of how many frames; `warmup`, `blocks`: how many
    of them uncounted and counted; `audio`: the file for the counted blocks as float32 frames × 2, or empty.
    """
    frames, count = request["frames"], request["blocks"]
    block = silent_block(frames)
    body = make_body(request, frames, request["rate"])
    out = import_numpy().zeros((frames * count, 2), dtype=block.dtype) if request["audio"] else None
    settle()
    run_blocks(body, block, None, request["warmup"])
    wall, cpu = run_blocks(body, block, out, count)
    if out is not None:
        out.tofile(request["audio"])
    peak = heard(request["body"], body, block)
    return {"python": platform.python_version(), "peak": peak, "wall": wall, "cpu": cpu}


def main() -> None:
    """Render the request given on the command line."""
    write_report(render(json.loads(sys.argv[1])), sys.argv[2])
