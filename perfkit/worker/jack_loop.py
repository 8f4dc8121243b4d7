"""Plays a signal through a JACK server and records what comes back, locked to the sample, in a process of its own.

Run by path with perfkit's interpreter (JACK-Client is its extra `audio`) as `jack_loop.py REQUEST`, a JSON object:
`play` and `record` name the server's ports, `excitation` and `recording` are files of float32 frames, `frames` is how
many to record, `report` the file for the answer, `timeout` in s. Frame k of the recording came in during the very cycle
in which frame k of the excitation went out.
"""

from __future__ import annotations

import ctypes.util
import gc
import json
import os
import sys
import time
from typing import Any

_BYTES = 4  # of a float32 frame
_FIFO = 1
_RESET_ON_FORK = 0x40000000
_POLL = 0.005
_PORTS_WITHIN = 3.0


def load_jack() -> Any:
    """The module `jack` on the libjack that LD_LIBRARY_PATH leads to, which the linker's cache does not know."""

    def find_library(name: str) -> str:
        return f"lib{name}.so.0"

    ctypes.util.find_library = find_library
    import jack

    return jack


def open_client(jack: Any, deadline: float) -> Any:
    """A client of the server in the environment, tried until it answers. Exits with a sentence at the deadline."""
    jack.set_error_function(lambda _: None)
    jack.set_info_function(lambda _: None)
    while True:
        try:
            return jack.Client("perfkit-loop", no_start_server=True)
        except jack.JackOpenError as error:
            if time.monotonic() > deadline:
                sys.exit("the server does not answer: %s" % error)
            time.sleep(_POLL)


def wait_for_ports(client: Any, names: tuple[str, ...], deadline: float) -> None:
    """Wait until the server shows these ports."""
    while not set(names) <= {port.name for port in client.get_ports()}:
        if time.monotonic() > deadline:
            there = ", ".join(port.name for port in client.get_ports())
            sys.exit("the server has no ports %s; it has %s" % (" and ".join(names), there or "none"))
        time.sleep(_POLL)


class Loop:
    """The process callback and all it needs, preallocated."""

    def __init__(self, client: Any, excitation: bytes, frames: int) -> None:
        self.client = client
        self.output = client.outports.register("output")
        self.input = client.inports.register("input")
        self.frames = frames
        room = _BYTES * (frames + client.blocksize)
        self.played = memoryview(excitation.ljust(room, b"\0"))
        self.recorded = memoryview(bytearray(room))
        self.silence = bytes(_BYTES * client.blocksize)
        self.at = 0
        self.started = False
        self.policy = -1
        self.xruns = 0
        self.lost = 0
        self.next_frame = -1

    def process(self, frames: int) -> None:
        """One cycle: take the input before the output is written, because a server may share their memory."""
        at = self.at
        if not self.started or at >= self.frames:
            self.output.get_buffer()[:] = self.silence
            return
        now = self.client.last_frame_time
        if at == 0:
            self.policy = os.sched_getscheduler(0) & ~_RESET_ON_FORK
        elif now != self.next_frame:
            jumped = (now - self.next_frame + 0x80000000) % 0x100000000 - 0x80000000  # the counter has 32 bits
            self.lost += max(0, jumped)
        self.next_frame = (now + frames) & 0xFFFFFFFF
        part = slice(_BYTES * at, _BYTES * (at + frames))
        self.recorded[part] = self.input.get_buffer()
        self.output.get_buffer()[:] = self.played[part]
        self.at = at + frames

    def xrun(self, _delay: float) -> None:
        """The server says that a cycle was late."""
        self.xruns += self.started


def reported_latency(jack: Any, loop: Loop) -> int:
    """What the server claims for the way out and back, frames (jack_port_get_latency_range)."""
    library = ctypes.CDLL("libjack.so.0")
    total = 0
    for port, mode in ((loop.input, 0), (loop.output, 1)):
        low_high = (ctypes.c_uint32 * 2)()
        pointer = ctypes.c_void_p(int(jack._ffi.cast("uintptr_t", port._ptr)))  # noqa: SLF001 - not in its public part
        library.jack_port_get_latency_range(pointer, mode, low_high)
        total += low_high[1]
    return total


def main(request: dict[str, Any]) -> None:
    """Connect, play, record, write the recording and then the report."""
    jack = load_jack()
    deadline = time.monotonic() + request["timeout"]
    client = open_client(jack, deadline)
    wait_for_ports(client, (request["play"], request["record"]), min(deadline, time.monotonic() + _PORTS_WITHIN))
    with open(request["excitation"], "rb") as file:
        loop = Loop(client, file.read(), request["frames"])
    client.set_process_callback(loop.process)
    client.set_xrun_callback(loop.xrun)
    gc.collect()
    gc.freeze()
    gc.disable()
    client.activate()
    client.connect(loop.output, request["play"])
    client.connect(request["record"], loop.input)
    time.sleep(0.1)  # the graph is rebuilt after each connection
    loop.started = True
    while loop.at < loop.frames:
        if time.monotonic() > deadline:
            sys.exit("the server stopped calling after %d of %d frames" % (loop.at, loop.frames))
        time.sleep(0.02)
    report = {
        "rate": client.samplerate,
        "block": client.blocksize,
        "real_time": loop.policy == _FIFO,
        "xruns": loop.xruns,
        "lost": loop.lost,
        "reported": reported_latency(jack, loop),
    }
    client.deactivate()
    client.close()
    with open(request["recording"], "wb") as file:
        file.write(loop.recorded[: _BYTES * loop.frames])
    with open(request["report"], "w", encoding="utf-8") as answer:
        json.dump(report, answer)


if __name__ == "__main__":
    main(json.loads(sys.argv[1]))
