"""Watches the cycles of a JACK server from a client that does nothing but write down when it ran and what came in.

Where its input is connected to a program's output, it runs in each cycle only after that program has: how long after
the cycle's begin it ran is when the program was done, and a cycle in which it did not run is one that the program
missed, whatever the server says. Connected to the server's own ports it is the canary.

REQUEST: `name` of the client, `source` the port that it hears or nothing, `link` a pair of other ports to be connected
first or nothing, `midi` the port that is sent note-ons of `notes` in the first cycle or nothing, `seconds`,
`ports_within` and `timeout` in s, `recording` a file for float32 frames (one block for each cycle that ran) and
`report` for the answer.
"""

from __future__ import annotations

import array
import json
import os
import sys
import time
from typing import Any

from .opening import FIFO, SETUP, Cycles, allow, leave, load_jack, open_client, policy, settle, wait_for_ports

_BYTES = 4
_NOTE_ON, _VELOCITY = 0x90, 100
_SPARE = 1.25


class Watch:
    """The process callback and its columns: ns of the clock, the server's frame, µs in the cycle, own ns."""

    def __init__(self, client: Any, request: dict[str, Any]) -> None:
        seconds = request["seconds"]
        self.client = client
        self.midi: Any = client.midi_outports.register("midi") if request["midi"] else None
        self.notes = [bytes((_NOTE_ON, note, _VELOCITY)) for note in request["notes"]]
        self.input = client.inports.register("input")
        self.cycles = Cycles(client)
        self.room = int(_SPARE * seconds * client.samplerate / client.blocksize) + 1
        self.at, self.frame, self.since, self.own = (array.array("q", bytes(8 * self.room)) for _ in range(4))
        self.recorded = memoryview(bytearray(_BYTES * client.blocksize * self.room))
        self.count = 0
        self.playing = False
        self.started = False
        self.policy = -1
        self.xruns = 0

    def process(self, frames: int) -> None:
        """One cycle."""
        if self.midi is not None:
            self._send_notes()
        if not self.started or self.count >= self.room:
            return
        began = time.perf_counter_ns()
        at = self.count
        self.at[at] = time.monotonic_ns()
        self.since[at] = self.cycles.since_start()
        self.frame[at] = self.client.last_frame_time
        size = _BYTES * frames
        self.recorded[at * size : (at + 1) * size] = self.input.get_buffer()
        if at == 0:
            self.policy = policy()
        self.count = at + 1
        self.own[at] = time.perf_counter_ns() - began

    def _send_notes(self) -> None:
        self.midi.clear_buffer()
        if self.playing:
            for message in self.notes:
                self.midi.write_midi_event(0, message)
            self.notes = []

    def xrun(self, _delay: float) -> None:
        """The server says that a cycle was late."""
        self.xruns += self.started

    def report(self) -> dict[str, Any]:
        """Everything seen."""
        return {
            "rate": self.client.samplerate,
            "block": self.client.blocksize,
            "real_time": self.policy == FIFO,
            "xruns": self.xruns,
            "at": self.at[: self.count].tolist(),
            "frame": self.frame[: self.count].tolist(),
            "since": self.since[: self.count].tolist(),
            "own": self.own[: self.count].tolist(),
        }


def main() -> None:
    """Connect, watch, write the recording and then the report."""
    request = json.loads(sys.argv[1])
    allow(request["ports_within"] + SETUP)
    jack = load_jack()
    deadline = time.monotonic() + request["timeout"]
    client = open_client(jack, request["name"], deadline)
    named = (request["source"], *request["link"], request["midi"])
    wait_for_ports(
        client, tuple(name for name in named if name), min(deadline, time.monotonic() + request["ports_within"])
    )
    watch = Watch(client, request)
    client.set_process_callback(watch.process)
    client.set_xrun_callback(watch.xrun)
    settle()
    client.activate()
    if request["link"]:
        client.connect(*request["link"])
    if request["midi"]:
        client.connect(watch.midi, request["midi"])
    if request["source"]:
        client.connect(request["source"], watch.input)
    watch.playing = True
    time.sleep(0.1)  # the graph is rebuilt after each connection
    allow(0.0)
    watch.started = True
    time.sleep(request["seconds"])
    watch.started = False
    report = watch.report()
    with open(request["recording"], "wb") as file:
        file.write(watch.recorded[: _BYTES * report["block"] * len(report["frame"])])
    with open(request["report"] + ".part", "w", encoding="utf-8") as answer:
        json.dump(report, answer)
    os.replace(request["report"] + ".part", request["report"])
    leave(client)
