"""Plays a signal, or notes, through a JACK server and records what comes back, locked to the sample.

REQUEST: `play` names the ports that receive the signal and `record` those recorded, one channel each, where an empty
name is the self-loop: through a second client of ours that copies its input, because a port of PipeWire's own client
linked to itself stays silent, and because a client in between is what the self-loop is compared with. `notes` are
`[frame, MIDI note]`, sent to the port `midi`, each held for `held` frames. `excitation` and `recording` are files of
float32 frames (channels one after the other), `frames` is how many to record, `report` the file for the answer,
`timeout` and `ports_within` in s. `through` names the input and the output of a client whose reported latency is told
instead of the server's. Frame k of the recording came in during the very cycle in which frame k of the
excitation went out.
"""

from __future__ import annotations

import array
import ctypes
import json
import sys
import time
from typing import Any

from .audio_thread import FIFO, policy, settle
from .opening import (
    SETUP,
    allow,
    expect,
    give_up,
    later,
    leave,
    load_jack,
    open_client,
    pointer_of,
    wait_for_ports,
)
from .telling import write_report

_BYTES = 4  # of a float32 frame
_CALLBACKS = 100_000
_NOTE_ON, _NOTE_OFF, _VELOCITY = 0x90, 0x80, 100
_CAPTURE, _PLAYBACK = 0, 1  # jack_latency_callback_mode_t


class Loop:
    """The process callback and all it needs, preallocated."""

    def __init__(self, client: Any, request: dict[str, Any], excitation: bytes) -> None:
        self.client = client
        self.frames = request["frames"]
        self.output = client.outports.register("output")
        self.inputs = [client.inports.register("input_%d" % k) for k, _ in enumerate(request["record"])]
        self.midi: Any = client.midi_outports.register("midi") if request["midi"] else None
        self.events = note_events(request["notes"], request["held"])
        room = _BYTES * (self.frames + client.blocksize)
        self.played = memoryview(excitation.ljust(room, b"\0"))
        self.taps = [(port, memoryview(bytearray(room))) for port in self.inputs]
        self.silence = bytes(_BYTES * client.blocksize)
        self.callback = array.array("q", bytes(8 * _CALLBACKS))
        self.callbacks = 0
        self.next_event = 0
        self.at = 0
        self.started = False
        self.policy = -1
        self.xruns = 0
        self.lost = 0
        self.next_frame = -1

    def process(self, frames: int) -> None:
        """One cycle: take the input before the output is written, because a server may share their memory."""
        began = time.perf_counter_ns()
        at = self.at
        if self.midi is not None:
            self.midi.clear_buffer()
        if not self.started or at >= self.frames:
            self.output.get_buffer()[:] = self.silence
            return
        self._watch_the_clock(at, frames)
        part = slice(_BYTES * at, _BYTES * (at + frames))
        for port, channel in self.taps:
            channel[part] = port.get_buffer()
        self.output.get_buffer()[:] = self.played[part]
        if self.midi is not None:
            self._send_notes(at, at + frames)
        self.at = at + frames
        if self.callbacks < _CALLBACKS:
            self.callback[self.callbacks] = time.perf_counter_ns() - began
            self.callbacks += 1

    def _send_notes(self, start: int, end: int) -> None:
        while self.next_event < len(self.events) and self.events[self.next_event][0] < end:
            due, message = self.events[self.next_event]
            self.midi.write_midi_event(due - start, message)
            self.next_event += 1

    def _watch_the_clock(self, at: int, frames: int) -> None:
        now = self.client.last_frame_time
        if at == 0:
            self.policy = policy()
        elif now != self.next_frame:
            self.lost += max(0, later(now, self.next_frame))
        self.next_frame = (now + frames) & 0xFFFFFFFF

    def xrun(self, _delay: float) -> None:
        """The server says that a cycle was late."""
        self.xruns += self.started


class Relay:
    """The client of the self-loop: copies each block in the cycle in which it came."""

    def __init__(self, jack: Any, deadline: float) -> None:
        self.client = open_client(jack, "perfkit-relay", deadline)
        self.input = self.client.inports.register("input")
        self.output = self.client.outports.register("output")
        self.client.set_process_callback(self.process)

    def process(self, _frames: int) -> None:
        """One cycle."""
        self.output.get_buffer()[:] = self.input.get_buffer()


def note_events(notes: list[list[int]], held: int) -> list[tuple[int, bytes]]:
    """Note-ons and note-offs, `(frame, message)`, in the order of their frames."""
    on = [(frame, bytes((_NOTE_ON, note, _VELOCITY))) for frame, note in notes]
    off = [(frame + held, bytes((_NOTE_OFF, note, 0))) for frame, note in notes]
    return sorted(on + off)


def reported_latency(loop: Loop, through: list[str]) -> int:
    """What the server claims for the way out and back, frames (jack_port_get_latency_range).

    Or for the way between two ports of a client, `through`: how much later its output is than its input.
    """
    library = ctypes.CDLL("libjack.so.0")
    library.jack_port_by_name.restype = ctypes.c_void_p
    if through:
        handle = ctypes.c_void_p(pointer_of(loop.client))
        ports = [library.jack_port_by_name(handle, name.encode()) for name in through]
        into, out = (_latest(library, port, _CAPTURE) for port in ports)
        return out - into
    ways = ((loop.inputs[0], _CAPTURE), (loop.output, _PLAYBACK))
    return sum(_latest(library, pointer_of(port), mode) for port, mode in ways)


def _latest(library: Any, port: int, mode: int) -> int:
    low_high = (ctypes.c_uint32 * 2)()
    library.jack_port_get_latency_range(ctypes.c_void_p(port), mode, low_high)
    return low_high[1]


def connect(client: Any, loop: Loop, relay: Relay | None, request: dict[str, Any]) -> None:
    """The way out first, so that a client in between runs after us and the way back is the one a period late."""
    for name in request["play"]:
        client.connect(loop.output, name)
    if relay is not None:
        client.connect(loop.output, relay.input)
    if request["midi"]:
        client.connect(loop.midi, request["midi"])
    for k, name in enumerate(request["record"]):
        client.connect(relay.output if relay is not None and not name else name, loop.inputs[k])


def play(loop: Loop, deadline: float) -> None:
    """Wait until everything was played and recorded. Exits where the server stops calling."""
    time.sleep(0.1)  # the graph is rebuilt after each connection
    loop.started = True
    while loop.at < loop.frames:
        if time.monotonic() > deadline:
            give_up("the server stopped calling after %d of %d frames" % (loop.at, loop.frames))
        time.sleep(0.02)


def main() -> None:
    """Connect, play, record, write the recording and then the report."""
    request = json.loads(sys.argv[1])
    allow(request["ports_within"] + SETUP)
    jack = load_jack()
    deadline = time.monotonic() + request["timeout"]
    client = open_client(jack, "perfkit-loop", deadline)
    named = tuple(name for name in (*request["play"], *request["record"], request["midi"]) if name)
    wait_for_ports(client, named, min(deadline, time.monotonic() + request["ports_within"]))
    expect(client, "an audio input", *request["play"])
    expect(client, "an audio output", *request["record"])
    expect(client, "a MIDI input", request["midi"])
    with open(request["excitation"], "rb") as file:
        loop = Loop(client, request, file.read())
    client.set_process_callback(loop.process)
    client.set_xrun_callback(loop.xrun)
    relay = Relay(jack, deadline) if "" in request["record"] else None
    settle()
    client.activate()
    if relay is not None:
        relay.client.activate()
    try:
        connect(client, loop, relay, request)
    except jack.JackError as error:
        give_up("the ports cannot be connected: %s" % error)
    allow(request["timeout"] + SETUP)
    play(loop, deadline)
    report = {
        "rate": client.samplerate,
        "block": client.blocksize,
        "real_time": loop.policy == FIFO,
        "xruns": loop.xruns,
        "lost": loop.lost,
        "reported": reported_latency(loop, request["through"]),
        "callback": sorted(loop.callback[: loop.callbacks])[int(0.99 * (loop.callbacks - 1))],
    }
    with open(request["recording"], "wb") as file:
        file.writelines(channel[: _BYTES * loop.frames] for _, channel in loop.taps)
    write_report(report, request["report"])
    leave(client, *([relay.client] if relay else []))
