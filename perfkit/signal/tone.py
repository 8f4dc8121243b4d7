"""How clean a tone is, as AES17-2020 reads it: level, THD+N, signal to noise, and its harmonics.

The band is 20 Hz to 20 kHz, or to half the sample rate. Levels are in dBFS where a full-scale sine is 0.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from perfkit.signal.decibels import FLOOR, amplitude_db, power_db
from perfkit.signal.spectrum import PowerSpectrum, Signal, power_spectrum, tone_frequency

BAND = (20.0, 20_000.0)
HARMONICS = range(2, 11)
_LOWEST = -260.0
"""dB; of a drawing: a single bin of the noise of 32-bit floats lies above it, down to a tone at -60 dBFS."""


@dataclass(frozen=True, slots=True)
class Tone:
    """What a tone of `frequency` Hz came to.

    `level` is its RMS with all that is in the band, dBFS. `thd_n` is what is left of it without the fundamental, dB
    below the whole; `snr` the fundamental over what is left without harmonics 2 to 10 as well, dB. `harmonics` holds
    order and level below the fundamental, dB, as far as they lie in the band.
    """

    frequency: float
    level: float
    thd_n: float
    snr: float
    harmonics: tuple[tuple[int, float], ...]
    spectrum: PowerSpectrum

    @property
    def thd_n_percent(self) -> float:
        """THD+N as a share of the amplitude, %."""
        return float(100 * 10 ** (self.thd_n / 20))


@dataclass(frozen=True, slots=True)
class Drawing:
    """A spectrum of few points: the strongest bin of each stretch, in dBFS as a tone there would have.

    `harmonics` are the indices of the fundamental and its harmonics.
    """

    frequencies: Signal
    levels: Signal
    harmonics: tuple[int, ...]


def analyse_tone(signal: Signal, rate: int, near: float) -> Tone:
    """Read a tone of about `near` Hz, mono at `rate` Hz, 1 s or more. Raises NoToneError where there is none."""
    frequency = tone_frequency(signal, rate, near)
    spectrum = power_spectrum(signal, rate)
    low, high = BAND[0], min(BAND[1], rate / 2)
    whole = spectrum.within(low, high)
    fundamental = spectrum.of_tone(frequency)
    orders = [order for order in HARMONICS if order * frequency < high]
    powers = [spectrum.of_tone(order * frequency) for order in orders]
    return Tone(
        frequency=frequency,
        level=power_db(2 * whole),
        thd_n=power_db(_without(spectrum, [frequency], high) / whole),
        snr=-power_db(_without(spectrum, [frequency, *(order * frequency for order in orders)], high) / fundamental),
        harmonics=tuple((order, power_db(power / fundamental)) for order, power in zip(orders, powers, strict=True)),
        spectrum=spectrum,
    )


def draw_spectrum(tone: Tone, points: int) -> Drawing:
    """The band in `points` stretches of equal width, with the fundamental and its harmonics marked."""
    step = tone.spectrum.step
    last = min(round(BAND[1] / step), len(tone.spectrum.power) - 1)
    starts = np.unique(np.linspace(0, last, points, endpoint=False).astype(int))
    loudest = np.maximum.reduceat(tone.spectrum.power[: last + 1], starts)
    marked = [tone.frequency * order for order in (1, *(order for order, _ in tone.harmonics))]
    indices = np.searchsorted(starts, [round(frequency / step) for frequency in marked], side="right") - 1
    levels = 10 * np.log10(np.maximum(2 * tone.spectrum.spread * loudest, 10 ** (_LOWEST / 10)))
    return Drawing(starts * step, levels, tuple(indices.tolist()))


def full_scale(signal: Signal) -> float:
    """The RMS level of a signal in dBFS: 0 for a full-scale sine, which AES17 chose."""
    return amplitude_db(float(np.sqrt(2 * np.mean(signal**2)))) if signal.size else FLOOR


def _without(spectrum: PowerSpectrum, tones: Sequence[float], high: float) -> float:
    """The band's power without the bins of these tones."""
    kept = spectrum.power.copy()
    for frequency in tones:
        kept[spectrum.tone_bins(frequency)] = 0.0
    return PowerSpectrum(kept, spectrum.step).within(BAND[0], high)
