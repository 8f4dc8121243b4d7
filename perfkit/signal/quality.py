"""Everything that a recorded tone tells about the sound: distortion, noise, breaks and the pace of its clock."""

from dataclasses import dataclass

from perfkit.signal.glitches import Continuity, find_breaks
from perfkit.signal.spectrum import SHORTEST, Signal, tone_frequency
from perfkit.signal.tone import Tone, analyse_tone

FREQUENCY = 997.0
"""Hz; prime, so that it meets ever new values of the converters and tables (AES17)."""
ANALYSED = 2.0
"""Seconds of which the spectrum is taken."""


@dataclass(frozen=True, slots=True)
class Quality:
    """A tone and its breaks.

    `tone` was read from frames `analysed[0]` to `analysed[1]`; `clean` tells whether they hold no break. `drift` is how
    far the tone's frequency over the longest clean stretch lies off the one asked for, ppm.
    """

    tone: Tone
    continuity: Continuity
    drift: float
    analysed: tuple[int, int]
    clean: bool


def assess_tone(signal: Signal, rate: int, frequency: float = FREQUENCY) -> Quality:
    """Read a tone of `frequency` Hz that fills `signal`, mono, at least 1 s.

    Distortion and noise are read in the middle of the longest stretch without a break, over 2 s, or over what there is
    from 1 s on; so that a break counts once, as a break. Raises ValueError where it is too short or not that tone.
    """
    found = tone_frequency(signal, rate, frequency)
    continuity = find_breaks(signal, rate, found)
    start, end = continuity.clean
    clean = end - start >= SHORTEST * rate
    if not clean:
        start, end = 0, len(signal)
    precise = tone_frequency(signal[start:end], rate, frequency)
    length = min(end - start, round(ANALYSED * rate))
    first = start + (end - start - length) // 2
    return Quality(
        tone=analyse_tone(signal[first : first + length], rate, frequency),
        continuity=continuity,
        drift=(precise / frequency - 1) * 1e6,
        analysed=(first, first + length),
        clean=clean,
    )
