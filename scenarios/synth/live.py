"""A performance without a service: a chord that goes on for as long as it is rendered."""

from collections.abc import Callable

from synth.arrays import Floats
from synth.engine import Engine
from synth.oscillators import Waveform

_LOWEST = 36
_SEMITONES = (0, 7, 12, 16, 19, 22, 24, 26)
"""Steps of the chord within two octaves; further voices repeat it, slightly out of tune."""
_OCTAVES = 24
_WAVEFORMS = (Waveform.SAW, Waveform.SINE, Waveform.SAW, Waveform.NOISE)


def chord(engine: Engine, voices: int) -> list[int]:
    """Start `voices` notes that are spread over two octaves and the waveforms. Returns their ids."""
    ids = []
    for number in range(voices):
        turn, step = divmod(number, len(_SEMITONES))
        pitch = _LOWEST + _OCTAVES * (turn % 2) + _SEMITONES[step] + 0.07 * turn
        ids.append(engine.note_on(pitch, 0.7, _WAVEFORMS[number % len(_WAVEFORMS)]))
    return ids


def performance(voices: int = 32, block: int = 128, rate: int = 48_000) -> Callable[[Floats], None]:
    """A callable that fills a block (frames × 2, float32) with the next frames of a chord of `voices` voices.

    One block of `block` frames is rendered here, so that the first call finds everything in memory. Raises ValueError
    where the engine cannot be made so.
    """
    engine = Engine(rate=rate, max_voices=max(1, voices))
    chord(engine, voices)
    engine.render(block)
    return engine.render_into
