"""The synthesiser as a JACK client: MIDI in, stereo out, rendered in the server's own callback."""

import ctypes.util
import gc
import signal
import threading
from types import ModuleType
from typing import Any

import numpy as np

from synth.arrays import Floats
from synth.engine import CHANNELS, Engine
from synth.live import chord

_NOTE_ON, _NOTE_OFF = 0x90, 0x80
_LOUDEST = 127


class JackError(RuntimeError):
    """There is no way to play on JACK; the message says why."""


class Player:
    """The process callback: notes begin at their very frames."""

    def __init__(self, client: Any, voices: int) -> None:
        self.engine = Engine(rate=client.samplerate, max_voices=voices)
        self._midi = client.midi_inports.register("midi")
        self._outputs = [client.outports.register(name) for name in ("left", "right")]
        self._block = np.zeros((client.blocksize, CHANNELS), np.float32)
        self._held: dict[int, int] = {}
        self.engine.render_into(self._block)

    def process(self, frames: int) -> None:
        """Render one block."""
        block, start = self._block[:frames], 0
        for at, message in self._midi.incoming_midi_events():
            self._render(block[start:at])
            start = max(start, at)
            self._take(bytes(message))
        self._render(block[start:])
        for channel, port in enumerate(self._outputs):
            port.get_array()[:] = block[:, channel]

    def _render(self, part: Floats) -> None:
        if len(part):
            self.engine.render_into(part)

    def _take(self, message: bytes) -> None:
        if len(message) != 3:
            return
        kind, pitch, velocity = message[0] & 0xF0, message[1], message[2]
        if kind in {_NOTE_ON, _NOTE_OFF} and pitch in self._held:
            self.engine.note_off(self._held.pop(pitch))
        if kind == _NOTE_ON and velocity:
            self._held[pitch] = self.engine.note_on(pitch, velocity / _LOUDEST)


def play(name: str, voices: int, notes: int = 0) -> None:
    """Play as client `name` until told to stop, beginning with a chord of `notes`. Raises JackError."""
    jack = _load()
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    try:
        client = jack.Client(name, no_start_server=True)
    except jack.JackOpenError as error:
        raise JackError(f"no JACK server answers: {error}") from error
    player = Player(client, voices)
    if notes:
        chord(player.engine, notes)
    client.set_process_callback(player.process)
    client.set_shutdown_callback(lambda *_: stop.set())
    gc.freeze()
    gc.disable()
    client.activate()
    print("audio ready", flush=True)
    stop.wait()
    client.deactivate()
    client.close()


def _load() -> ModuleType:
    """JACK-Client on the libjack of the environment (PipeWire's lies in LD_LIBRARY_PATH, unknown to the linker)."""
    ctypes.util.find_library = "lib{}.so.0".format
    try:
        import jack
    except ImportError:
        raise JackError("--output jack needs JACK-Client: pip install JACK-Client") from None
    except OSError as error:
        raise JackError(f"JACK's library is missing: {error}") from error
    module: ModuleType = jack
    module.set_error_function(lambda _: None)
    return module
