"""Glitches at the joints of blocks, planted where they are known."""

import numpy as np
import pytest

from perfkit.signal.joints import glitches

BLOCK = 128
BLOCKS = 750


def sound(kind):
    at = np.arange(BLOCK * BLOCKS)
    if kind == "sine":
        return 0.25 * np.sin(2 * np.pi * 997 / 48_000 * at)
    if kind == "chord":
        return sum(0.1 * np.sin(2 * np.pi * f / 48_000 * at + f) for f in (220.0, 277.2, 329.6, 1760.0))
    return 0.1 * np.random.default_rng(3).standard_normal(len(at))


def blocks(kind):
    return sound(kind).astype(np.float32).astype(float).reshape(-1, BLOCK).copy()


@pytest.mark.parametrize("kind", ["sine", "chord", "noise"])
def test_a_clean_sound_has_none(kind):
    assert glitches(blocks(kind).ravel(), BLOCK) == []


@pytest.mark.parametrize("kind", ["sine", "chord"])
def test_a_lost_block_that_is_silent_is_one(kind):
    heard = blocks(kind)
    heard[[100, 400, 401]] = 0.0
    assert glitches(heard.ravel(), BLOCK) == [100, 400]


@pytest.mark.parametrize("kind", ["sine", "chord", "noise"])
def test_a_repeated_block_is_one(kind):
    heard = blocks(kind)
    heard[200] = heard[199]
    assert glitches(heard.ravel(), BLOCK)[0] == 200


@pytest.mark.parametrize("kind", ["sine", "chord"])
def test_a_block_that_was_left_out_is_one(kind):
    heard = np.delete(blocks(kind), [300, 500], axis=0)
    assert glitches(heard.ravel(), BLOCK) == [300, 499]


def test_music_that_ends_and_begins_is_none():
    at = np.arange(300 * BLOCK)
    fade = np.clip(np.minimum(at, at[::-1]) / (100 * BLOCK), 0, 1)
    heard = sound("chord")
    heard[: 300 * BLOCK] *= fade
    heard[300 * BLOCK : 350 * BLOCK] = 0.0
    heard[350 * BLOCK : 650 * BLOCK] *= fade
    heard[650 * BLOCK :] = 0.0
    assert glitches(heard, BLOCK) == []


def test_silence_has_none():
    assert glitches(np.zeros(BLOCK * 100), BLOCK) == []
