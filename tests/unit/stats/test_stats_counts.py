"""The gate on counts of events."""

import numpy as np
import pytest
from scipy.stats import gamma

from perfkit.stats.counts import CountGate, CountRule, rise_bound


def decide(base, candidate, rule):
    gate = CountGate(rule)
    for pair in zip(base, candidate, strict=True):
        if (decision := gate.add(*pair)) is not None:
            return decision
    return gate.close()


def test_bound_by_the_formula():
    base, candidate = np.array([0.0, 1, 4, 0, 0, 9]), np.array([2.0, 0, 0, 7, 1, 0])
    factor = (base.var(ddof=1) + candidate.var(ddof=1)) / (base.mean() + candidate.mean())
    assert factor > 1
    high = factor * gamma.ppf(0.9875, candidate.sum() / factor + 1) / 6
    low = factor * gamma.ppf(0.25, base.sum() / factor) / 6
    assert rise_bound(base, candidate, 0.0125) == pytest.approx(high - low)


def test_bound_of_silence():
    silence = np.zeros(88)
    assert rise_bound(silence, silence, 0.0125) == pytest.approx(-np.log(0.0125) / 88)


def test_silence_takes_an_exposure_that_the_tolerance_asks_for():
    rule = CountRule(tolerance=0.05)
    long = decide([0] * 100, [0] * 100, rule)
    assert (long.outcome, long.pairs) == ("unchanged", 100)
    assert long.p_regressed == 1.0
    short = decide([0] * 80, [0] * 80, rule)
    assert (short.outcome, short.reason) == ("inconclusive", "exposure too short")
    early = decide([0] * 100, [0] * 100, CountRule(tolerance=0.6))
    assert (early.outcome, early.pairs, early.p_regressed) == ("unchanged", 8, None)


def test_more_dropouts_in_every_launch_are_a_regression():
    found = decide([0] * 8, [1, 2, 1, 3, 1, 1, 2, 1], CountRule(tolerance=0.5))
    assert (found.outcome, found.p_regressed, found.pairs) == ("regressed", 2.0**-8, 8)
    assert (found.base_rate, found.candidate_rate) == (0.0, 1.5)
    assert found.p_improved is None


def test_fewer_dropouts_are_an_improvement_where_the_gate_stops():
    found = decide([9] * 8, [0, 1, 0, 2, 0, 0, 1, 0], CountRule(tolerance=0.5))
    assert (found.outcome, found.p_improved, found.pairs) == ("improved", 2.0**-8, 8)


def test_ties_carry_nothing():
    found = decide([3] * 30, [3] * 30, CountRule(tolerance=0.01, cap=30))
    assert found.p_regressed == 1.0
    assert found.outcome == "inconclusive"


def test_noise_that_hides_the_tolerance_is_named_so():
    rng = np.random.default_rng(1)
    found = decide(rng.poisson(20, 100).tolist(), rng.poisson(20, 100).tolist(), CountRule(tolerance=0.2))
    assert (found.outcome, found.reason) == ("inconclusive", "noise")
    assert found.rise_bound > 0.2


def test_false_regressions_keep_their_level():
    # 2,000 gates on overdispersed counts without a change at 1 %: standard error .22 %.
    rng = np.random.default_rng(2)
    wrong = 0
    for _ in range(2_000):
        rates = rng.gamma(1.0, 2.0, size=(2, 40))
        base, candidate = rng.poisson(rates).tolist()
        wrong += decide(base, candidate, CountRule(tolerance=0.1, cap=40)).outcome == "regressed"
    assert wrong / 2_000 <= 0.01 + 3 * 0.0022


def test_false_unchanged_keeps_its_level_about():
    # 2,000 gates where the candidate has exactly δ more: 5 % nominal, approximate by its nature; standard error .5 %.
    rng = np.random.default_rng(3)
    wrong = 0
    for _ in range(2_000):
        base, candidate = rng.poisson(1.0, size=27), rng.poisson(2.5, size=27)
        found = decide(base.tolist(), candidate.tolist(), CountRule(tolerance=1.5, cap=27))
        wrong += found.outcome == "unchanged"
    assert wrong / 2_000 <= 0.076


def test_a_decided_gate_takes_no_more_pairs():
    gate = CountGate(CountRule(tolerance=0.6))
    found = [gate.add(0, 0) for _ in range(8)][-1]
    assert gate.close() is found
    with pytest.raises(ValueError, match="has decided"):
        gate.add(0, 0)


def test_what_cannot_be_judged_is_refused():
    with pytest.raises(ValueError, match="negative"):
        CountGate(CountRule(tolerance=1)).add(0, -1)
    gate = CountGate(CountRule(tolerance=1))
    gate.add(0, 0)
    with pytest.raises(ValueError, match="two pairs"):
        gate.close()


@pytest.mark.parametrize("wrong", [{"tolerance": 0}, {"tolerance": float("inf")}, {"alpha": 0}, {"cap": 0}])
def test_a_rule_that_makes_no_sense_is_refused(wrong):
    with pytest.raises(ValueError, match=r"tolerance above|lie between|cap of one"):
        CountRule(**({"tolerance": 1.0} | wrong))
