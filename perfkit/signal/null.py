"""The null test: what is left of a recording when the aligned other one is taken away."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from perfkit.signal.decibels import amplitude_db
from perfkit.signal.spectrum import Signal
from perfkit.signal.tone import full_scale

_WHOLE = 1e-3
_AS_HIGH = 1e-9
_EDGE = 1024
_REFINEMENTS = 4


@dataclass(frozen=True, slots=True)
class Null:
    """What differs.

    `peak` is the largest difference (1.0 is 0 dBFS) and `rms` its RMS level, dBFS where a full-scale sine is 0; both at
    -200 stand for nothing. `differing` counts frames that are not bit for bit the same, or that only one of them has.

    `shift` is how many frames later the recording came, `gain` how much louder it is, dB. `difference` is what is left,
    frames × channels, `longer` by how many frames the recording exceeds the reference.
    """

    peak: float
    rms: float
    differing: int
    shift: float
    gain: float
    longer: int
    difference: Signal

    @property
    def exact(self) -> bool:
        """Whether both are the same to the last bit."""
        return self.differing == 0 and self.shift == 0


def null_test(recording: Signal, reference: Signal, longest_shift: int) -> Null:
    """Compare two recordings (frames × channels, as many channels) that lie at most `longest_shift` frames apart.

    They are aligned, between the frames too, and never scaled: a change of level is a difference. Where one is longer,
    silence stands for the other. Raises ValueError for other numbers of channels or none at all.
    """
    if recording.shape[1:] != reference.shape[1:] or not recording.size or not reference.size:
        raise ValueError(f"{recording.shape} and {reference.shape} frames × channels cannot be compared")
    same = recording.shape == reference.shape and np.array_equal(recording, reference)
    shift = 0.0 if same else find_shift(recording, reference, longest_shift)
    moved = _moved_back(recording, shift)
    common, frames = sorted((len(moved), len(reference)))
    difference = _padded(moved, frames) - _padded(reference, frames)
    if shift % 1:
        difference[: min(_EDGE, frames // 4)] = 0.0  # the ends of a band-limited shift ring
        difference[-min(_EDGE, frames // 4) :] = 0.0
    return Null(
        peak=amplitude_db(float(np.abs(difference).max())),
        rms=full_scale(difference),
        differing=int(np.any(difference[:common] != 0, axis=1).sum()) + frames - common,
        shift=shift,
        gain=full_scale(recording) - full_scale(reference),
        longer=len(recording) - len(reference),
        difference=difference,
    )


def find_shift(recording: Signal, reference: Signal, longest: int) -> float:
    """By how many frames `recording` lags behind `reference` (both frames × channels), within ± `longest`.

    The highest cross-correlation, whatever its sign; of equally high ones, as periodic sounds have them, the nearest to
    0. Newton's method on the band-limited correlation finds it between the frames. 0 where either is silent.
    """
    length = 1 << (len(recording) + len(reference) - 1).bit_length()
    spectra = np.fft.rfft(recording, length, axis=0) * np.conj(np.fft.rfft(reference, length, axis=0))
    cross: NDArray[np.complex128] = spectra.sum(axis=1)
    reach = min(longest, length // 2 - 1)
    lags = np.arange(-reach, reach + 1)
    heights = np.abs(np.fft.irfft(cross, length)[lags])
    top = float(heights.max())
    if not top:
        return 0.0
    best = int(min(lags[heights >= top * (1 - _AS_HIGH)], key=abs))
    shift = _highest_near(cross, length, best)
    return float(best) if abs(shift - best) < _WHOLE else shift


def _highest_near(cross: NDArray[np.complex128], length: int, best: int) -> float:
    """The lag within one frame of `best` at which the correlation between the frames is highest."""
    weights = np.full(len(cross), 2.0)
    weights[[0, -1]] = 1.0
    turns = 2 * np.pi / length * np.arange(len(cross))
    lag = float(best)
    for _ in range(_REFINEMENTS):
        terms = weights * cross * np.exp(1j * turns * lag)
        slope = -float(np.sum(turns * terms.imag))
        bend = -float(np.sum(turns**2 * terms.real))
        if not bend:
            break
        lag = float(np.clip(lag - slope / bend, best - 1, best + 1))
    return lag


def _moved_back(recording: Signal, shift: float) -> Signal:
    """The recording `shift` frames earlier: whole frames exactly, parts of one through the spectrum."""
    whole = int(np.floor(shift))
    if shift % 1:
        length = 1 << (len(recording) + 2 * _EDGE).bit_length()
        turns = np.exp(2j * np.pi * np.fft.rfftfreq(length) * (shift - whole))[:, None]
        recording = np.fft.irfft(np.fft.rfft(recording, length, axis=0) * turns, length, axis=0)[: len(recording)]
    if whole >= 0:
        return recording[whole:]
    return np.concatenate((np.zeros((-whole, recording.shape[1])), recording))


def _padded(signal: Signal, frames: int) -> Signal:
    return np.concatenate((signal, np.zeros((frames - len(signal), signal.shape[1]))))
