"""Watches the cycles of a JACK server from a client that does nothing but write down when it ran and what came in.

Where its input is connected to a program's output, it runs in each cycle only after that program has: how long after
the cycle's begin it ran is when the program was done, and a cycle in which it did not run is one that the program
missed, whatever the server says. Connected to the server's own ports it is the canary.

REQUEST: `name` of the client, `source` the port that it hears or nothing, `link` a pair of other ports to be connected
first or nothing, `midi` the port that is sent note-ons of `notes` (channel and note) or nothing, `pid` the program
whose CPU time is read in each cycle or 0, `core` where that thread of it is kept that the server calls or null,
`seconds` to watch for (or until SIGTERM), and with `freewheel` how many
`cycles` to watch while the server runs as fast as its clients do; `ports_within` and `timeout` in s, `recording` a file
for float32 frames (one block for each cycle that ran) and `report` for the answer. Says `perfkit-watch watches` once it
does. The program is left by the notes before it is heard: a client both before and after it would run at any time.
"""

from __future__ import annotations

import array
import json
import signal
import sys
import threading
import time
from typing import Any

from .audio_thread import FIFO, policy, settle
from .opening import (
    POLL,
    SETUP,
    allow,
    expect,
    give_up,
    leave,
    load_jack,
    open_client,
    wait_for_ports,
)
from .telling import write_report
from .threads import Followed, called, snapshot

COLUMNS = ("at", "frame", "own", "cpu", "waited")
_BYTES = 4
_NOTE_ON, _VELOCITY = 0x90, 100
_AT_ONCE = 8  # note-ons of a cycle: a buffer of MIDI events is small
_REBUILT = 0.1  # s: the graph is rebuilt after each connection
_SPARE = 1.25


class Watch:
    """The process callback and its columns.

    They are ns of the clock, the server's frame, µs in the cycle, own ns, and of the program CPU ns and those for which
    its thread waited for a core.
    """

    def __init__(self, client: Any, request: dict[str, Any]) -> None:
        self.client = client
        self.midi: Any = client.midi_outports.register("midi") if request["midi"] else None
        self.notes = [bytes((_NOTE_ON | channel, note, _VELOCITY)) for channel, note in request["notes"]]
        self.input = client.inports.register("input")
        room = int(_SPARE * request["seconds"] * client.samplerate / client.blocksize) + 1
        self.room = request["cycles"] if request["freewheel"] else room
        self.at, self.frame, self.own, self.cpu, self.waited = (array.array("q", bytes(8 * self.room)) for _ in COLUMNS)
        self.recorded = memoryview(bytearray(_BYTES * client.blocksize * self.room))
        self.count = 0
        self.called = 0
        self.next_note = 0
        self.followed: Followed | None = None
        self.playing = False
        self.started = False
        self.policy = -1
        self.xruns = 0

    def process(self, frames: int) -> None:
        """One cycle."""
        self.called += 1
        if self.midi is not None:
            self._send_notes()
        if not self.started or self.count >= self.room:
            return
        began = time.perf_counter_ns()
        at = self.count
        self.at[at] = time.monotonic_ns()
        self.frame[at] = self.client.last_frame_time
        if self.followed is not None:
            self.cpu[at] = self.followed.process_time()
            self.waited[at] = self.followed.waited()
        size = _BYTES * frames
        self.recorded[at * size : (at + 1) * size] = self.input.get_buffer()
        if at == 0:
            self.policy = policy()
        self.count = at + 1
        self.own[at] = time.perf_counter_ns() - began

    def _send_notes(self) -> None:
        self.midi.clear_buffer()
        if self.playing and self.next_note < len(self.notes):
            for message in self.notes[self.next_note : self.next_note + _AT_ONCE]:
                self.midi.write_midi_event(0, message)
            self.next_note += _AT_ONCE

    def xrun(self, _delay: float) -> None:
        """The server says that a cycle was late."""
        self.xruns += self.started

    def report(self) -> dict[str, Any]:
        """Everything seen."""
        columns = {name: getattr(self, name)[: self.count].tolist() for name in COLUMNS}
        return columns | {
            "rate": self.client.samplerate,
            "block": self.client.blocksize,
            "real_time": self.policy == FIFO,
            "xruns": self.xruns,
            "thread": self.followed.told() if self.followed is not None else None,
        }


def main() -> None:
    """Connect, watch, write the recording and then the report."""
    request = json.loads(sys.argv[1])
    ended = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: ended.set())
    allow(request["ports_within"] + SETUP)
    jack = load_jack()
    deadline = time.monotonic() + request["timeout"]
    client = open_client(jack, request["name"], deadline)
    named = tuple(name for name in (request["source"], *request["link"], request["midi"]) if name)
    wait_for_ports(client, named, min(deadline, time.monotonic() + request["ports_within"]))
    expect(client, "an audio output", request["source"])
    expect(client, "a MIDI input", request["midi"])
    watch = Watch(client, request)
    client.set_process_callback(watch.process)
    client.set_xrun_callback(watch.xrun)
    settle()
    client.activate()
    if request["link"]:
        link(client, jack, *request["link"])
    if request["pid"]:
        follow(watch, request["pid"], request["core"])
    if request["midi"]:
        play_notes(client, watch, request["midi"])
    if request["source"]:
        link(client, jack, request["source"], watch.input)
    time.sleep(_REBUILT)
    if request["freewheel"]:
        run_free(client, watch, request["seconds"])
    else:
        allow(request["seconds"] + SETUP)
        watch.started = True
        sys.stdout.write("\nperfkit-watch watches\n")
        sys.stdout.flush()
        ended.wait(request["seconds"])
    watch.started = False
    if not ended.is_set():
        check_kept(client, watch, request["source"])
    report = watch.report()
    with open(request["recording"], "wb") as file:
        file.write(watch.recorded[: _BYTES * report["block"] * watch.count])
    write_report(report, request["report"])
    leave(client)


def link(client: Any, jack: Any, output: str, into: Any) -> None:
    """Connect two ports. Exits with a sentence where the server refuses, as it does before a client is active."""
    try:
        client.connect(output, into)
    except jack.JackError as error:
        give_up("%s cannot be connected: is its client active? (%s)" % (output, error))


def check_kept(client: Any, watch: Watch, source: str) -> None:
    """Exits unless what was watched is still connected: without it, this client runs in every cycle."""
    if source and source not in {port.name for port in client.get_all_connections(watch.input)}:
        give_up("the port %s went away in the middle of the measurement" % source)


def play_notes(client: Any, watch: Watch, port: str) -> None:
    """Send all notes to a port, which holds them from then on."""
    client.connect(watch.midi, port)
    time.sleep(_REBUILT)
    watch.playing = True
    while watch.next_note < len(watch.notes):
        time.sleep(POLL)
    time.sleep(_REBUILT)
    client.disconnect(watch.midi, port)


def follow(watch: Watch, pid: int, core: int | None) -> None:
    """Find the thread of `pid` that the server calls, before there is much for it to do, and keep it on `core`."""
    before, cycles = snapshot(pid), watch.called
    time.sleep(_REBUILT)
    thread = called(before, snapshot(pid), watch.called - cycles)
    if thread is not None:
        watch.followed = Followed(thread, core)


def run_free(client: Any, watch: Watch, seconds: float) -> None:
    """Let the server run as fast as its clients do until all cycles are seen. Exits where that takes too long."""
    allow(seconds + SETUP)
    client.set_freewheel(True)
    time.sleep(_REBUILT)
    until = time.monotonic() + seconds
    watch.started = True
    while watch.count < watch.room:
        if time.monotonic() > until:
            give_up("only %d of %d blocks were rendered in %g s" % (watch.count, watch.room, seconds))
        time.sleep(POLL)
    client.set_freewheel(False)
    allow(SETUP)
