"""When walks look, what a look may spend, and where they end."""

from itertools import islice

import numpy as np
import pytest
from scipy.stats import norm

from perfkit.stats.schedule import first_look, grid, last_look, next_look, spend


def test_the_grid():
    expected = [8, 10, 12, 15, 18, 22, 27, 33, 40, 48, 58, 70, 84, 100, 120, 144, 173, 208, 250, 300, 360]
    assert list(islice(grid(), len(expected))) == expected


@pytest.mark.parametrize(("level", "pairs"), [(0.05, 8), (0.01, 8), (0.0005, 13), (0.0001, 15)])
def test_first_look_is_where_agreeing_pairs_could_reject(level, pairs):
    assert first_look(level) == pairs
    assert 2.0**-pairs <= 0.42 * level


def test_confirmation_looks_from_six_pairs_at_five_percent_and_from_eight_at_one():
    assert (first_look(0.05, earliest=6), first_look(0.01, earliest=6)) == (6, 8)


def test_looks_go_on_along_the_grid_up_to_the_last():
    assert [next_look(n, 100) for n in (6, 8, 13, 84, 100)] == [8, 10, 15, 100, 100]
    assert next_look(48, 50) == 50


def test_spending_starts_at_its_first_share_rises_and_ends_with_everything():
    assert spend(8, 8, 100) == 0.42
    assert spend(100, 8, 100) == spend(200, 8, 100) == spend(8, 8, 8) == 1.0
    assert spend(54, 8, 100) == pytest.approx(0.42 + 0.58 * 0.5**0.7)
    shares = [spend(n, 8, 100) for n in range(8, 101)]
    assert np.all(np.diff(shares) > 0)


@pytest.mark.parametrize(
    ("rms", "expected"),
    [(1e-9, 40), (0.03, 40), (0.0424, 48), (0.05, 58), (0.06, 84), (0.07, 100), (5.0, 100)],
)
def test_last_look_is_twice_the_fixed_number_on_the_grid(rms, expected):
    magnitudes = np.array([0.0, rms * np.sqrt(2)])
    fixed = ((norm.ppf(0.99) + norm.ppf(0.95)) * 1.05 * rms / 0.0388) ** 2
    assert last_look(magnitudes, 0.0388, 0.01, 0.05, 100) == expected
    assert expected in {40, 100} or expected / 1.25 < 2 * fixed <= expected


def test_last_look_keeps_to_a_cap_that_is_not_on_the_grid():
    assert last_look(np.array([9.0]), 0.04, 0.01, 0.05, 50) == 50
    assert last_look(np.array([1e-9]), 0.04, 0.01, 0.05, 20) == 20
