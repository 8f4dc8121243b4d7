"""Slopes over time, and whether they are leaks."""

import numpy as np
import pytest

from perfkit.stats.leaks import read_leak
from perfkit.stats.slopes import autocorrelation_time, slope_interval, theil_sen, thinned

SECONDS = np.arange(0.0, 60.0, 0.1)


def dependent(size, correlation, seed):
    """An AR(1) row of unit variance."""
    draw = np.random.default_rng(seed)
    row = np.empty(size)
    row[0] = draw.normal()
    for i in range(1, size):
        row[i] = correlation * row[i - 1] + np.sqrt(1 - correlation**2) * draw.normal()
    return row


def test_a_line_has_its_slope_and_an_interval_of_no_width():
    row = 5.0 + 3.0 * SECONDS[:100]
    assert theil_sen(SECONDS[:100], row) == pytest.approx(3.0)
    found = slope_interval(SECONDS[:100], row, seed=1)
    assert (found.low, found.high) == (pytest.approx(3.0), pytest.approx(3.0))


def test_a_quarter_of_outliers_moves_the_slope_little():
    row = 2.0 * SECONDS[:200]
    row[::4] += 1000.0 * np.random.default_rng(3).random(50)
    assert theil_sen(SECONDS[:200], row) == pytest.approx(2.0, rel=0.1)


def test_the_interval_holds_for_readings_that_depend_on_their_neighbours():
    # 40 rows whose true slope is 0, nominally 95 %, neighbours correlated by .8: blocks cover it in 9 of 10, their
    # residuals drawn one by one do in 4 of 10.
    at = np.arange(100.0)
    rows = [dependent(100, 0.8, seed) for seed in range(40)]
    covered = sum(i.low <= 0 <= i.high for i in (slope_interval(at, row, seed=7, rounds=100) for row in rows))
    assert covered >= 0.8 * len(rows)


def test_the_autocorrelation_time_of_an_ar1_row_is_known():
    assert autocorrelation_time(dependent(4_000, 0.8, 5)) == pytest.approx(1.8 / 0.2, rel=0.25)
    assert autocorrelation_time(np.random.default_rng(2).normal(size=4_000)) == pytest.approx(1.0, abs=0.2)
    assert autocorrelation_time([1.0, 1.0, 1.0]) == 1.0


def test_thinning_keeps_the_line():
    at, row = thinned(SECONDS, 4.0 * SECONDS, most=50)
    assert at.size == 50
    assert theil_sen(at, row) == pytest.approx(4.0)


@pytest.mark.parametrize(
    ("times", "values", "message"),
    [([0, 1], [0, 1], "takes 3 points"), ([0, 1, 1], [0, 1, 2], "must rise"), ([0, 1, 2], [0, 1], "3 times and 2")],
)
def test_what_has_no_slope_is_refused(times, values, message):
    with pytest.raises(ValueError, match=message):
        theil_sen(times, values)


def test_the_seed_decides_the_interval():
    row = SECONDS + np.random.default_rng(4).normal(size=SECONDS.size)
    at, row = thinned(SECONDS, row)
    assert slope_interval(at, row, seed=1) == slope_interval(at, row, seed=1)
    assert slope_interval(at, row, seed=1) != slope_interval(at, row, seed=2)


def test_steady_growth_is_a_leak():
    noise = 50e3 * dependent(SECONDS.size, 0.9, 8)
    leak = read_leak(SECONDS, 60e6 + 500e3 * SECONDS + noise, seed=1)
    assert leak.found
    assert leak.slope == pytest.approx(500e3, rel=0.02)
    assert leak.interval.low <= 500e3 <= leak.interval.high


@pytest.mark.parametrize(
    ("sizes", "why"),
    [
        (60e6 + 0 * SECONDS, "flat"),
        (60e6 + 10e3 * SECONDS, "less than 1 MiB in all"),
        (900e6 + 50e3 * SECONDS, "less than 2 %"),
        (60e6 + 30e6 * np.minimum(SECONDS / 25, 1.0), "it stops: the second half does not rise"),
        (60e6 + 30e6 * (1 - np.exp(-SECONDS / 10)), "it levels off"),
        (60e6 - 500e3 * SECONDS, "it falls"),
    ],
)
def test_what_is_no_leak(sizes, why):
    assert not read_leak(SECONDS, sizes, seed=1).found, why


def test_noise_without_growth_is_hardly_ever_a_leak():
    # 6 rows whose level wanders by 5 MB: a false alarm takes an interval above 0 and both halves rising.
    rows = [60e6 + 5e6 * dependent(SECONDS.size, 0.95, seed) for seed in range(6)]
    assert sum(read_leak(SECONDS, row, seed=3).found for row in rows) <= 1


def test_too_few_readings_have_no_leak():
    with pytest.raises(ValueError, match="it takes 20"):
        read_leak(SECONDS[:10], SECONDS[:10], seed=1)
