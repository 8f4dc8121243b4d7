"""Waveforms as functions of a 32-bit phase.

A phase counts 2³² to the period and wraps by itself, so it never loses precision and a waveform does not depend on how
time is cut into blocks. Every function takes phases (voices × frames), which it may overwrite, the phase increments per
frame (voices,), and fills `out` (voices × frames) with samples in [-1, 1].
"""

from collections.abc import Callable
from enum import IntEnum

import numpy as np

from synth.arrays import Floats, Phases

PERIOD = 2**32


class Waveform(IntEnum):
    """What a voice's oscillator plays; the order is that of the voices in memory."""

    SINE = 0
    SAW = 1
    NOISE = 2
    IMPULSE = 3


def increment_of(frequency: float, rate: int) -> int:
    """The phase increment per frame for a frequency in Hz. Raises ValueError at half the rate and above."""
    if not 0.0 < frequency < rate / 2:
        raise ValueError(f"a frequency of {frequency:.1f} Hz cannot be played at {rate} Hz")
    return round(frequency / rate * PERIOD)


def sine(phase: Phases, _increment: Phases, out: Floats) -> None:
    np.multiply(phase.view(np.int32), np.float32(2 * np.pi / PERIOD), out=out, casting="unsafe", dtype=np.float32)
    np.sin(out, out=out)


def saw(phase: Phases, increment: Phases, out: Floats) -> None:
    """A rising saw whose jump is a cubic B-spline's integral, four frames wide (polyBLEP; Välimäki et al., 2012)."""
    # The jump lies at phase 0, the middle of the centred phase; `out` is the distance to it in frames.
    centred = np.multiply(phase.view(np.int32), np.float32(1 / PERIOD), casting="unsafe", dtype=np.float32)
    frames_per_period = (PERIOD / increment.astype(np.float64)).astype(np.float32)
    np.abs(centred, out=out)
    out *= frames_per_period[:, None]
    # 1 - ((2 - d)₊⁴ - 4 (1 - d)₊⁴) / 12 rises from 0 at the jump to 1 two frames from it.
    near = np.subtract(np.float32(1), out)
    np.subtract(np.float32(2), out, out=out)
    for distance in (near, out):
        np.maximum(distance, np.float32(0), out=distance)
        np.square(distance, out=distance)
        np.square(distance, out=distance)
    near *= np.float32(4)
    out -= near
    out *= np.float32(1 / 12)
    np.subtract(np.float32(1), out, out=out)
    np.copysign(out, centred, out=out)
    centred *= np.float32(2)
    np.subtract(centred, out, out=out)


def noise(phase: Phases, _increment: Phases, out: Floats) -> None:
    """White noise: the phase is a counter, and an integer hash of it (Wellons' lowbias32) is the sample."""
    shifted = np.right_shift(phase, 16)
    for factor, shift in ((0x7FEB352D, 15), (0x846CA68B, 16)):
        np.bitwise_xor(phase, shifted, out=phase)
        np.multiply(phase, np.uint32(factor), out=phase)
        np.right_shift(phase, shift, out=shifted)
    np.bitwise_xor(phase, shifted, out=phase)
    np.multiply(phase.view(np.int32), np.float32(2 / PERIOD), out=out, casting="unsafe", dtype=np.float32)


def impulse(phase: Phases, increment: Phases, out: Floats) -> None:
    """A single 1 in the frame where each period begins."""
    out[...] = phase < increment[:, None]


OSCILLATORS: dict[Waveform, Callable[[Phases, Phases, Floats], None]] = {
    Waveform.SINE: sine,
    Waveform.SAW: saw,
    Waveform.NOISE: noise,
    Waveform.IMPULSE: impulse,
}
