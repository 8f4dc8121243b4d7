"""An audio body as a JACK client in a process of its own, in the measured side's interpreter.

REQUEST: `body`, `arguments` (see `worker/audio.py`), `play` the server's port that receives its left channel, `floor`
and `seconds` how long an empty body and then this one play, and `report` the file for the answer, in which each block
has the columns of `COLUMNS`.
"""

from __future__ import annotations

import array
import importlib.util
import json
import os
import platform
import sys
import threading
import time
import traceback
from typing import TYPE_CHECKING, Any, Callable

from .opening import FIFO, SETUP, Cycles, allow, give_up, leave, load_jack, open_client, policy, settle, wait_for_ports

if TYPE_CHECKING:
    from perfkit.worker import audio

COLUMNS = ("at", "frame", "since", "wall", "cpu", "run_delay")
FOLDER = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
_SPARE = 1.25
_OPEN_WITHIN = 10.0
_LEAVING = 10.0


def virtual_sink() -> Any:
    """`worker/audio.py`, which loads bodies and reads the thread's clocks."""
    spec = importlib.util.spec_from_file_location("perfkit_virtual_sink", os.path.join(FOLDER, "audio.py"))
    module = importlib.util.module_from_spec(spec)  # type: ignore[arg-type]
    spec.loader.exec_module(module)  # type: ignore[union-attr]
    return module


class Player:
    """The process callback and its preallocated columns."""

    def __init__(self, client: Any, clock: audio.Clock, block: Any, room: int) -> None:
        self.client, self.clock, self.block = client, clock, block
        self.output = client.outports.register("output")
        self.cycles = Cycles(client)
        self.at, self.frame, self.since, self.wall, self.cpu, self.run_delay = (
            array.array("q", bytes(8 * room)) for _ in COLUMNS
        )
        self.room = room
        self.count = 0
        self.body: Callable[[Any], object] | None = None
        self.policy = -1
        self.xruns = 0
        self.trouble: BaseException | None = None

    def process(self, _frames: int) -> None:
        """One cycle; a body that raises is not called again."""
        at, body, clock = self.count, self.body, self.clock
        if body is None or at >= self.room:
            self.output.get_array()[:] = 0.0
            return
        self.at[at] = time.monotonic_ns()
        self.since[at] = self.cycles.since_start()
        self.frame[at] = self.client.last_frame_time
        delay, used = clock.run_delay(), clock.cpu()
        began = time.monotonic_ns()
        try:
            body(self.block)
        except BaseException as error:  # noqa: BLE001 - it must not be lost in the server's thread
            self.trouble, self.body = error, None
        self.output.get_array()[:] = self.block[:, 0]
        self.wall[at] = time.monotonic_ns() - began
        self.cpu[at] = clock.cpu() - used
        self.run_delay[at] = clock.run_delay() - delay
        self.count = at + 1

    def xrun(self, _delay: float) -> None:
        """The server says that a cycle was late."""
        self.xruns += self.body is not None

    def first(self, _block: Any) -> None:
        """The empty body: nothing but the policy of the thread that calls it, and its own clocks."""
        if self.policy < 0:
            self.policy = policy()
            self.clock.__init__()  # type: ignore[misc] # opens the schedstat of this thread

    def stretch(self, body: Callable[[Any], object], seconds: float) -> dict[str, list[int]]:
        """Play `body` for a while; the columns. Raises what the body raised."""
        self.count = 0
        self.body = body
        until = time.monotonic() + seconds
        while time.monotonic() < until and self.trouble is None:
            time.sleep(0.02)
        self.body = None
        time.sleep(0.01)
        if self.trouble is not None:
            raise self.trouble
        return {name: getattr(self, name)[: self.count].tolist() for name in COLUMNS}


def main() -> None:
    """Play the request given on the command line; whatever goes wrong ends it at once."""
    try:
        play()
    except SystemExit as said:
        give_up(str(said))
    except BaseException:  # noqa: BLE001 - the body is somebody's code
        give_up(traceback.format_exc())


def play() -> None:
    """Open a client, play, write the report whole or not at all, and leave."""
    sys.path[:] = [path for path in sys.path if path != FOLDER]  # it must not shadow the program's modules
    request = json.loads(sys.argv[1])
    jack, sink = load_jack(), virtual_sink()
    np = sink.import_numpy()
    allow(_OPEN_WITHIN + SETUP)
    client = open_client(jack, "perfkit-body", time.monotonic() + _OPEN_WITHIN)
    wait_for_ports(client, (request["play"],), time.monotonic() + _OPEN_WITHIN)
    allow(0.0)
    frames, rate = client.blocksize, client.samplerate
    body = sink.load_body(request["body"])(frames, rate, **request["arguments"])
    if not callable(body):
        sys.exit("the body %s must return a callable that fills a block" % request["body"])
    block = np.zeros((frames, 2), dtype=np.float32)
    room = int(_SPARE * (request["seconds"] + request["floor"] + 1) * rate / frames)
    player = Player(client, sink.Clock(), block, room)
    client.set_process_callback(player.process)
    client.set_xrun_callback(player.xrun)
    locked = sink.lock_memory()
    settle()
    allow(SETUP)
    client.activate()
    client.connect(player.output, request["play"])
    allow(request["floor"] + request["seconds"] + _LEAVING)
    sys.stdout.write("\nperfkit-body plays\n")
    sys.stdout.flush()
    floor = player.stretch(player.first, request["floor"])
    blocks = player.stretch(body, request["seconds"])
    peak = sink.peak_of(block)
    if peak == 0.0:
        sink.check_written(request["body"], body, block)
    report = {
        "floor": floor,
        "blocks": blocks,
        "rate": rate,
        "block": frames,
        "policy": "SCHED_FIFO" if player.policy == FIFO else "non-RT",
        "locked": locked,
        "python": platform.python_version(),
        "own_threads": threading.active_count() > 2,
        "peak": peak,
        "xruns": player.xruns,
    }
    with open(request["report"] + ".part", "w", encoding="utf-8") as file:
        json.dump(report, file)
    os.replace(request["report"] + ".part", request["report"])
    leave(client)
