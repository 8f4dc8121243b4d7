"""A JACK client that delays its input by a known number of frames: `jack_delay.py NAME FRAMES [GAIN [REPORTED]]`.

A fraction is a windowed-sinc filter of 129 taps, flat to 1e-4 below 20 kHz of 24. GAIN above 1 clips at full scale.
REPORTED is the latency that it tells JACK, in frames.
`FRAMES` may be `spin:SECONDS` (a delay of none that takes so long each block) or `die:SECONDS` (exits so much later).
"""

import ctypes
import gc
import sys
import time

import numpy as np

from perfkit.worker.perfkit_audio.opening import load_jack, open_client, pointer_of

TAPS = 129
NAME, WHAT = sys.argv[1:3]
GAIN = float(sys.argv[3]) if len(sys.argv) > 3 else 1.0
REPORTED = int(sys.argv[4]) if len(sys.argv) > 4 else 0


def fractional(fraction: float) -> np.ndarray:
    """A filter that delays by half its length less a half, and `fraction`."""
    at = np.arange(TAPS) - (TAPS // 2) - fraction
    window = np.i0(9 * np.sqrt(np.maximum(0, 1 - (2 * at / TAPS) ** 2))) / np.i0(9)
    return np.sinc(at) * window


class Delay:
    """Keeps the last frames that came in."""

    def __init__(self, client, frames: float, seconds: float) -> None:
        self.input, self.output = client.inports.register("in"), client.outports.register("out")
        fraction = frames % 1.0
        self.filter = fractional(fraction) if fraction else np.ones(1)
        self.whole = int(frames) - (TAPS // 2 if fraction else 0)
        self.past = np.zeros(self.whole + len(self.filter) - 1)
        self.seconds = seconds

    def process(self, frames: int) -> None:
        until = time.thread_time() + self.seconds
        line = np.concatenate((self.past, self.input.get_array()))
        kept = len(line) - len(self.past)
        heard = line[: frames + len(self.filter) - 1]
        self.output.get_array()[:] = np.clip(GAIN * np.convolve(heard, self.filter, "valid"), -1, 1)
        self.past = line[kept:]
        while self.seconds and time.thread_time() < until:
            pass


def report(client, delay: Delay, frames: int) -> object:
    """Tell JACK how much later the output is; the result must be kept."""
    library = ctypes.CDLL("libjack.so.0")

    def tell(mode: int, _argument: object) -> None:
        known, told = (delay.input, delay.output) if mode == 0 else (delay.output, delay.input)
        both = (ctypes.c_uint32 * 2)()
        library.jack_port_get_latency_range(ctypes.c_void_p(pointer_of(known)), mode, both)
        both[0], both[1] = both[0] + frames, both[1] + frames
        library.jack_port_set_latency_range(ctypes.c_void_p(pointer_of(told)), mode, both)

    callback = ctypes.CFUNCTYPE(None, ctypes.c_int, ctypes.c_void_p)(tell)
    library.jack_set_latency_callback(ctypes.c_void_p(pointer_of(client)), callback, None)
    return callback


def main() -> None:
    jack = load_jack()
    client = open_client(jack, NAME, time.monotonic() + 5)
    kind, _, seconds = WHAT.rpartition(":")
    delay = Delay(client, 0.0 if kind else float(WHAT), float(seconds) if kind == "spin" else 0.0)
    client.set_process_callback(delay.process)
    kept = report(client, delay, REPORTED) if REPORTED else None
    gc.freeze()
    gc.disable()
    client.activate()
    print("ready", flush=True)
    time.sleep(float(seconds) if kind == "die" else 600)
    client.deactivate()
    client.close()
    del kept
    sys.exit(3 if kind == "die" else 0)


main()
