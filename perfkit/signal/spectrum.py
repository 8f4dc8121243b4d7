"""The power of a signal by frequency, and a tone's exact frequency in it.

The Kaiser window of β 24 keeps what leaks out of a tone below the rounding of doubles, a few bins beside it (Kaiser and
Schafer, "On the use of the I0-sinh window for spectrum analysis", IEEE Trans. ASSP 28, 1980).
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Signal = NDArray[np.float64]

BETA = 24.0
LOBE = math.ceil(math.sqrt(1 + (BETA / math.pi) ** 2)) + 2
"""Bins to either side of a tone that hold all of its power: the main lobe's null, and two to spare."""
SHORTEST = 1.0
"""Seconds that a spectrum needs: there a main lobe is ± 10 Hz, well above the lower end of the band."""

_AROUND = 0.05
_LEAST_SHARE = 0.1
_REFINEMENTS = 3


class NoToneError(ValueError):
    """The signal holds no tone of the frequency asked for."""


@dataclass(frozen=True, slots=True)
class PowerSpectrum:
    """Mean square of a signal by bin: `power[k]` at `k · step` Hz. A tone or noise has the sum over its bins.

    `spread` is the window's equivalent noise bandwidth in bins: a tone's power over that of its highest bin.
    """

    power: Signal
    step: float
    spread: float = 1.0

    def within(self, low: float, high: float) -> float:
        """The mean square between two frequencies, Hz."""
        return float(self.power[self._bins(low, high)].sum())

    def of_tone(self, frequency: float) -> float:
        """The mean square of a tone, with whatever noise lies under its main lobe."""
        return float(self.power[self.tone_bins(frequency)].sum())

    def tone_bins(self, frequency: float) -> slice:
        """The bins of a tone's main lobe."""
        centre = round(frequency / self.step)
        return slice(max(0, centre - LOBE), centre + LOBE + 1)

    def _bins(self, low: float, high: float) -> slice:
        return slice(math.ceil(low / self.step), math.floor(high / self.step) + 1)


def power_spectrum(signal: Signal, rate: int) -> PowerSpectrum:
    """The spectrum of `signal` (mono, `rate` Hz), scaled by Parseval's theorem. Raises ValueError below 1 s."""
    n = len(signal)
    if n < SHORTEST * rate:
        raise ValueError(f"{n / rate:.3g} s of signal are too few: a spectrum needs {SHORTEST:g} s")
    window = np.kaiser(n, BETA)
    power: Signal = np.abs(np.fft.rfft(signal * window)) ** 2 * (2 / (n * float(np.sum(window**2))))
    power[0] /= 2
    if n % 2 == 0:
        power[-1] /= 2
    return PowerSpectrum(power, rate / n, n * float(np.sum(window**2)) / float(window.sum()) ** 2)


def tone_frequency(signal: Signal, rate: int, near: float) -> float:
    """The frequency of the tone within 5 % of `near`, Hz, far below a bin.

    The phase of the tone is read in both halves of the signal; what it turned by between them, beyond the turns of the
    estimate, corrects the estimate. Raises NoToneError where no such tone holds a tenth of the power.
    """
    spectrum = power_spectrum(signal, rate)
    low, high = (round(near * factor / spectrum.step) for factor in (1 - _AROUND, 1 + _AROUND))
    frequency = float(low + np.argmax(spectrum.power[low : high + 1])) * spectrum.step
    total = float(spectrum.power.sum())
    if not total or spectrum.of_tone(frequency) < _LEAST_SHARE * total:
        raise NoToneError(f"no tone of {near:g} Hz is in it")
    half = len(signal) // 2
    window = np.kaiser(half, BETA)
    for _ in range(_REFINEMENTS):
        turns = np.exp(-2j * np.pi * frequency / rate * np.arange(half)) * window
        first, second = np.sum(signal[:half] * turns), np.sum(signal[half : 2 * half] * turns)
        turned = float(np.angle(second * np.conj(first) * np.exp(-2j * np.pi * frequency / rate * half)))
        frequency += turned * rate / (2 * np.pi * half)
    return frequency
