"""The synthesiser as an audio body: what a probe of deadlines calls with the block it plays on."""

import math
from collections.abc import Callable

from synth.arrays import Floats
from synth.engine import Engine
from synth.live import performance
from synth.oscillators import Waveform
from synth.patch import Patch

_TONE = 69 + 12 * math.log2(997 / 440)
"""997 Hz as a pitch: the tone that measures sound by its usage."""
_PHRASE = (48, 55, 60, 64, 67.5, 71, 76, 83)


def chord(frames: int, rate: int, voices: int = 16) -> Callable[[Floats], None]:
    """A callable that fills a block of `frames` × 2 with the next frames of a chord."""
    return performance(voices, frames, rate)


def tone(frames: int, rate: int) -> Callable[[Floats], None]:
    """One note of a sine that goes on at the same level."""
    engine = Engine(rate, patch=Patch(sustain=1.0))
    engine.note_on(_TONE, 0.5, Waveform.SINE)
    engine.render(frames)
    return engine.render_into


def phrase(frames: int, rate: int) -> Callable[[Floats], None]:
    """Eight notes of every waveform, one after the other and each released while the next one sounds."""
    engine = Engine(rate)
    notes = [(n * rate // 20, pitch, list(Waveform)[n % len(Waveform)]) for n, pitch in enumerate(_PHRASE)]
    at = 0

    def fill(block: Floats) -> None:
        nonlocal at
        while notes and notes[0][0] <= at:
            _, pitch, waveform = notes.pop(0)
            engine.note_on(pitch, 0.8, waveform, seconds=0.08)
        engine.render_into(block)
        at += frames

    return fill
