"""The delay between what was played and what was recorded, far below one sample, and whether it can be trusted.

Cross-correlation through the spectrum; around its peak, trigonometric interpolation (the band-limited correlation
evaluated between the samples) on a grid of 1/32 sample, then a parabola through the best three points.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Signal = NDArray[np.float64]

LENGTH = 16_384
"""Samples of the excitation: 341 ms at 48 kHz."""
COEFFICIENT = 0.9
PEAK_TO_SIDE_LOBE = 12.0
CLIPPED = 0.001
_ALIKE = 0.5
"""Noise that was cut down to its sign still has .8; what has less is not what was played, such as a sine."""

_PASS = 20_000 / 24_000
_STOP = 22_000 / 24_000
_PEAK = 0.5
_FINER = 32
_MAIN_LOBE = 3
_FLAT = 1e-4


@dataclass(frozen=True, slots=True)
class Delay:
    """What a recording told.

    `frames` is the delay in samples. `coefficient` (0..1) is the normalised correlation at it and `peak_to_side_lobe`
    the peak above the highest other one in dB. `clipped` is the share of samples stuck at the recording's extremes;
    `silent` tells that nothing at all was recorded. `lags` and `correlation` are the normalised correlation around it.
    """

    frames: float
    coefficient: float
    peak_to_side_lobe: float
    clipped: float
    silent: bool
    lags: Signal
    correlation: Signal

    @property
    def trouble(self) -> str:
        """Why the delay is void, in a sentence; empty if it is valid."""
        if self.silent:
            return "no signal returned: the recording is silent"
        if self.clipped > CLIPPED and self.coefficient > _ALIKE:
            return f"the returned signal is clipped: {100 * self.clipped:.1f} % of its samples are at full scale"
        if self.coefficient < COEFFICIENT or self.peak_to_side_lobe < PEAK_TO_SIDE_LOBE:
            return (
                f"no clean signal returned: best correlation {self.coefficient:.2f} (needs {COEFFICIENT:g}), "
                f"{self.peak_to_side_lobe:.0f} dB above the next peak (needs {PEAK_TO_SIDE_LOBE:g})"
            )
        return ""


def excitation(seed: int, n: int = LENGTH) -> Signal:
    """Seeded noise of `n` samples, peak .5: flat up to 20 kHz of 24 kHz (half the sample rate), nothing above 22."""
    chance = np.random.default_rng(seed)
    spectrum = np.fft.rfft(chance.standard_normal(n))
    share = np.linspace(0.0, 1.0, len(spectrum))
    fall = np.clip((share - _PASS) / (_STOP - _PASS), 0.0, 1.0)
    shaped: Signal = np.fft.irfft(spectrum * np.cos(0.5 * np.pi * fall), n)
    return shaped * (_PEAK / float(np.abs(shaped).max()))


def find_delay(played: Signal, recorded: Signal) -> Delay:
    """How many samples after the start of `recorded` the signal `played` begins in it, whatever its gain and sign.

    `recorded` must hold all of it. Raises ValueError if it is shorter than `played`.
    """
    if len(recorded) < len(played):
        raise ValueError(f"{len(recorded)} samples were recorded, fewer than the {len(played)} played")
    length = 1 << (len(recorded) + len(played) - 1).bit_length()
    cross = np.fft.rfft(recorded, length) * np.conj(np.fft.rfft(played, length))
    correlation: Signal = np.abs(np.fft.irfft(cross, length)[: len(recorded) - len(played) + 1])
    peak = int(np.argmax(correlation))
    frames, height = _refine(cross, length, peak)
    energy = float(np.sqrt(np.sum(played**2) * np.sum(recorded[peak : peak + len(played)] ** 2)))
    silent = energy == 0.0
    around = slice(max(0, peak - 50), peak + 51)
    normal = correlation[around] / (energy or 1.0)
    return Delay(
        frames=frames,
        coefficient=min(1.0, height / energy) if not silent else 0.0,
        peak_to_side_lobe=_peak_to_side_lobe(correlation, peak, height),
        clipped=_clipped(recorded),
        silent=silent,
        lags=np.arange(len(correlation))[around].astype(float),
        correlation=normal,
    )


def _refine(cross: NDArray[np.complex128], length: int, peak: int) -> tuple[float, float]:
    """Position and height of the maximum within one sample of `peak`, between the samples."""
    lags = peak + np.arange(-_FINER, _FINER + 1) / _FINER
    weights = np.full(len(cross), 2.0 / length)
    weights[[0, -1]] = 1.0 / length
    turns = 2j * np.pi / length * np.arange(len(cross))
    heights = np.abs(np.array([np.real(np.sum(weights * cross * np.exp(turns * lag))) for lag in lags]))
    best = int(np.clip(np.argmax(heights), 1, len(heights) - 2))
    before, top, after = heights[best - 1 : best + 2]
    bend = before - 2 * top + after
    shift = 0.5 * (before - after) / bend if bend else 0.0
    return float(lags[best] + shift / _FINER), float(top - 0.25 * (before - after) * shift)


def _peak_to_side_lobe(correlation: Signal, peak: int, height: float) -> float:
    """The peak above the highest other correlation, dB; the main lobe is 3 samples to either side."""
    others = np.concatenate((correlation[: max(0, peak - _MAIN_LOBE)], correlation[peak + _MAIN_LOBE + 1 :]))
    highest = float(others.max(initial=0.0))
    return float(20 * np.log10(height / highest)) if highest > 0 and height > 0 else 0.0


def _clipped(recorded: Signal) -> float:
    """The share of samples within 1/10 000 of the largest magnitude: about none in noise, many in clipped noise."""
    size = np.abs(recorded)
    largest = float(size.max(initial=0.0))
    return float(np.mean(size > largest * (1 - _FLAT))) if largest else 0.0
