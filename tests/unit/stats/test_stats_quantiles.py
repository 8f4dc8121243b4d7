"""Harrell-Davis and nearest-rank percentiles against direct formulas."""

from math import comb

import numpy as np
import pytest

from perfkit.stats.quantiles import harrell_davis, percentile, readings_needed


def test_median_of_three_by_the_integral():
    # a = b = 2: density 6t(1-t), so the weights are I(1/3) = 7/27, 13/27, 7/27.
    assert harrell_davis([9.0, 0.0, 3.0], 0.5) == pytest.approx((0 * 7 + 3 * 13 + 9 * 7) / 27)


def test_weights_by_the_binomial_sum_where_both_parameters_are_whole():
    # share .9 of 9 values: a = 9, b = 1, and I(t; 9, 1) = t**9.
    values = np.arange(9.0) ** 2
    weights = [(i / 9) ** 9 - ((i - 1) / 9) ** 9 for i in range(1, 10)]
    assert harrell_davis(values, 0.9) == pytest.approx(float(np.dot(weights, values)))
    # share .5 of 5 values: a = b = 3, and I(t; 3, 3) = P(Binomial(5, t) >= 3).
    below = [sum(comb(5, k) * (i / 5) ** k * (1 - i / 5) ** (5 - k) for k in (3, 4, 5)) for i in range(6)]
    assert harrell_davis([5.0, 1.0, 2.0, 8.0, 4.0], 0.5) == pytest.approx(
        float(np.dot(np.diff(below), [1.0, 2.0, 4.0, 5.0, 8.0]))
    )


def test_estimates_the_true_quantile():
    # 400 launches of 1,000 exponential readings, p99 = ln 100; the mean of the estimates has a standard error of .016.
    rows = np.random.default_rng(4).exponential(size=(400, 1_000))
    assert np.mean([harrell_davis(row, 0.99) for row in rows]) == pytest.approx(np.log(100), abs=0.08)


@pytest.mark.parametrize(
    ("share", "expected"), [(0, 1), (0.05, 1), (0.051, 2), (0.5, 10), (0.95, 19), (0.951, 20), (1, 20)]
)
def test_percentile_is_a_reading_that_occurred(share, expected):
    assert percentile(range(20, 0, -1), share) == expected


def test_a_share_that_is_a_whole_number_of_readings_is_not_rounded_up():
    assert 0.07 * 100 > 7
    assert percentile(range(1, 101), 0.07) == 7


@pytest.mark.parametrize(("share", "needed"), [(0.5, 20), (0.9, 100), (0.95, 200), (0.99, 1_000), (0.999, 10_000)])
def test_readings_a_launch_needs(share, needed):
    assert readings_needed(share) == needed


@pytest.mark.parametrize("share", [0.0, 1.0, 99])
def test_share_of_a_quantile_is_open(share):
    with pytest.raises(ValueError, match="strictly between"):
        harrell_davis([1.0], share)


def test_share_of_a_percentile_is_a_share():
    with pytest.raises(ValueError, match="between 0 and 1"):
        percentile([1.0], 95)
