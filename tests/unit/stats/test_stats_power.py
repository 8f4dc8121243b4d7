"""What could have been seen, and Wald's bounds."""

from math import log, sqrt

import numpy as np
import pytest
from scipy.stats import norm

from perfkit.stats.power import detectable, pair_spread, pairs_needed, wald_bounds


def test_detectable_by_the_formula():
    expected = 0.01 + (norm.ppf(0.99) + norm.ppf(0.95)) * 1.15 * 0.04 / sqrt(16)
    assert detectable(0.01, 0.04, 16, alpha=0.01, beta=0.05) == pytest.approx(expected)


def test_pairs_needed_is_where_the_change_becomes_detectable():
    pairs = pairs_needed(0.04, 0.0424, alpha=0.01, beta=0.05)
    assert detectable(0.01, 0.0424, pairs, alpha=0.01, beta=0.05) <= 0.05
    assert detectable(0.01, 0.0424, pairs - 1, alpha=0.01, beta=0.05) > 0.05


def test_wald_bounds_by_the_formula():
    found = wald_bounds(0.02, 0.03 * sqrt(2), alpha=0.01, beta=0.05)
    scale = 2 * (2 * 0.03**2) / 0.02**2
    assert found.at_ignore == pytest.approx((0.99 * log(0.99 / 0.05) - 0.01 * log(0.95 / 0.01)) * scale)
    assert found.at_tolerance == pytest.approx((0.95 * log(0.95 / 0.01) - 0.05 * log(0.99 / 0.05)) * scale)


def test_a_sequential_likelihood_ratio_test_cannot_beat_wald():
    # 1,500 tests of N(0, 1) against N(.5, 1): the mean overshoots the bound by a pair or two; standard error 2 %.
    rng, gap = np.random.default_rng(2), 0.5
    upper, lower = log(0.95 / 0.01), log(0.05 / 0.99)
    ends = []
    for _ in range(1_500):
        ratio = np.cumsum(gap * rng.normal(0, 1, size=400) - gap * gap / 2)
        ends.append(int(np.argmax((ratio >= upper) | (ratio <= lower))) + 1)
    bound = wald_bounds(gap, 1.0, alpha=0.01, beta=0.05).at_ignore
    assert bound * 0.97 <= np.mean(ends) <= bound * 1.35


def test_spread_of_pairs_is_around_their_centre_and_stands_up_to_outliers():
    differences = np.random.default_rng(3).normal(5.0, 0.04, size=2_000)
    differences[:100] += 10
    assert pair_spread(differences) == pytest.approx(0.04, rel=0.15)
