"""When notes begin, in recordings made for it."""

import numpy as np
import pytest

from perfkit.signal.onsets import onsets


def note(begin, *, floor=0.0, attack=1, length=10_000):
    recorded = floor * np.random.default_rng(1).standard_normal(length)
    at = np.arange(length - begin)
    recorded[begin:] += np.minimum(1, (at + 1) / attack) * np.cos(2 * np.pi * 3000 / 48_000 * at)
    return recorded


@pytest.mark.parametrize("begin", [1000, 1001, 4242])
def test_a_note_that_begins_at_once_is_found_to_the_frame(begin):
    assert onsets(note(begin), [(900, 9000)], 128) == [begin]


def test_a_noise_floor_is_not_a_note():
    assert onsets(note(3000, floor=1e-3), [(900, 9000)], 128) == [3000]


def test_a_slow_attack_is_found_where_it_rises_above_60_db_below_the_peak():
    found = onsets(note(3000, attack=5000), [(900, 9000)], 128)[0]
    assert found is not None
    assert 3000 <= found <= 3010


def test_nothing_is_found_where_nothing_begins():
    assert onsets(np.zeros(5000), [(0, 4000)], 128) == [None]
    steady = np.sin(np.arange(5000))
    assert onsets(steady, [(1000, 4000)], 128) == [None]
