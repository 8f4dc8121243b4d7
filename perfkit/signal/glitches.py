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
"""Seconds from a break's beginning within which what follows is part of it, such as both ends of a block of 1024 frames
at 48 kHz; steady crackling is therefore 40 glitches a second."""

_SILENT = 0.1
_DROPOUT = 0.00025
_ADJACENT = 8
_RECURRING = 3.0


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
    prediction beyond eight robust standard deviations and -80 dB is a glitch, unless every cycle of the tone has it,
    as the corners of a clipped sine: that is distortion. (Clipping of less than 1 % differs from cycle to cycle, and
    still reads as crackling.)
    """
    turn = 2 * np.pi * frequency / rate
    error = np.abs(signal[2:] - 2 * np.cos(turn) * signal[1:-1] + signal[:-2])
    envelope = np.hypot(signal[1:-1], (signal[2:] - signal[:-2]) / (2 * np.sin(turn)))
    amplitude = float(np.median(envelope))
    threshold = max(NOISE * 1.4826 * float(np.median(error)), LEAST * amplitude)
    broken = (error > threshold) & (error > _RECURRING * _in_every_cycle(error, round(rate / frequency)))
    silent = _long_runs(envelope < _SILENT * amplitude, round(_DROPOUT * rate))
    breaks = tuple(
        Break(
            kind="dropout" if silent[start:end].any() else "glitch",
            start=start + 1,
            frames=end - start,
            size=amplitude_db(float(error[start:end].max()) / amplitude) if amplitude else 0.0,
        )
        for start, end in _together(_runs(broken | silent), round(TOGETHER * rate))
    )
    return Continuity(breaks, _longest_between(breaks, len(signal)))


def _in_every_cycle(error: Signal, cycle: int) -> Signal:
    """For each sample the error that there is, within a sample, both a cycle before and a cycle after it."""
    edged = np.concatenate(([0.0], error, [0.0]))
    near = np.maximum(np.maximum(edged[:-2], edged[1:-1]), edged[2:])
    before = np.concatenate((near[cycle : 2 * cycle], near[:-cycle]))
    after = np.concatenate((near[cycle:], near[-2 * cycle : -cycle]))
    both: Signal = np.minimum(before, after)
    return both


def _runs(flags: NDArray[np.bool_]) -> NDArray[np.intp]:
    """Where `flags` are set: one row of start and end for each run."""
    return np.flatnonzero(np.diff(np.concatenate(([False], flags, [False])).astype(np.int8))).reshape(-1, 2)


def _long_runs(flags: NDArray[np.bool_], shortest: int) -> NDArray[np.bool_]:
    """`flags` without the runs that are shorter than `shortest`."""
    kept = np.zeros_like(flags)
    for start, end in _runs(flags):
        kept[start:end] = end - start >= shortest
    return kept


def _together(runs: NDArray[np.intp], within: int) -> list[tuple[int, int]]:
    """`runs` joined to those that began at most `within` before them, or that they all but touch."""
    joined: list[tuple[int, int]] = []
    for start, end in runs.tolist():
        if joined and (start - joined[-1][0] <= within or start - joined[-1][1] <= _ADJACENT):
            joined[-1] = (joined[-1][0], end)
        else:
            joined.append((start, end))
    return joined


def _longest_between(breaks: tuple[Break, ...], length: int) -> tuple[int, int]:
    starts = [0, *(one.start + one.frames + 1 for one in breaks)]
    ends = [*(one.start - 1 for one in breaks), length]
    return max(((a, max(a, b)) for a, b in zip(starts, ends, strict=True)), key=lambda stretch: stretch[1] - stretch[0])
