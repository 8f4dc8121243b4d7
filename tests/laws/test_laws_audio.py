"""Laws of the virtual sink's schedule and of the delay between two signals."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from perfkit.signal.correlation import excitation, find_delay
from perfkit.worker.perfkit_audio.audio_thread import SECOND
from perfkit.worker.perfkit_audio.sink import Schedule

FRAMES = st.integers(8, 16_384)
RATES = st.sampled_from([8_000, 11_025, 44_100, 48_000, 96_000, 192_000, 768_000])


@given(FRAMES, RATES, st.integers(0, 10**18), st.lists(st.integers(0, 3 * SECOND), min_size=1, max_size=50))
def test_a_block_plays_at_the_first_boundary_that_is_neither_its_own_nor_before_its_end(frames, rate, origin, spent):
    schedule = Schedule(frames, rate, origin)
    for took in spent:
        asked = schedule.asked
        ended = schedule.boundary(asked) + took
        waited = schedule.finish(ended)
        assert waited >= 1
        assert schedule.asked == asked + waited
        assert schedule.boundary(schedule.asked) >= ended
        assert waited == 1 or schedule.boundary(schedule.asked - 1) < ended


@given(FRAMES, RATES, st.integers(0, 10**18), st.integers(0, 10**7))
def test_boundaries_are_the_exact_times_rounded_down(frames, rate, origin, index):
    schedule = Schedule(frames, rate, origin)
    exact = index * frames * SECOND
    assert 0 <= exact - (schedule.boundary(index) - origin) * rate < rate


@settings(max_examples=25, deadline=None)
@given(st.floats(0, 3_000), st.integers(0, 2**32), st.floats(0.01, 100), st.booleans())
def test_a_delay_is_found_whatever_its_size_the_excitation_the_gain_and_the_polarity(delay, seed, gain, inverted):
    played = excitation(seed, 4_096)
    turns = np.exp(-2j * np.pi * np.fft.rfftfreq(8_192) * delay)
    recorded = np.fft.irfft(np.fft.rfft(played, 8_192) * turns, 8_192) * (-gain if inverted else gain)
    found = find_delay(played, recorded)
    assert found.trouble == ""
    assert found.frames == pytest.approx(delay, abs=5e-4)


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 2**32), st.integers(0, 2**32))
def test_noise_is_never_a_signal(seed, other):
    # three words of entropy: no seed of the excitation, which has two at most, gives the same stream
    noise = np.random.default_rng([other, 1, 1]).standard_normal(8_192)
    assert find_delay(excitation(seed, 4_096), noise).trouble
