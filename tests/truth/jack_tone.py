"""A JACK client that plays 997 Hz at -12 dBFS: `jack_tone.py NAME EVERY PERIODS [TIMES [LOST]] [leave]`.

In every EVERY-th block, or the first TIMES of them, it takes PERIODS periods, 0 never, and leaves out LOST frames.
With `leave` it takes its port away soon after two others are connected to it, and lives on.
"""

import gc
import sys
import time

import numpy as np

from perfkit.worker.perfkit_audio.opening import load_jack, open_client

LEAVES = sys.argv[-1] == "leave" and bool(sys.argv.pop())
NAME, EVERY, PERIODS = sys.argv[1], int(sys.argv[2]), float(sys.argv[3])
TIMES = int(sys.argv[4]) if len(sys.argv) > 4 else sys.maxsize
LOST = int(sys.argv[5]) if len(sys.argv) > 5 else 0


def main() -> None:
    jack = load_jack()
    client = open_client(jack, NAME, time.monotonic() + 5)
    output = client.outports.register("out")
    turn = 2 * np.pi * 997 / client.samplerate
    number = lost = 0

    def process(frames: int) -> None:
        nonlocal number, lost
        output.get_array()[:] = 0.25 * np.sin(turn * (number * frames + lost + np.arange(frames)))
        number += 1
        if EVERY and number % EVERY == 0 and number // EVERY <= TIMES:
            lost += LOST
            time.sleep(PERIODS * frames / client.samplerate)

    client.set_process_callback(process)
    gc.freeze()
    gc.disable()
    client.activate()
    print("ready", flush=True)
    if LEAVES:
        while output.number_of_connections < 2:  # the server's port, and whoever listens
            time.sleep(0.02)
        time.sleep(0.7)
        client.outports.clear()
    time.sleep(600)


main()
