"""A tone whose faults are known is read: harmonics, noise, breaks, and a clock that is off."""

import numpy as np
import pytest

from perfkit.signal.glitches import find_breaks
from perfkit.signal.quality import assess_tone
from perfkit.signal.spectrum import NoToneError, power_spectrum, tone_frequency
from perfkit.signal.tone import analyse_tone, draw_spectrum, full_scale

RATE = 48_000
TONE = 997.0
CLICK = 10 ** (-34 / 20)


def sine(seconds=2.0, frequency=TONE, level=-6.0, phase=0.3, rate=RATE):
    at = np.arange(round(seconds * rate))
    return 10 ** (level / 20) * np.sin(2 * np.pi * frequency / rate * at + phase)


def dithered(signal, bits=16, seed=1):
    """Quantised with triangular dither of two steps, whose noise is a quarter of a step squared (Lipshitz 1992)."""
    chance, step = np.random.default_rng(seed), 2.0 ** (1 - bits)
    return step * np.round(signal / step + chance.random(len(signal)) - chance.random(len(signal)))


def stored_as(name, signal):
    return {
        "float64": lambda: signal,
        "float32": lambda: signal.astype(np.float32).astype(float),
        "16 bit": lambda: dithered(signal),
    }[name]()


def damaged(signal, shift=0):
    """64 frames lost after 1 s, 128 zeroed after 2, 128 repeated after 4, one click at -34 dB after 6."""
    signal = signal.copy()
    lost, zeroed, repeated, click = (second * RATE + shift for second in (1, 2, 4, 6))
    signal[click] += CLICK
    signal[repeated : repeated + 128] = signal[repeated - 128 : repeated]
    signal[zeroed : zeroed + 128] = 0.0
    return np.concatenate((signal[:lost], signal[lost + 64 :]))


@pytest.mark.parametrize("level", [-40, -60, -80, -100])
@pytest.mark.parametrize("order", [2, 3, 5, 10])
def test_a_harmonic_is_read_to_a_twentieth_of_a_decibel(order, level):
    tone = analyse_tone(sine() + sine(frequency=order * TONE, level=level - 6, phase=1.1), RATE, TONE)
    assert dict(tone.harmonics)[order] == pytest.approx(level, abs=0.05)
    assert tone.thd_n == pytest.approx(level, abs=0.05)
    assert tone.thd_n_percent == pytest.approx(100 * 10 ** (level / 20), rel=0.01)
    assert tone.level == pytest.approx(-6.0, abs=0.001)
    assert tone.snr > 190
    assert max(value for number, value in tone.harmonics if number != order) < -180


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_16_bit_dither_reads_88_1_db(seed):
    """A quarter of a step squared, less the 0.8 dB above 20 kHz, below -6 dBFS; 2 s read it to 0.05 dB (sd)."""
    tone = analyse_tone(dithered(sine(), seed=seed), RATE, TONE)
    assert tone.thd_n == pytest.approx(-88.1, abs=0.15)
    assert tone.snr == pytest.approx(88.1, abs=0.15)
    assert tone.level == pytest.approx(-6.0, abs=0.001)


@pytest.mark.parametrize(("rate", "orders"), [(44_100, 9), (96_000, 9), (8_000, 3)])
def test_other_rates_read_the_harmonics_that_they_have(rate, orders):
    tone = analyse_tone(sine(rate=rate) + sine(frequency=3 * TONE, level=-56, rate=rate), rate, TONE)
    assert tone.thd_n == pytest.approx(-50, abs=0.05)
    assert len(tone.harmonics) == orders


def test_what_lies_outside_the_band_does_not_count():
    mains, ultrasound = sine(frequency=10.0, level=-30), sine(frequency=21_000.0, level=-30)
    assert analyse_tone(sine() + mains + ultrasound + 0.1, RATE, TONE).thd_n < -180


def test_a_full_scale_sine_is_0_dbfs():
    assert analyse_tone(sine(level=0), RATE, TONE).level == pytest.approx(0.0, abs=1e-6)
    assert full_scale(sine(level=0)) == pytest.approx(0.0, abs=1e-3)
    assert full_scale(np.zeros(10)) == full_scale(np.zeros(0)) == -200.0


def test_a_spectrum_holds_the_power_of_its_signal():
    noise = np.random.default_rng(3).standard_normal(2 * RATE)
    assert power_spectrum(noise, RATE).power.sum() == pytest.approx(1.0, rel=0.02)
    assert power_spectrum(sine(level=0), RATE).power.sum() == pytest.approx(0.5, rel=1e-6)


@pytest.mark.parametrize("frequency", [997.0, 996.123456, 1000.0, 1040.0])
def test_a_frequency_is_found_far_below_a_bin(frequency):
    assert tone_frequency(sine(frequency=frequency), RATE, TONE) == pytest.approx(frequency, rel=1e-9)
    assert tone_frequency(dithered(sine(frequency=frequency)), RATE, TONE) == pytest.approx(frequency, rel=1e-9)


@pytest.mark.parametrize("signal", [np.zeros(RATE), sine(frequency=440.0)], ids=["silence", "another tone"])
def test_what_holds_no_such_tone_is_refused(signal):
    with pytest.raises(NoToneError, match="no tone of 997 Hz"):
        assess_tone(signal, RATE)


def test_noise_is_no_tone():
    with pytest.raises(NoToneError):
        assess_tone(np.random.default_rng(1).standard_normal(2 * RATE), RATE)


def test_less_than_a_second_is_refused():
    with pytest.raises(ValueError, match="too few"):
        assess_tone(sine(0.9), RATE)


@pytest.mark.parametrize("shift", [0, 101, 257, 390])
@pytest.mark.parametrize("samples", ["float64", "float32", "16 bit"])
def test_four_of_four_breaks_are_found(samples, shift):
    quality = assess_tone(stored_as(samples, damaged(sine(8), shift)), RATE)
    breaks = quality.continuity.breaks
    assert [one.kind for one in breaks] == ["glitch", "dropout", "glitch", "glitch"]
    expected = [second * RATE + shift - 64 * (second > 1) for second in (1, 2, 4, 6)]
    assert [one.start for one in breaks] == pytest.approx(expected, abs=3)
    assert quality.continuity.count("glitch") == 3
    assert quality.clean
    assert quality.tone.thd_n < -87


def test_a_sine_of_a_minute_has_no_break_clean_or_50_ppm_off():
    for samples in ("float64", "16 bit"):
        for ppm in (0.0, 50.0):
            quality = assess_tone(stored_as(samples, sine(60, TONE * (1 + ppm * 1e-6))), RATE)
            assert quality.continuity.breaks == ()
            assert quality.continuity.clean == (0, 60 * RATE)
            assert quality.drift == pytest.approx(ppm, abs=0.001)


def test_a_clock_that_drifts_away_is_no_break():
    at = np.arange(60 * RATE)
    quality = assess_tone(0.5 * np.sin(2 * np.pi * TONE / RATE * (at + 50e-6 * at**2 / len(at))), RATE)
    assert quality.continuity.breaks == ()
    assert quality.drift == pytest.approx(50, abs=0.1)


@pytest.mark.parametrize("snr", [80, 50, 25])
def test_noise_is_no_break(snr):
    noise = np.random.default_rng(snr).standard_normal(20 * RATE) * 10 ** ((-6 - 3.01 - snr) / 20)
    quality = assess_tone(sine(20) + noise, RATE)
    assert quality.continuity.breaks == ()
    assert quality.tone.snr == pytest.approx(snr + 0.79, abs=0.15)


@pytest.mark.parametrize("frequency", [TONE, 440.0, 100.0])
@pytest.mark.parametrize("most", [0.2, 0.9, 0.99])
def test_clipping_is_no_break_but_a_break_in_what_is_clipped_is(most, frequency):
    signal = np.clip(sine(4, frequency, level=0), -most, most)
    assert assess_tone(signal, RATE, frequency).continuity.breaks == ()
    signal = np.concatenate((signal[:RATE], signal[RATE + 13 :]))
    assert assess_tone(signal, RATE, frequency).continuity.count("glitch") == 1


def test_gentle_distortion_is_no_break():
    assert assess_tone(np.tanh(2 * sine(5, level=0)), RATE).continuity.breaks == ()


def test_the_longest_clean_stretch_lies_between_the_breaks():
    assert assess_tone(damaged(sine(12)), RATE).continuity.clean == pytest.approx(
        (6 * RATE - 64, 12 * RATE - 64), abs=3
    )


def test_the_spectrum_is_taken_where_nothing_is_broken():
    quality = assess_tone(damaged(sine(12)), RATE)
    assert quality.clean
    assert quality.analysed[0] > 6 * RATE
    assert quality.analysed[1] - quality.analysed[0] == 2 * RATE
    assert quality.tone.thd_n < -180


def test_breaks_everywhere_are_told_and_lie_in_the_spectrum():
    signal = sine(4)
    signal[:: RATE // 2] += CLICK
    quality = assess_tone(signal, RATE)
    assert not quality.clean
    assert quality.continuity.count("glitch") == 8
    assert quality.tone.thd_n > -90


def test_crackling_is_40_glitches_a_second_at_most():
    signal = sine(4)
    signal[::128] += CLICK
    assert 120 <= find_breaks(signal, RATE, TONE).count("glitch") <= 160


@pytest.mark.parametrize("frames", [16, 128, 1024, 20_000])
def test_a_dropout_is_one_however_long(frames):
    signal = sine(4)
    signal[70_000 : 70_000 + frames] = 0.0
    (found,) = find_breaks(signal, RATE, TONE).breaks
    assert found.kind == "dropout"
    assert found.frames == pytest.approx(frames, abs=4)


def test_a_stuck_sample_is_a_glitch():
    signal = sine(4)
    signal[70_003:70_103] = signal[70_003]
    assert [one.kind for one in find_breaks(signal, RATE, TONE).breaks] == ["glitch"]


def test_a_drawn_spectrum_marks_the_tone_and_its_harmonics():
    tone = analyse_tone(sine() + sine(frequency=3 * TONE, level=-46), RATE, TONE)
    drawing = draw_spectrum(tone, 480)
    assert len(drawing.levels) == 480
    assert len(drawing.harmonics) == 10
    fundamental, third = drawing.harmonics[0], drawing.harmonics[2]
    assert drawing.frequencies[third] <= 3 * TONE < drawing.frequencies[third + 1]
    assert np.argmax(drawing.levels) == fundamental
    assert drawing.levels[fundamental] == pytest.approx(-6, abs=0.1)
    assert drawing.levels[fundamental] - drawing.levels[third] == pytest.approx(40, abs=0.5)
    assert drawing.levels.min() == -260.0
