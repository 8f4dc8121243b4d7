import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from synth.arrays import Doubles, Floats
from synth.filters import Filters, lowpass

RATE = 48_000


def direct(samples: Floats, cutoff: float, resonance: float) -> Doubles:
    """The bilinear low-pass biquad of direct form, sample by sample in double precision."""
    omega = 2 * math.pi * cutoff / RATE
    alpha = math.sin(omega) / (2 * resonance)
    a0, a1, a2 = 1 + alpha, -2 * math.cos(omega), 1 - alpha
    b0 = (1 - math.cos(omega)) / 2
    out = np.zeros(len(samples))
    x1 = x2 = y1 = y2 = 0.0
    for index, x in enumerate(samples.tolist()):
        y = (b0 * x + 2 * b0 * x1 + b0 * x2 - a1 * y1 - a2 * y2) / a0
        x2, x1, y2, y1 = x1, x, y1, y
        out[index] = y
    return out


@settings(max_examples=40, deadline=None)
@given(
    settings_of=st.lists(st.tuples(st.floats(60, 18_000), st.floats(0.5, 8)), min_size=1, max_size=4),
    cuts=st.lists(st.integers(1, 150), min_size=1, max_size=6),
)
def test_equals_the_biquad_run_sample_by_sample(settings_of: list[tuple[float, float]], cuts: list[int]) -> None:
    filters = Filters(len(settings_of))
    for row, (cutoff, resonance) in enumerate(settings_of):
        filters.start(row, lowpass(cutoff, resonance, RATE))
    noise = np.random.default_rng(1).uniform(-1, 1, (len(settings_of), sum(cuts))).astype(np.float32)
    block = noise.copy()
    for part in np.split(block, np.cumsum(cuts)[:-1], axis=1):
        filters.process(part)
    for row, (cutoff, resonance) in enumerate(settings_of):
        assert block[row] == pytest.approx(direct(noise[row], cutoff, resonance), abs=2e-5)


def test_passes_below_and_stops_above_the_cutoff() -> None:
    times = np.arange(9_600) / RATE
    waves = np.array([np.sin(2 * np.pi * frequency * times) for frequency in (50, 1_000, 8_000)], np.float32)
    filters = Filters(3)
    for row in range(3):
        filters.start(row, lowpass(1_000.0, math.sqrt(0.5), RATE))
    filters.process(waves)
    low, middle, high = 20 * np.log10(np.sqrt(2) * waves[:, 4_800:].std(axis=1))
    assert low == pytest.approx(0.0, abs=0.1)
    assert middle == pytest.approx(-3.01, abs=0.1)
    assert high < -36


def test_rests_at_exact_zero_and_never_at_a_denormal() -> None:
    filters = Filters(1)
    filters.start(0, lowpass(100.0, 0.7, RATE))
    block = np.zeros((1, 48_000), np.float32)
    block[0, 0] = 1.0
    for part in np.split(block, 375, axis=1):
        filters.process(part)
    assert block[0, 10:500].max() > 0.001
    assert not block[0, -128:].any()
    assert not (np.abs(block[block != 0.0]) < np.finfo(np.float32).tiny).any()
