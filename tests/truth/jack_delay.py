"""A JACK client that delays its input by a known number of frames, whole or not: `jack_delay.py NAME FRAMES [GAIN]`.

A fraction is a windowed-sinc filter of 129 taps, flat to 1e-4 below 20 kHz of 24. GAIN above 1 clips at full scale.
`FRAMES` may be `spin:SECONDS` (a delay of none that takes so long each block) or `die:SECONDS` (exits so much later).
"""

import gc
import sys
import time

import numpy as np

from perfkit.worker.jack_clients.opening import load_jack, open_client

TAPS = 129
NAME, WHAT, GAIN = sys.argv[1], sys.argv[2], float(sys.argv[3]) if len(sys.argv) > 3 else 1.0


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


def main() -> None:
    jack = load_jack()
    client = open_client(jack, NAME, time.monotonic() + 5)
    kind, _, seconds = WHAT.rpartition(":")
    delay = Delay(client, 0.0 if kind else float(WHAT), float(seconds) if kind == "spin" else 0.0)
    client.set_process_callback(delay.process)
    gc.freeze()
    gc.disable()
    client.activate()
    print("ready", flush=True)
    time.sleep(float(seconds) if kind == "die" else 600)
    client.deactivate()
    client.close()
    sys.exit(3 if kind == "die" else 0)


main()
