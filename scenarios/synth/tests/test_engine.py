import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from synth.arrays import Floats
from synth.engine import Engine
from synth.live import performance
from synth.oscillators import Waveform
from synth.patch import Patch

NOTES = st.lists(
    st.tuples(
        st.floats(20, 110),
        st.floats(0.1, 1.0),
        st.sampled_from(Waveform),
        st.none() | st.floats(0.001, 0.03),
    ),
    min_size=1,
    max_size=8,
)


def in_blocks(engine: Engine, sizes: list[int]) -> Floats:
    return np.concatenate([engine.render(size) for size in sizes])


@settings(max_examples=40, deadline=None)
@given(notes=NOTES, sizes=st.lists(st.integers(1, 1_500), min_size=1, max_size=8))
def test_result_does_not_depend_on_the_block_size(
    notes: list[tuple[float, float, Waveform, float | None]], sizes: list[int]
) -> None:
    whole, cut = Engine(patch=Patch(release=0.01)), Engine(patch=Patch(release=0.01))
    for note in notes:
        assert whole.note_on(*note) == cut.note_on(*note)
    for engine in (whole, cut):
        engine.render(500)
        engine.note_off(1)
    assert whole.render(sum(sizes)) == pytest.approx(in_blocks(cut, sizes), abs=2e-5)


def test_four_of_64_equal_one_of_256() -> None:
    whole, cut = Engine(), Engine()
    for number in range(32):
        for engine in (whole, cut):
            engine.note_on(36 + number, 0.7, Waveform(number % 4))
    expected = in_blocks(whole, [256] * 8)
    assert expected == pytest.approx(in_blocks(cut, [64] * 32), abs=2e-5)
    assert np.abs(expected).max() > 0.05


def test_pitch_is_heard() -> None:
    engine = Engine(patch=Patch(reverb_mix=0.0))
    engine.note_on(69, 1.0, Waveform.SINE)
    engine.render(9_600)
    spectrum = np.abs(np.fft.rfft(engine.render(48_000)[:, 0]))
    assert int(np.argmax(spectrum)) == 440


def test_note_off_ends_the_voice_and_then_the_sound() -> None:
    engine = Engine(patch=Patch(release=0.05, reverb_time=0.2))
    voice = engine.note_on(60)
    assert np.abs(engine.render(4_800)).max() > 0.01
    assert engine.note_off(voice)
    assert not engine.note_off(voice)
    assert engine.voices == 1
    engine.render(4_800)
    assert engine.voices == 0
    engine.render(48_000)
    assert not engine.render(480).any()


def test_all_notes_off_and_unknown_voices() -> None:
    engine = Engine(patch=Patch(release=0.05))
    for pitch in range(60, 70):
        engine.note_on(pitch)
    assert not engine.note_off(99)
    engine.all_notes_off()
    engine.render(4_800)
    assert engine.voices == 0


def test_a_note_with_seconds_ends_by_itself() -> None:
    engine = Engine(patch=Patch(release=0.01))
    voice = engine.note_on(60, seconds=0.1)
    engine.render(4_700)
    assert engine.voices == 1
    engine.render(700)
    assert engine.voices == 0
    assert not engine.note_off(voice)


def test_the_oldest_voice_is_stolen_without_a_click() -> None:
    engine = Engine(max_voices=2, patch=Patch(reverb_mix=0.0))
    first = engine.note_on(40, 1.0, Waveform.SINE)
    second = engine.note_on(47, 1.0, Waveform.SINE)
    before = engine.render(4_800)
    third = engine.note_on(45, 1.0, Waveform.SINE)
    assert engine.voices == 2
    after = engine.render(4_800)
    joined = np.concatenate([before, after])[:, 0]
    assert np.abs(np.diff(joined[4_700:4_900])).max() <= 1.5 * np.abs(np.diff(joined[:4_700])).max()
    assert [engine.note_off(voice) for voice in (first, second, third)] == [False, True, True]


def test_a_falling_voice_is_stolen_before_a_held_one() -> None:
    engine = Engine(max_voices=2)
    first, second = engine.note_on(40), engine.note_on(47)
    engine.render(480)
    engine.note_off(second)
    engine.note_on(50)
    assert engine.note_off(first)


def test_polyphony_holds_under_a_flood_of_notes() -> None:
    engine = Engine(max_voices=4)
    for number in range(100):
        engine.note_on(30 + number % 60, 1.0, Waveform(number % 4))
        assert engine.voices <= 4
        assert np.isfinite(engine.render(1 + number % 7)).all()


def test_output_never_exceeds_full_scale() -> None:
    engine = Engine(max_voices=64)
    for _ in range(64):
        engine.note_on(60, 1.0, Waveform.SAW)
    assert 0.7 < np.abs(engine.render(9_600)).max() <= 1.0


def test_idle_engine_is_silent() -> None:
    assert not Engine().render(1_000).any()


@pytest.mark.parametrize(
    ("pitch", "velocity", "seconds"),
    [(-1, 0.5, None), (128, 0.5, None), (60, 0, None), (60, 1.1, None), (60, 0.5, 0), (float("nan"), 1, None)],
)
def test_what_cannot_be_played_is_refused(pitch: float, velocity: float, seconds: float | None) -> None:
    engine = Engine()
    with pytest.raises(ValueError, match="must be"):
        engine.note_on(pitch, velocity, seconds=seconds)
    assert engine.voices == 0


def test_settings_out_of_range_are_refused() -> None:
    with pytest.raises(ValueError, match="rate"):
        Engine(rate=8_000)
    with pytest.raises(ValueError, match="max_voices"):
        Engine(max_voices=0)
    with pytest.raises(ValueError, match="release"):
        Patch(release=0.0)
    with pytest.raises(ValueError, match="float32"):
        Engine().render_into(np.zeros((10, 1), np.float32))


def test_performance_fills_a_block_with_sound() -> None:
    fill = performance(voices=8, block=128, rate=44_100)
    block = np.zeros((128, 2), np.float32)
    heard = []
    for _ in range(20):
        fill(block)
        heard.append(block.copy())
    assert np.isfinite(heard).all()
    assert np.abs(heard).max() > 0.01
    assert not np.array_equal(heard[-1], heard[-2])
