"""The comparison with a stored baseline: formulas by hand, sources of τ, and the published error rates."""

from math import exp, inf, log, sqrt
from statistics import median, pvariance, variance

import numpy as np
import pytest
from scipy.stats import norm, t

from perfkit.stats.sessions import RepeatedSessions, SessionRule, compare_sessions

RULE = SessionRule(ignore=0.01, tolerance=0.05, tau_prior=0.02)


def centre(values):
    return median((a + b) / 2 for i, a in enumerate(values) for b in values[i:])


def sessions_of(rng, tau, count, launches=10, sd=0.03, shift=0.0):
    return [shift + rng.normal(0, tau) + rng.normal(0, sd, size=launches) for _ in range(count)]


def test_one_base_session_by_hand():
    base, candidate = [0.0, 0.01, 0.03, -0.02, 0.005], [0.11, 0.14, 0.12, 0.15, 0.09, 0.13]
    found = compare_sessions([base], candidate, RULE)
    pooled = 1.05 * (pvariance(base) * 5 + pvariance(candidate) * 6) / 9
    error = sqrt(0.02**2 * 2 + pooled / 6 + pooled / 5)
    difference = centre(candidate) - centre(base)
    assert found.difference == pytest.approx(difference)
    assert found.standard_error == pytest.approx(error)
    assert found.p_regressed == pytest.approx(norm.sf((difference - 0.01) / error))
    assert found.p_improved == pytest.approx(norm.sf((-difference - 0.01) / error))
    assert (found.low, found.high) == pytest.approx(
        (difference - norm.ppf(0.99) * error, difference + norm.ppf(0.99) * error)
    )
    assert found.tolerance_seen == pytest.approx(0.01 + (norm.ppf(0.99) + norm.ppf(0.95)) * error)
    assert (found.degrees, found.tau, found.tau_source) == (inf, 0.02, "prior")
    assert (found.base_count, found.candidate_count, found.session_count) == (5, 6, 1)
    assert found.suspected
    assert not (found.improved)
    assert not (found.unchanged)


def test_three_base_sessions_lend_their_spread():
    rng = np.random.default_rng(1)
    base, candidate = sessions_of(rng, 0.05, 3, launches=7), rng.normal(0, 0.03, size=9)
    found = compare_sessions(base, candidate, RULE)
    pooled = 1.05 * sum(np.var(s) * len(s) for s in (*base, candidate)) / (6 * 3 + 8)
    within = pooled / 7
    observed = max(0.0, variance([centre(s) for s in base]) - within)
    tau = sqrt((8 * 0.02**2 + 2 * observed) / 10)
    error = sqrt(tau**2 * 4 / 3 + pooled / 9 + within / 3)
    assert (found.tau_source, found.degrees) == ("baseline sessions", 10)
    assert found.tau == pytest.approx(tau)
    assert found.standard_error == pytest.approx(error)
    assert found.p_regressed == pytest.approx(t.sf((found.difference - 0.01) / error, 10))


def test_doctor_goes_before_the_baselines_own_sessions():
    base = sessions_of(np.random.default_rng(2), 0.05, 4)
    found = compare_sessions(base[:3], base[3], RULE, RepeatedSessions(5, 0.04))
    assert (found.tau_source, found.degrees) == ("doctor", 12)
    assert found.tau == pytest.approx(sqrt((8 * 0.02**2 + 4 * 0.04**2) / 12))


def test_two_sessions_of_doctor_are_not_enough():
    base = sessions_of(np.random.default_rng(2), 0.05, 2)
    assert compare_sessions(base[:1], base[1], RULE, RepeatedSessions(2, 0.04)).tau_source == "prior"


def test_sessions_closer_than_their_own_noise_show_no_spread():
    session = np.linspace(-0.05, 0.05, 11)
    found = compare_sessions([session, session, session], session, RULE)
    assert found.tau == pytest.approx(sqrt(8 * 0.02**2 / 10))


def test_a_precise_comparison_holds_the_budget_itself():
    rule = SessionRule(ignore=0.01, tolerance=0.05, tau_prior=0.001)
    session = np.linspace(-0.005, 0.005, 11)
    same = compare_sessions([session], session, rule)
    assert same.unchanged
    assert same.tolerance_seen == 0.05
    faster = compare_sessions([session], session - 0.1, rule)
    assert faster.improved
    assert not faster.suspected


def test_a_blind_comparison_is_never_unchanged():
    rule = SessionRule(ignore=0.01, tolerance=0.05, tau_prior=0.10)
    session = np.linspace(-0.005, 0.005, 11)
    found = compare_sessions([session], session, rule)
    assert exp(found.tolerance_seen) > 1.35
    assert not (found.suspected)
    assert not (found.improved)
    assert not (found.unchanged)
    wide = SessionRule(ignore=0.01, tolerance=0.05, tau_prior=0.10, widest=inf)
    assert compare_sessions([session], session, wide).unchanged


@pytest.mark.parametrize(("shift", "suspected"), [(0.02, True), (0.01, False), (0.0, False)])
def test_without_any_spread_the_difference_itself_decides(shift, suspected):
    rule = SessionRule(ignore=0.01, tolerance=0.05, tau_prior=0.0)
    found = compare_sessions([[0.0] * 5], [shift] * 5, rule)
    assert found.suspected is suspected
    assert found.p_regressed == (0.0 if suspected else 1.0)
    assert found.low == found.high == shift


@pytest.mark.parametrize("level", [0.01, 0.0005])
def test_the_level_is_the_findings_own(level):
    rule = SessionRule(ignore=0.01, tolerance=0.05, tau_prior=0.02, alpha=level)
    session = np.linspace(-0.03, 0.03, 10)
    found = compare_sessions([session], session + 0.09, rule)
    assert found.suspected is (found.p_regressed <= level) is (level == 0.01)


def test_what_cannot_be_compared_is_refused():
    good = [0.0, 0.1, 0.2, 0.3, 0.4]
    with pytest.raises(ValueError, match="at least 5 launches"):
        compare_sessions([good[:4]], good, RULE)
    with pytest.raises(ValueError, match="at least 5 launches"):
        compare_sessions([good], good[:4], RULE)
    with pytest.raises(ValueError, match="base session"):
        compare_sessions([], good, RULE)
    with pytest.raises(ValueError, match="finite"):
        compare_sessions([good], [*good, float("nan")], RULE)


@pytest.mark.parametrize(
    "wrong",
    [
        {"ignore": -0.01},
        {"tolerance": 0.01},
        {"tau_prior": -0.1},
        {"alpha": 1.0},
        {"beta": 0.0},
        {"level": 98},
    ],
)
def test_a_rule_that_makes_no_sense_is_refused(wrong):
    with pytest.raises(ValueError, match=r"rule needs|lie between"):
        SessionRule(**({"ignore": 0.01, "tolerance": 0.05, "tau_prior": 0.02} | wrong))


def share_suspected(*, tau, shift=0.0, sessions=1, count=4_000, seed=12):
    rng = np.random.default_rng(seed)
    suspected = 0
    for _ in range(count):
        base = sessions_of(rng, tau, sessions)
        (candidate,) = sessions_of(rng, tau, 1, shift=shift)
        suspected += compare_sessions(base, candidate, RULE).suspected
    return suspected / count


@pytest.mark.parametrize(
    ("tau", "sessions", "low", "high"),
    [(0.0, 1, 0, 0), (0.01, 1, 0, 0.001), (0.02, 1, 0.002, 0.008), (0.04, 1, 0.062, 0.088), (0.04, 3, 0.022, 0.038)],
)
def test_false_alarms_of_the_screen(tau, sessions, low, high):
    # Published: 0 / 0 / .5 / 7.5 % and 3 %; the bounds are three standard errors of 4,000 comparisons.
    assert low <= share_suspected(tau=tau, sessions=sessions) <= high


@pytest.mark.parametrize(
    ("percent", "tau", "sessions", "low", "high"),
    [
        (25, 0.04, 1, 0.985, 1.0),
        (25, 0.02, 3, 0.995, 1.0),
        (10, 0.02, 1, 0.627, 0.733),
        (10, 0.02, 3, 0.627, 0.733),
        (5, 0.02, 1, 0.095, 0.146),
        (5, 0.02, 3, 0.095, 0.146),
    ],
)
def test_power_of_the_screen(percent, tau, sessions, low, high):
    # Published: ≥ 99 %, 65-71 % and 11-13 %; the bounds are three standard errors of 4,000 comparisons.
    found = share_suspected(tau=tau, sessions=sessions, shift=log(1 + percent / 100))
    assert low <= found <= high
