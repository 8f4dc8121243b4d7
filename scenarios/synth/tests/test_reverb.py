import numpy as np
import pytest

from synth.arrays import Doubles, Floats
from synth.reverb import Reverb

RATE = 48_000
BLOCK = 480


def answered(reverb: Reverb, dry: Floats) -> Floats:
    wet = np.empty_like(dry)
    for start in range(0, dry.shape[1], BLOCK):
        part = np.empty((2, BLOCK), np.float32)
        reverb.process(dry[:, start : start + BLOCK], part)
        wet[:, start : start + BLOCK] = part
    return wet


def impulse(seconds: float) -> Floats:
    dry = np.zeros((2, round(seconds * RATE)), np.float32)
    dry[:, 0] = 1.0
    return dry


def levels(wet: Floats) -> Doubles:
    """In dB, for each tenth of a second."""
    energy = np.square(wet.astype(np.float64)).sum(axis=0).reshape(-1, RATE // 10).sum(axis=1)
    decibels: Doubles = 10 * np.log10(energy + 1e-30)
    return decibels


@pytest.mark.parametrize("seconds", [0.6, 1.6])
def test_falls_by_60_db_in_its_time(seconds: float) -> None:
    level = levels(answered(Reverb(RATE, seconds, 0.0), impulse(2.0)))
    fallen = (level[1] - level[11]) / (1.0 / seconds)
    assert fallen == pytest.approx(60.0, abs=4.0)


def test_damping_takes_the_treble_first() -> None:
    def treble_share(damping: float) -> float:
        late = answered(Reverb(RATE, 1.6, damping), impulse(1.0))[0, RATE // 2 :]
        spectrum = np.abs(np.fft.rfft(late)) ** 2
        return float(spectrum[len(spectrum) // 2 :].sum() / spectrum.sum())

    assert treble_share(0.6) < treble_share(0.0) / 10


def test_stays_bounded_under_lasting_noise() -> None:
    noise = np.random.default_rng(2).uniform(-1, 1, (2, 10 * RATE)).astype(np.float32)
    level = levels(answered(Reverb(RATE, 3.0, 0.2), noise))
    assert np.isfinite(level).all()
    assert level[-10:].max() < level[40:60].max() + 1.0


def test_falls_to_exact_silence() -> None:
    reverb = Reverb(RATE, 0.3, 0.2)
    wet = answered(reverb, impulse(2.0))
    assert wet.any()
    assert reverb.silent
    assert not wet[:, -BLOCK:].any()


def test_sides_differ() -> None:
    wet = answered(Reverb(RATE, 1.6, 0.2), impulse(1.0))
    assert abs(float(np.corrcoef(wet[0], wet[1])[0, 1])) < 0.2
