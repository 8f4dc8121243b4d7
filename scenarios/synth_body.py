"""The synthesiser as an audio body: what a probe of deadlines calls with the block it plays on."""

from collections.abc import Callable

from synth.arrays import Floats
from synth.live import performance


def chord(frames: int, rate: int, voices: int = 16) -> Callable[[Floats], None]:
    """A callable that fills a block of `frames` × 2 with the next frames of a chord."""
    return performance(voices, frames, rate)
