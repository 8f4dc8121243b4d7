import numpy as np
import pytest

from synth.arrays import Floats
from synth.oscillators import OSCILLATORS, PERIOD, Waveform, increment_of

FRAMES = 65_536


def played(waveform: Waveform, increment: int, start: int = 0) -> Floats:
    increments = np.array([increment], np.uint32)
    phases = np.multiply(increments[:, None], np.arange(FRAMES, dtype=np.uint32))
    phases += np.uint32(start)
    out = np.empty((1, FRAMES), np.float32)
    OSCILLATORS[waveform](phases, increments, out)
    samples: Floats = out[0]
    return samples


def power(samples: Floats) -> Floats:
    spectrum: Floats = (np.abs(np.fft.rfft(samples)) ** 2).astype(np.float32)
    return spectrum


def alias_share(samples: Floats, cycles: int) -> float:
    """The share of the power that lies on no harmonic, for a whole number of cycles in the samples."""
    spectrum = power(samples)
    harmonics = spectrum[cycles::cycles].sum()
    return float(1 - harmonics / spectrum[1:].sum())


@pytest.mark.parametrize("frequency", [55.0, 440.0, 7_040.0])
@pytest.mark.parametrize("waveform", [Waveform.SINE, Waveform.SAW])
def test_fundamental_lies_at_the_frequency(waveform: Waveform, frequency: float) -> None:
    windowed = played(waveform, increment_of(frequency, 48_000)) * np.hanning(FRAMES)
    peak = int(np.argmax(power(windowed.astype(np.float32)))) * 48_000 / FRAMES
    assert abs(peak - frequency) <= 48_000 / FRAMES


def test_sine_is_pure() -> None:
    assert alias_share(played(Waveform.SINE, 2_861 * PERIOD // FRAMES), 2_861) < 1e-12
    spectrum = power(played(Waveform.SINE, 2_861 * PERIOD // FRAMES))
    assert spectrum[2 * 2_861 :: 2_861].sum() < 1e-10 * spectrum[2_861]


@pytest.mark.parametrize("cycles", [601, 2_861])
def test_saw_aliases_far_less_than_a_naive_one(cycles: int) -> None:
    naive = ((np.arange(FRAMES) * cycles / FRAMES) % 1.0 * 2 - 1).astype(np.float32)
    share = alias_share(played(Waveform.SAW, cycles * PERIOD // FRAMES), cycles)
    assert share < alias_share(naive, cycles) / 30
    assert 10 * np.log10(share) < -35


def test_saw_is_the_ideal_one_smoothed_by_a_cubic_spline() -> None:
    fine, period = 256, 64
    ideal = ((np.arange(8 * period * fine) + 0.5) / (period * fine)) % 1.0 * 2 - 1
    # Four running means, each of a frame, are a convolution with the cubic B-spline.
    for _ in range(4):
        ideal = np.convolve(ideal, np.full(fine, 1 / fine), mode="same")
    expected = ideal[::fine][period : 7 * period]
    samples = played(Waveform.SAW, PERIOD // period)[period : 7 * period]
    assert samples == pytest.approx(expected, abs=0.015)


def test_saw_rises_and_stays_within_bounds() -> None:
    samples = played(Waveform.SAW, PERIOD // 100)
    assert np.abs(samples).max() <= 1.0
    assert np.mean(np.diff(samples) > 0) == pytest.approx(0.96, abs=0.001)  # the jump is four frames wide


def test_noise_is_white_uniform_and_differs_between_voices() -> None:
    first, second = played(Waveform.NOISE, 1, 17), played(Waveform.NOISE, 1, 3_000_000_000)
    assert abs(float(first.mean())) < 0.01
    assert float(first.var()) == pytest.approx(1 / 3, rel=0.02)
    assert abs(float(np.corrcoef(first, second)[0, 1])) < 0.02
    bands = power(first)[1:].reshape(8, -1).mean(axis=1)
    assert bands.max() / bands.min() < 1.15


def test_impulse_marks_every_period_once() -> None:
    samples = played(Waveform.IMPULSE, increment_of(480.0, 48_000))
    ones = np.flatnonzero(samples)
    assert set(samples.tolist()) == {0.0, 1.0}
    assert set(np.diff(ones).tolist()) <= {100, 101}
    assert len(ones) == pytest.approx(FRAMES / 100, abs=1)


@pytest.mark.parametrize("frequency", [0.0, -1.0, 24_000.0, float("nan")])
def test_unplayable_frequency_is_refused(frequency: float) -> None:
    with pytest.raises(ValueError, match="cannot be played"):
        increment_of(frequency, 48_000)
