import numpy as np
import pytest

from synth.arrays import Floats
from synth.envelope import FADE_SECONDS, Envelopes
from synth.patch import Patch

RATE = 48_000
PATCH = Patch(attack=0.01, decay=0.1, sustain=0.5, release=0.2)


def rendered(envelopes: Envelopes, seconds: float, block: int = 256) -> Floats:
    """The first voice's envelope over the next seconds."""
    parts = []
    ramp = np.arange(block, dtype=np.float32)
    for _ in range(round(seconds * RATE / block)):
        out = np.empty((1, block), np.float32)
        envelopes.render(ramp, np.empty_like(out), out)
        parts.append(out[0])
    return np.concatenate(parts)


def started(patch: Patch = PATCH) -> Envelopes:
    envelopes = Envelopes(patch, RATE, 1)
    envelopes.start(0)
    return envelopes


def test_attack_is_a_line_then_decays_to_sustain() -> None:
    shape = rendered(started(), 0.3)
    attack = round(PATCH.attack * RATE)
    assert shape[:attack] == pytest.approx(np.arange(attack) / attack, abs=1e-4)
    assert int(np.argmax(shape)) == attack
    assert shape[attack] == pytest.approx(1.0, abs=1e-4)
    assert np.all(np.diff(shape[attack:]) <= 1e-6)
    # A decay "lasts" until 60 dB of the way to the sustain level are done.
    decayed = attack + round(PATCH.decay * RATE)
    assert shape[decayed] == pytest.approx(PATCH.sustain + 0.0005, abs=1e-4)
    assert shape[-1] == pytest.approx(PATCH.sustain, abs=1e-3)


def test_release_starts_at_the_level_and_reaches_zero_in_time() -> None:
    envelopes = started()
    held = rendered(envelopes, 0.5)
    envelopes.release(0)
    falling = rendered(envelopes, PATCH.release * 1.1)
    assert falling[0] == pytest.approx(held[-1], abs=1e-3)
    assert np.all(np.diff(falling) <= 0)
    silent_from = int(np.flatnonzero(falling == 0.0)[0])
    assert 0.8 * PATCH.release * RATE < silent_from <= PATCH.release * RATE
    assert envelopes.ended(1).all()


def test_release_within_the_attack_does_not_jump() -> None:
    envelopes = started()
    rising = rendered(envelopes, 0.0054)
    envelopes.release(0)
    falling = rendered(envelopes, 0.01)
    assert falling[0] == pytest.approx(rising[-1], abs=0.01)
    assert 0.4 < falling[0] < 0.6


def test_a_held_voice_never_ends_and_release_is_idempotent() -> None:
    envelopes = started(Patch(sustain=0.0))
    rendered(envelopes, 3.0)
    assert not envelopes.ended(1).any()
    envelopes.release(0)
    rendered(envelopes, 0.01)
    before = envelopes.level(0)
    envelopes.release(0)
    assert envelopes.level(0) == before


def test_fade_is_silent_within_its_time() -> None:
    envelopes = started()
    rendered(envelopes, 0.2)
    envelopes.fade(0)
    fading = rendered(envelopes, 2 * FADE_SECONDS, block=64)
    assert fading[0] > 0.4
    assert fading[round(FADE_SECONDS * RATE) :].max() == 0.0
    assert envelopes.ended(1).all()


def test_short_decay_after_long_attack_stays_finite() -> None:
    shape = rendered(started(Patch(attack=5.0, decay=0.005)), 5.2)
    assert np.isfinite(shape).all()
    assert shape.max() == pytest.approx(1.0, abs=1e-3)
    assert shape[-1] == pytest.approx(Patch().sustain, abs=1e-3)
