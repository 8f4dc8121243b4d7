"""Audio bodies whose behaviour is known, played in an interpreter of their own. A file of scenarios, so to speak."""

import sys
import threading
import time

import perfkit


def _sine(frames, rate, level):
    import numpy as np

    wave = level * np.sin(2 * np.pi * 997 / rate * np.arange(frames))[:, None]

    def fill(block):
        block[:] = wave

    return fill


@perfkit.audio(block=128)
def sine(frames, rate, level=0.5):
    return _sine(frames, rate, level)


def stalling(frames, rate, every, periods):
    """Sleeps for `periods` periods in every `every`-th block."""
    number = 0
    fill = _sine(frames, rate, 0.5)

    def body(block):
        nonlocal number
        number += 1
        fill(block)
        if number % every == 0:
            time.sleep(periods * frames / rate)

    return body


def spinning(frames, rate, seconds):
    """Takes `seconds` of CPU time for each block, whatever its size."""
    fill = _sine(frames, rate, 0.5)

    def body(block):
        fill(block)
        until = time.thread_time() + seconds
        while time.thread_time() < until:
            pass

    return body


def infinite(frames, rate):
    def body(block):
        block[:] = float("nan")

    return body


def threaded(frames, rate):
    """Has a thread of its own that does nothing."""
    threading.Thread(target=threading.Event().wait, daemon=True).start()
    return _sine(frames, rate, 0.5)


def hostile(frames, rate):
    """Prints and raises in the middle of playing."""
    number = 0

    def body(block):
        nonlocal number
        number += 1
        print("noise on stdout")
        if number == 20:
            raise RuntimeError("the filter exploded")

    return body


def returning(frames, rate):
    """Returns its sound instead of writing it into the block."""
    import numpy as np

    return lambda block: np.full((frames, 2), 0.5, np.float32)


def mute(frames, rate):
    """Gives its block another name and leaves it as it is."""

    def fill(block):
        block = block + 0.5

    return fill


def not_callable(frames, rate):
    return 7


def voices(frames, rate, voices, each):
    """Takes `each` seconds of CPU time for each voice and block."""
    return spinning(frames, rate, voices * each)


def tone(frames, rate, level=0.25):
    """997 Hz that goes on from block to block."""
    import numpy as np

    turn, at = 2 * np.pi * 997 / rate, np.arange(frames)
    number = 0

    def fill(block):
        nonlocal number
        block[:] = (level * np.sin(turn * (number * frames + at)))[:, None]
        number += 1

    return fill


def ending(frames, rate, how):
    """A sine until its 300th block, in which it hangs or ends the process."""
    play, count = sine(frames, rate), 0

    def fill(block):
        nonlocal count
        count += 1
        if count == 300:
            time.sleep(60) if how == "hang" else sys.exit()
        play(block)

    return fill
