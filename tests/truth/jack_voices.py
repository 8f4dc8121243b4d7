"""A JACK client that plays 997 Hz and works for each of its voices: `jack_voices.py NAME SECONDS VOICES`.

Each block takes SECONDS of CPU time for each of VOICES and for each note that is held at its MIDI port.
"""

import gc
import sys
import time

import numpy as np

from perfkit.worker.perfkit_audio.opening import load_jack, open_client

NAME, SECONDS, VOICES = sys.argv[1], float(sys.argv[2]), int(sys.argv[3])


def main() -> None:
    jack = load_jack()
    client = open_client(jack, NAME, time.monotonic() + 5)
    output, midi = client.outports.register("out"), client.midi_inports.register("midi")
    turn = 2 * np.pi * 997 / client.samplerate
    number, held = 0, set()

    def process(frames: int) -> None:
        nonlocal number
        for _, message in midi.incoming_midi_events():
            channel, note = bytes(message)[:2]
            held.add((channel, note))
        until = time.thread_time() + SECONDS * (VOICES + len(held))
        output.get_array()[:] = 0.25 * np.sin(turn * (number * frames + np.arange(frames)))
        number += 1
        while time.thread_time() < until:
            pass

    client.set_process_callback(process)
    gc.freeze()
    gc.disable()
    client.activate()
    print("ready", flush=True)
    time.sleep(600)


main()
