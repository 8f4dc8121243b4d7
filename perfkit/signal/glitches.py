"""Where a tone is broken: dropouts, clicks, lost and repeated frames.

A sine obeys x[n] = 2·cos ω·x[n-1] - x[n-2] (the second-order predictor behind Prony's method and the discrete
oscillator), whatever its amplitude and phase. What it does not foresee is noise, harmonics, or a break.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from perfkit.signal.decibels import amplitude_db
from perfkit.signal.spectrum import Signal

NOISE = 8.0
"""Robust standard deviations of the prediction's error (1.4826 · median magnitude, Hampel 1974) that are no glitch:
normal noise passes it once in 10^15 samples."""
LEAST = 1e-4
"""What is a glitch at the least, as a share of the tone's amplitude: -80 dB."""
TOGETHER = 0.025
"""Seconds within which breaks are one event: both ends of a block of 1024 frames at 48 kHz."""

_SILENT = 0.1
_DROPOUT = 0.00025


@dataclass(frozen=True, slots=True)
class Break:
    """From frame `start`, `frames` long. `size` is the largest error of the prediction below the tone, dB."""

    kind: Literal["dropout", "glitch"]
    start: int
    frames: int
    size: float


@dataclass(frozen=True, slots=True)
class Continuity:
    """The breaks of a tone in their order, and the longest stretch without one: frames `clean[0]` to `clean[1]`."""

    breaks: tuple[Break, ...]
    clean: tuple[int, int]

    def count(self, kind: Literal["dropout", "glitch"]) -> int:
        """How many breaks are of that kind; a break that is a dropout is no glitch as well."""
        return sum(one.kind == kind for one in self.breaks)


def find_breaks(signal: Signal, rate: int, frequency: float) -> Continuity:
    """The breaks in a tone of `frequency` Hz (to a part in a thousand), mono, that fills `signal`.

    A dropout is 0.25 ms or more at which the tone's envelope lies 20 dB below its median; any other error of the
    prediction beyond eight robust standard deviations and -80 dB is a glitch.
    """
    turn = 2 * np.pi * frequency / rate
    error = np.abs(signal[2:] - 2 * np.cos(turn) * signal[1:-1] + signal[:-2])
    envelope = np.hypot(signal[1:-1], (signal[2:] - signal[:-2]) / (2 * np.sin(turn)))
    amplitude = float(np.median(envelope))
    threshold = max(NOISE * 1.4826 * float(np.median(error)), LEAST * amplitude)
    silent = _long_runs(envelope < _SILENT * amplitude, round(_DROPOUT * rate))
    flagged = np.flatnonzero((error > threshold) | silent)
    groups = np.split(flagged, np.flatnonzero(np.diff(flagged) > TOGETHER * rate) + 1) if len(flagged) else []
    breaks = tuple(
        Break(
            kind="dropout" if silent[group].any() else "glitch",
            start=int(group[0]) + 1,
            frames=int(group[-1] - group[0]) + 1,
            size=amplitude_db(float(error[group].max()) / amplitude) if amplitude else 0.0,
        )
        for group in groups
    )
    return Continuity(breaks, _longest_between(breaks, len(signal)))


def _long_runs(flags: NDArray[np.bool_], shortest: int) -> NDArray[np.bool_]:
    """`flags` without the runs that are shorter than `shortest`."""
    edges = np.flatnonzero(np.diff(np.concatenate(([False], flags, [False])).astype(np.int8)))
    kept = np.zeros_like(flags)
    for start, end in edges.reshape(-1, 2):
        if end - start >= shortest:
            kept[start:end] = True
    return kept


def _longest_between(breaks: tuple[Break, ...], length: int) -> tuple[int, int]:
    starts = [0, *(one.start + one.frames + 1 for one in breaks)]
    ends = [*(one.start - 1 for one in breaks), length]
    return max(((a, max(a, b)) for a, b in zip(starts, ends, strict=True)), key=lambda stretch: stretch[1] - stretch[0])
