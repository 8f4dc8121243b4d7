"""One sample: centre, interval, half width, and the reasons for having none."""

import numpy as np
import pytest

from perfkit.stats.estimate import estimate


def test_ratio_scale_works_on_logarithms():
    values = np.exp(np.arange(-5.0, 6.0))
    found = estimate(values)
    assert found.count == 11
    assert found.median == pytest.approx(1.0)
    assert found.pseudo_median == pytest.approx(1.0)
    assert found.interval.low == pytest.approx(1 / found.interval.high)
    assert found.half_width == pytest.approx(np.log(found.interval.high))


def test_difference_scale_works_on_plain_values_of_any_sign():
    found = estimate(np.arange(-5.0, 6.0), scale="difference")
    assert (found.median, found.pseudo_median) == (0.0, 0.0)
    assert found.half_width == found.interval.high == -found.interval.low


def test_a_change_of_unit_leaves_the_relative_half_width():
    values = np.random.default_rng(2).lognormal(0, 0.03, size=20)
    assert estimate(values * 1e9).half_width == pytest.approx(estimate(values).half_width)


def test_precision_is_held_against_the_half_width():
    found = estimate(np.random.default_rng(3).lognormal(0, 0.03, size=20))
    assert found.is_within(found.half_width)
    assert not found.is_within(found.half_width * 0.99)


@pytest.mark.parametrize("count", [1, 2, 6])
def test_few_values_have_a_centre_and_no_interval(count):
    found = estimate([3.0] * count)
    assert found.pseudo_median == pytest.approx(3.0)
    assert (found.interval, found.half_width, found.without_interval) == (None, None, "too few values")
    assert not found.is_within(1e9)


@pytest.mark.parametrize("odd", [0.0, -2.0])
def test_values_that_have_no_logarithm_keep_their_centre_in_plain_units(odd):
    found = estimate([odd, 4.0, 4.0, 4.0, 4.0, 4.0, 4.0, 4.0])
    assert (found.median, found.pseudo_median) == (4.0, 4.0)
    assert found.interval is None
    assert found.without_interval == "values at or below zero on a ratio scale"


def test_identical_values_have_an_interval_of_no_width():
    found = estimate([5.0] * 8)
    assert found.half_width == 0.0
    assert found.interval.low == pytest.approx(5.0)


@pytest.mark.parametrize("values", [[], [1.0, float("nan")], [1.0, float("inf")]])
def test_no_number_is_an_error_and_never_an_estimate(values):
    with pytest.raises(ValueError, match="a sample"):
        estimate(values)


def test_level_is_a_share():
    with pytest.raises(ValueError, match="level"):
        estimate([1.0], level=98)
