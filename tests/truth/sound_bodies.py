"""Audio bodies that sound as known, rendered in an interpreter of their own."""

import threading
import time


def tone(frames, rate, frequency=997.0, level=0.5, harmonic=0.0, skip_every=0):
    """A sine, with a third harmonic of `harmonic` times its amplitude; `skip_every` blocks, 64 frames are left out."""
    import numpy as np

    at, number = 0, 0

    def fill(block):
        nonlocal at, number
        number += 1
        if skip_every and number % skip_every == 0:
            at += 64
        phase = 2 * np.pi * frequency / rate * np.arange(at, at + frames)
        block[:] = (level * (np.sin(phase) + harmonic * np.sin(3 * phase)))[:, None]
        at += frames

    return fill


def busy(frames, rate, seconds):
    """Takes `seconds` of CPU time for each block."""

    def fill(block):
        block[:] = 0.1
        until = time.thread_time() + seconds
        while time.thread_time() < until:
            pass

    return fill


def broken(frames, rate):
    def fill(block):
        block[:] = float("nan")

    return fill


def returning(frames, rate):
    return lambda block: block + 0.5


def leaving(frames, rate):
    raise SystemExit(0)


def named_audio(frames, rate):
    """Needs a module of its own that is called as one of perfkit's files."""
    import audio  # the side's own

    return audio.fill


def waiting(frames, rate):
    """Has a thread of its own that does nothing."""
    threading.Thread(target=threading.Event().wait, daemon=True).start()
    return tone(frames, rate)
