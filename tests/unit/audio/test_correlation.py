"""The delay of a known excitation is found, and a recording that cannot be trusted is refused."""

import numpy as np
import pytest

from perfkit.signal.correlation import LENGTH, excitation, find_delay

TOTAL = LENGTH + 8_192


def recording(delay, seed=1, gain=1.0, hiss=0.0):
    """The excitation `delay` samples late: shifted exactly in the spectrum."""
    played = np.zeros(TOTAL)
    played[:LENGTH] = excitation(seed)
    turns = np.exp(-2j * np.pi * np.fft.rfftfreq(TOTAL) * delay)
    shifted = np.fft.irfft(np.fft.rfft(played) * turns, TOTAL)
    return gain * shifted + hiss * np.random.default_rng(99).standard_normal(TOTAL)


@pytest.mark.parametrize("delay", [0, 1, 64, 100, 1001])
def test_whole_delays_are_exact(delay):
    recorded = np.zeros(TOTAL)
    recorded[delay : delay + LENGTH] = excitation(1)
    found = find_delay(excitation(1), recorded)
    assert found.trouble == ""
    assert found.frames == pytest.approx(delay, abs=1e-6)
    assert found.coefficient == pytest.approx(1.0, abs=1e-6)


@pytest.mark.parametrize("delay", [100.1, 1000.25, 1000.5, 333.333, 2000.984375, 5000.015625])
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_delays_between_samples_are_found_to_a_ten_thousandth(delay, seed):
    found = find_delay(excitation(seed), recording(delay, seed))
    assert found.trouble == ""
    assert found.frames == pytest.approx(delay, abs=1e-4)


@pytest.mark.parametrize("gain", [0.001, -0.7, 30.0])
def test_gain_and_polarity_do_not_matter(gain):
    found = find_delay(excitation(1), recording(777.7, gain=gain))
    assert found.trouble == ""
    assert found.frames == pytest.approx(777.7, abs=1e-4)


def test_some_hiss_widens_the_error_only_a_little():
    found = find_delay(excitation(1), recording(500.5, hiss=0.01))
    assert found.trouble == ""
    assert found.frames == pytest.approx(500.5, abs=0.01)


def test_noise_alone_is_no_signal():
    found = find_delay(excitation(1), np.random.default_rng(5).standard_normal(TOTAL))
    assert found.coefficient < 0.06
    assert "best correlation 0.0" in found.trouble


def test_silence_is_no_signal():
    assert find_delay(excitation(1), np.zeros(TOTAL)).trouble == "no signal returned: the recording is silent"


def test_another_excitation_is_no_signal():
    assert find_delay(excitation(1), recording(100, seed=2)).coefficient < 0.06


def test_clipping_is_refused():
    recorded = np.clip(recording(100.0), -0.25, 0.25)
    assert "clipped" in find_delay(excitation(1), recorded).trouble
    assert "clipped" in find_delay(excitation(1), np.sign(recording(100.0))).trouble


def test_a_sine_of_somebodys_own_is_not_told_as_clipped():
    """Many of its samples lie close to its peak."""
    sine = 0.3 * np.sin(2 * np.pi * 997 / 48_000 * np.arange(len(recording(100.0))))
    assert find_delay(excitation(1), sine).trouble.startswith("no clean signal returned: best correlation 0.0")


@pytest.mark.parametrize("lost", [128, 1024])
@pytest.mark.parametrize("at", [0.3, 0.5, 0.7])
def test_lost_frames_are_refused(lost, at):
    whole = recording(200.0)
    cut = 200 + int(at * LENGTH)
    glitched = np.concatenate((whole[:cut], whole[cut + lost :], np.zeros(lost)))
    assert "no clean signal" in find_delay(excitation(1), glitched).trouble


def test_a_strong_echo_is_refused():
    recorded = recording(200.0) + recording(900.0, gain=0.45)
    found = find_delay(excitation(1), recorded)
    assert found.frames == pytest.approx(200.0, abs=0.01)
    assert found.peak_to_side_lobe < 12
    assert found.trouble


def test_a_recording_shorter_than_the_signal_is_an_error():
    with pytest.raises(ValueError, match="fewer than"):
        find_delay(excitation(1), np.zeros(100))


def test_the_excitation_is_the_same_for_a_seed_and_carries_nothing_at_the_top_of_the_band():
    assert np.array_equal(excitation(4), excitation(4))
    assert not np.array_equal(excitation(4), excitation(5))
    spectrum = np.abs(np.fft.rfft(excitation(4)))
    top = int(len(spectrum) * 22.1 / 24)
    assert spectrum[top:].max() < 1e-9 * spectrum.max()
    assert np.abs(excitation(4)).max() == pytest.approx(0.5)
