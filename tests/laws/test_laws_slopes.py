"""What holds for the slope of any readings."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from perfkit.stats.slopes import slope_interval, theil_sen, thinned

SIZES = st.lists(st.integers(0, 10**9), min_size=20, max_size=60).map(lambda row: np.array(row, float))


@given(SIZES, st.integers(-(10**6), 10**6), st.integers(1, 1000))
@settings(max_examples=25)
def test_a_slope_follows_what_is_added_and_how_sizes_are_counted(sizes, drift, unit):
    at = np.arange(sizes.size) / 10
    wanted = theil_sen(at, sizes) * unit + drift
    assert theil_sen(at, sizes * unit + drift * at) == pytest.approx(wanted, rel=1e-6, abs=1e-3)


@given(SIZES)
@settings(max_examples=25)
def test_a_slope_turns_round_with_time(sizes):
    at = np.arange(float(sizes.size))
    assert theil_sen(at, sizes[::-1]) == pytest.approx(-theil_sen(at, sizes))


@given(SIZES, st.integers(0, 5))
@settings(max_examples=25)
def test_the_interval_is_one_and_repeats_by_its_seed(sizes, seed):
    at = np.arange(float(sizes.size))
    found = slope_interval(at, sizes, seed=seed, rounds=50)
    assert found.low <= found.high
    assert found == slope_interval(at, sizes, seed=seed, rounds=50)


@given(SIZES, st.integers(5, 30))
@settings(max_examples=25)
def test_thinning_keeps_the_mean_and_the_order_of_time(sizes, most):
    at, row = thinned(np.arange(float(sizes.size)), sizes, most=most)
    assert at.size <= most
    assert (np.diff(at) > 0).all()
    assert sizes.min() <= row.min() <= row.max() <= sizes.max()
