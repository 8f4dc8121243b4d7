"""An audio body as a JACK client, in the measured side's interpreter.

REQUEST: `body`, `arguments` (see `bodies.py`), `play` the server's port that receives its left channel, `floor` and
`seconds` how long an empty body and then this one play, `core` where they do, if not null; the body ends after
`until_misses` blocks that took longer than a period, if not 0, not counting those among the first `warmup`. `report` is
the file for the answer, in which each block has the columns of `COLUMNS`.
"""

from __future__ import annotations

import array
import json
import os
import platform
import sys
import threading
import time
import traceback
from typing import Any, Callable

from .audio_thread import FIFO, SECOND, Clock, lock_memory, policy, policy_in_words, settle
from .bodies import heard, make_body, silent_block
from .opening import SETUP, allow, give_up, leave, load_jack, open_client, wait_for_ports
from .telling import write_report

COLUMNS = ("at", "frame", "wall", "cpu", "run_delay")
_SPARE = 1.25
_OPEN_WITHIN = 10.0
_LEAVING = 10.0
_HANGS = 0.25


class Player:
    """The process callback and its preallocated columns."""

    def __init__(self, client: Any, block: Any, request: dict[str, Any]) -> None:
        self.client, self.block, self.core = client, block, request["core"]
        self.period = len(block) * SECOND // client.samplerate
        room = int(_SPARE * (request["seconds"] + request["floor"] + 1) * client.samplerate / len(block))
        self.output = client.outports.register("output")
        self.clock = Clock()
        self.at, self.frame, self.wall, self.cpu, self.run_delay = (array.array("q", bytes(8 * room)) for _ in COLUMNS)
        self.room = room
        self.count = 0
        self.slow = 0
        self.asked = 0.0  # when the block that is being filled was asked for, or 0
        self.warmup, self.most_slow = request["warmup"], request["until_misses"] or room
        self.body: Callable[[Any], object] | None = None
        self.called: Callable[[Any], object] | None = None  # in this cycle, while the main thread may change `body`
        self.policy = -1
        self.xruns = 0
        self.trouble: BaseException | None = None

    def process(self, _frames: int) -> None:
        """One cycle."""
        at, self.called = self.count, self.body
        if self.called is None or at >= self.room:
            self.output.get_array()[:] = 0.0
            return
        self.frame[at] = self.client.last_frame_time
        self.asked = time.monotonic()
        self.at[at], ended, self.cpu[at], self.run_delay[at] = self.clock.timed(self.fill, self.block)
        self.wall[at] = ended - self.at[at]
        self.slow += at >= self.warmup and self.wall[at] - self.run_delay[at] > self.period
        self.count = at + 1
        self.asked = 0.0

    def fill(self, block: Any) -> None:
        """The body's block, handed to the server; a body that raises is not called again."""
        try:
            self.called(block)  # type: ignore[misc] # `process` has looked
        except BaseException as error:  # noqa: BLE001 - it must not be lost in the server's thread
            self.trouble, self.body = error, None
        self.output.get_array()[:] = block[:, 0]

    def xrun(self, _delay: float) -> None:
        """The server says that a cycle was late."""
        self.xruns += self.body is not None

    def first(self, _block: Any) -> None:
        """The empty body: nothing but the core, the policy and the clock of the thread that calls it."""
        if self.policy < 0:
            if self.core is not None:
                os.sched_setaffinity(0, {self.core})
            self.policy = policy()
            self.clock = Clock()

    def stretch(self, body: Callable[[Any], object], seconds: float) -> dict[str, list[int]]:
        """Play `body` for a while; the columns. Raises what the body raised."""
        self.count = self.slow = 0
        self.body = body
        until = time.monotonic() + seconds
        while time.monotonic() < until and self.trouble is None and self.slow < self.most_slow:
            time.sleep(0.02)
        self.body = None
        time.sleep(0.01)
        asked = self.asked
        if asked and time.monotonic() - asked > _HANGS:
            give_up("the body did not return from block %d within %.3g s" % (self.count + 1, time.monotonic() - asked))
        if isinstance(self.trouble, SystemExit):
            sys.exit("the body ended the process: a body must return, not exit")
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
    """Open a client, play, write the report and leave."""
    request = json.loads(sys.argv[1])
    jack = load_jack()
    client = opened(jack, request["play"])
    frames, rate = client.blocksize, client.samplerate
    block = silent_block(frames)
    body = make_body(request, frames, rate)
    player = Player(client, block, request)
    client.set_process_callback(player.process)
    client.set_xrun_callback(player.xrun)
    locked = lock_memory()
    settle()
    allow(SETUP)
    client.activate()
    client.connect(player.output, request["play"])
    allow(request["floor"] + request["seconds"] + _LEAVING)
    sys.stdout.write("\nperfkit-body plays\n")
    sys.stdout.flush()
    report = {
        "floor": player.stretch(player.first, request["floor"]),
        "blocks": player.stretch(body, request["seconds"]),
        "rate": rate,
        "block": frames,
        "policy": policy_in_words(player.policy == FIFO),
        "locked": locked,
        "python": platform.python_version(),
        "given_up": player.slow >= player.most_slow,
        "own_threads": threading.active_count() > 2,
        "peak": heard(request["body"], body, block),
        "xruns": player.xruns,
    }
    write_report(report, request["report"])
    leave(client)


def opened(jack: Any, port: str) -> Any:
    """The client, once the server shows the port that it will play into."""
    allow(_OPEN_WITHIN + SETUP)
    client = open_client(jack, "perfkit-body", time.monotonic() + _OPEN_WITHIN)
    wait_for_ports(client, (port,), time.monotonic() + _OPEN_WITHIN)
    allow(0.0)
    return client
