"""Two recordings whose difference is known are compared."""

import numpy as np
import pytest

from perfkit.signal.null import find_shift, null_test

RATE = 48_000


def music(seconds=2.0, seed=1):
    """Low-passed stereo noise that begins and ends in silence."""
    chance = np.random.default_rng(seed)
    frames = round(seconds * RATE)
    spectrum = np.fft.rfft(chance.standard_normal((frames, 2)), axis=0)
    spectrum *= np.exp(-np.fft.rfftfreq(frames, 1 / RATE) / 2_000)[:, None]
    sound = np.fft.irfft(spectrum, frames, axis=0)
    fade = np.clip(np.minimum(np.arange(frames), np.arange(frames)[::-1]) / 4_000 - 1, 0, 1)[:, None]
    return 0.5 * fade * sound / np.abs(sound).max()


def delayed(sound, frames):
    turns = np.exp(-2j * np.pi * np.fft.rfftfreq(len(sound)) * frames)[:, None]
    return np.fft.irfft(np.fft.rfft(sound, axis=0) * turns, len(sound), axis=0)


def test_the_same_is_bit_exact_and_finite():
    null = null_test(music(), music(), 480)
    assert null.exact
    assert (null.peak, null.rms, null.differing, null.shift) == (-200.0, -200.0, 0, 0.0)


def test_silence_equals_silence_and_differs_from_sound():
    silence = np.zeros((1000, 2))
    assert null_test(silence, silence, 10).exact
    null = null_test(np.zeros_like(music()), music(), 480)
    assert null.peak == pytest.approx(20 * np.log10(np.abs(music()).max()))
    assert not null.exact


@pytest.mark.parametrize("step", [1e-3, 1e-5, 2.0**-23])
def test_one_sample_that_differs_is_the_peak(step):
    changed = music()
    changed[40_000, 1] += step
    null = null_test(changed, music(), 480)
    assert null.peak == pytest.approx(20 * np.log10(step), abs=1e-6)
    assert null.differing == 1
    assert not null.exact


def test_noise_of_a_known_level_is_the_rms():
    noise = 1e-4 * np.random.default_rng(2).standard_normal(music().shape)
    null = null_test(music() + noise, music(), 480)
    assert null.rms == pytest.approx(-80 + 3.01, abs=0.05)
    assert null.shift == 0.0


@pytest.mark.parametrize("shift", [1, 7, 480, -1, -300])
def test_whole_frames_of_shift_are_aligned_exactly(shift):
    null = null_test(np.roll(music(), shift, axis=0), music(), 480)
    assert null.shift == shift
    assert null.peak == -200.0
    assert null.differing == abs(shift)
    assert not null.exact


@pytest.mark.parametrize("shift", [0.5, 0.25, -3.3, 100.75])
def test_parts_of_a_frame_are_aligned(shift):
    null = null_test(delayed(music(), shift), music(), 480)
    assert null.shift == pytest.approx(shift, abs=1e-4)
    assert null.peak < -90


def test_a_change_of_level_or_polarity_is_a_difference():
    louder, turned = null_test(1.01 * music(), music(), 480), null_test(-music(), music(), 480)
    peak = 20 * np.log10(np.abs(music()).max())
    assert louder.peak == pytest.approx(peak - 40, abs=1e-6)
    assert louder.gain == pytest.approx(20 * np.log10(1.01), abs=1e-6)
    assert turned.peak == pytest.approx(peak + 6.02, abs=0.01)
    assert louder.shift == turned.shift == 0.0


@pytest.mark.parametrize("frames", [9, -9])
def test_frames_that_only_one_has_differ(frames):
    whole = music()
    padded = np.concatenate((whole, np.zeros((9, 2))))
    null = null_test(padded, whole, 480) if frames > 0 else null_test(whole, padded, 480)
    assert (null.longer, null.differing, null.peak) == (frames, 9, -200.0)
    assert not null.exact


def test_what_is_missing_at_the_end_is_a_difference_of_its_own_size():
    null = null_test(music()[:48_000], music(), 480)
    assert null.peak == pytest.approx(20 * np.log10(np.abs(music()[48_000:]).max()))


def test_a_steady_tone_lies_where_it_is_although_any_period_would_do():
    tone = np.sin(2 * np.pi * 1000 / RATE * np.arange(RATE))[:, None]
    assert find_shift(tone, tone, 4_800) == 0.0
    assert find_shift(np.roll(tone, 5), tone, 4_800) == pytest.approx(5.0, abs=1e-3)


def test_opposite_channels_do_not_hide_each_other():
    one = music()[:, :1]
    sound = np.concatenate((one, -one), axis=1)
    assert null_test(np.roll(sound, 12, axis=0), sound, 480).shift == 12.0


def test_other_numbers_of_channels_are_refused():
    with pytest.raises(ValueError, match="cannot be compared"):
        null_test(music(), music()[:, :1], 480)
