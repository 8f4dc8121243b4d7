import numpy as np
import pytest
from scipy.stats import binom

from perfkit.stats.rates import compare_rates


def test_the_p_value_is_the_conditional_binomial_one():
    said = compare_rates([1, 0, 1, 1, 0], [2, 1, 2, 2, 1])
    assert said.factor == 1.0
    assert said.p_more == pytest.approx(binom.sf(7, 11, 0.5))
    assert said.p_fewer == pytest.approx(binom.sf(2, 11, 0.5))


def test_exposures_may_differ():
    said = compare_rates([1] * 20, [1] * 5)
    assert (said.base_rate, said.candidate_rate) == (1.0, 1.0)
    assert said.p_more == pytest.approx(binom.sf(4, 25, 0.2))


def test_nothing_against_nothing_is_excluded_only_by_exposure():
    few, many = compare_rates([0] * 5, [0] * 5), compare_rates([0] * 500, [0] * 500)
    assert few.p_more == few.p_fewer == 1.0
    assert few.most_rise == pytest.approx(-np.log(0.025) / 5)
    assert many.most_rise < 0.01
    assert few.low == pytest.approx(-few.high)


def test_swapping_the_sides_mirrors_everything():
    one, other = compare_rates([3, 1, 4], [5, 9, 2, 6]), compare_rates([5, 9, 2, 6], [3, 1, 4])
    assert (one.p_more, one.p_fewer) == (other.p_fewer, other.p_more)
    assert (one.low, one.most_rise) == pytest.approx((-other.high, -other.least_rise))


def test_a_ratio_to_be_exceeded_takes_more_evidence():
    assert compare_rates([100] * 9, [120] * 9, ratio=1.1).p_more > compare_rates([100] * 9, [120] * 9).p_more


def test_false_alarms_stay_below_the_level():
    rng = np.random.default_rng(5)  # 4000 comparisons: a level of 1 % has a standard error of .16 %
    alarms = sum(
        compare_rates(rng.poisson(mean, 10), rng.poisson(mean, 10)).p_more <= 0.01
        for mean in (0.2, 2, 30, 500)
        for _ in range(1000)
    )
    assert alarms <= 60


def test_bounds_hold_their_level_for_clustered_counts():
    rng = np.random.default_rng(6)

    def row():
        return rng.negative_binomial(3, 3 / (3 + 20), 12)  # mean 20, variance 153

    missed = sum(not (said := compare_rates(row(), row())).low <= 0 <= said.high for _ in range(1000))
    assert missed <= 35  # nominal 2 %: 20, standard error 4.4


@pytest.mark.parametrize("bad", [[], [-1.0], [float("nan")], [float("inf")]])
def test_what_is_no_count_is_refused(bad):
    with pytest.raises(ValueError, match=r"count|sample"):
        compare_rates([1.0], bad)
    with pytest.raises(ValueError, match="ratio"):
        compare_rates([1.0], [1.0], ratio=0.5)
