"""Renders an audio body as fast as it goes, in the measured side's interpreter: no sink, no deadlines.

Run by path as `python render.py REQUEST REPORT`: REQUEST is a JSON object (see `render`), REPORT the file that receives
the result as JSON. Standard library only; numpy is imported because the body's block is an array of it. Bodies are
loaded as the virtual sink loads them, by the file beside this one.
"""

from __future__ import annotations

import array
import importlib.util
import json
import os
import platform
import sys
import time
from types import ModuleType
from typing import Any, Callable


def load_sink() -> ModuleType:
    """The virtual sink's file, under a name that no program of the side has."""
    path = os.path.join(os.path.dirname(os.path.abspath(__file__)), "audio.py")
    spec = importlib.util.spec_from_file_location("_perfkit_virtual_sink", path)
    if spec is None or spec.loader is None:
        sys.exit("%s cannot be loaded" % path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


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
    sink = load_sink()
    np = sink.import_numpy()
    frames, count = request["frames"], request["blocks"]
    body = sink.load_body(request["body"])(frames, request["rate"], **request["arguments"])
    if not callable(body):
        sys.exit("the body %s must return a callable that fills a block" % request["body"])
    block = np.zeros((frames, 2), dtype=np.float32)
    out = np.zeros((frames * count, 2), dtype=np.float32) if request["audio"] else None
    sink.settle()
    run_blocks(body, block, None, request["warmup"])
    wall, cpu = run_blocks(body, block, out, count)
    if out is not None:
        out.tofile(request["audio"])
    peak = sink.peak_of(block)
    if peak == 0.0:
        sink.check_written(request["body"], body, block)
    return {"python": platform.python_version(), "peak": peak, "wall": wall, "cpu": cpu}


def main(arguments: list[str]) -> None:
    """Render the request given on the command line; write the report whole or not at all."""
    sys.path.pop(0)  # this file's own folder must not shadow the program's modules
    request, report = json.loads(arguments[0]), arguments[1]
    result = render(request)
    with open(report + ".part", "w", encoding="utf-8") as file:
        json.dump(result, file)
    os.replace(report + ".part", report)


if __name__ == "__main__":
    main(sys.argv[1:])
