"""Statistics of repeated sessions on series with a known answer."""

import numpy as np
import pytest

from perfkit.stats.repeats import (
    SEPARATE,
    autocorrelation,
    largest_spread,
    quantum,
    separation,
    session_spread,
)
from perfkit.stats.sessions import RepeatedSessions, SessionRule, compare_sessions, shrunk, smallest_seen


@pytest.fixture
def draw():
    return np.random.default_rng(20)


@pytest.mark.parametrize("wanted", [-0.5, 0.0, 0.8])
def test_autocorrelation_of_a_known_process(draw, wanted):
    values = [0.0]
    for shock in draw.normal(size=5000):
        values.append(wanted * values[-1] + shock)
    assert autocorrelation([values]) == pytest.approx(wanted, abs=0.04)


def test_autocorrelation_by_hand_and_of_levels_that_differ():
    assert autocorrelation([[1.0, 2.0, 3.0]]) == 0.0
    assert autocorrelation([[1.0, -1.0, 1.0, -1.0]]) == -0.75
    assert autocorrelation([[0.0, 2.0], [100.0, 102.0]]) == -0.5  # a level of its own is no drift
    assert autocorrelation([[5.0, 5.0, 5.0]]) == 0.0


@pytest.mark.parametrize(
    "law", ["normal", "uniform", "exponential", "laplace"], ids=["Gaussian", "even", "skewed", "heavy"]
)
def test_one_mode_is_taken_for_two_in_at_most_a_few_of_a_hundred_samples(draw, law):
    found = [separation(getattr(draw, law)(size=40)) > SEPARATE for _ in range(300)]
    assert np.mean(found) <= 0.03


@pytest.mark.parametrize("share", [0.2, 0.5])
def test_two_modes_are_found(draw, share):
    found = [
        separation(draw.normal(0, 0.01, 60) + 0.1 * (draw.permutation(60) < share * 60)) > SEPARATE for _ in range(50)
    ]
    assert all(found)


def test_outliers_few_values_and_steps_of_a_clock_are_no_modes(draw):
    assert separation([*draw.normal(0, 0.01, 38), 5.0, 6.0]) < SEPARATE
    assert separation([0.0] * 9 + [1.0] * 9) == 0.0
    steps = np.repeat([1.0, 1.1], 20)
    assert separation(steps) > SEPARATE
    assert separation(steps, least=0.1 / 12**0.5) < SEPARATE


def test_the_step_of_a_clock_shows_where_readings_recur(draw):
    assert quantum(np.round(draw.uniform(0, 0.1, 60), 2)) == pytest.approx(0.01)
    assert quantum(draw.uniform(0, 0.1, 60)) == 0.0
    assert quantum([0.3, 0.3, 0.3]) == 0.0
    assert quantum([0.1 + 0.2, 0.3, 0.3 + 4e-17, 0.4, 0.4]) == pytest.approx(0.1)


def test_the_spread_between_sessions_leaves_out_what_launches_explain(draw):
    alone = [session_spread([[draw.normal(0, 0.05, 40) for _ in range(6)]]).tau for _ in range(40)]
    assert np.median(alone) < 0.005  # the sd of a centre of 40 launches is .008
    between = [session_spread([[draw.normal(draw.normal(0, 0.05), 0.02, 40) for _ in range(6)]]).tau for _ in range(40)]
    assert np.sqrt(np.mean(np.square(between))) == pytest.approx(0.05, rel=0.15)


def test_groups_have_means_of_their_own():
    one, other = [[0.0] * 5, [0.2] * 5], [[7.0] * 5, [7.2] * 5]
    assert session_spread([one, other]) == RepeatedSessions(3, pytest.approx(0.02**0.5))
    assert session_spread([one, [[99.0] * 5]]).count == 2
    assert session_spread([]) == RepeatedSessions(1, 0.0)


def test_the_largest_spread_holds_the_true_one_as_often_as_said(draw):
    seen = [RepeatedSessions(4, float(draw.normal(0, 1, 4).std(ddof=1))) for _ in range(4000)]
    assert np.mean([largest_spread(each) > 1 for each in seen]) == pytest.approx(0.8, abs=0.02)
    assert largest_spread(RepeatedSessions(1, 0.0)) == np.inf
    assert largest_spread(RepeatedSessions(3, 0.0)) == 0.0


def test_shrinking_moves_towards_the_prior_as_in_a_comparison(draw):
    base, candidate = draw.normal(0, 0.01, (2, 10))
    rule = SessionRule(0.01, 0.05, 0.1)
    doctor = RepeatedSessions(5, 0.03)
    found = compare_sessions([base], candidate, rule, doctor)
    assert shrunk(0.1, doctor) == found.tau == pytest.approx(((8 * 0.01 + 4 * 0.0009) / 12) ** 0.5)
    assert shrunk(0.0, doctor) < 0.03


def test_what_a_stored_baseline_could_see_agrees_with_the_comparison_itself(draw):
    rule, doctor = SessionRule(0.01, 0.05, 0.02), RepeatedSessions(6, 0.03)
    base, candidate = draw.normal(0, 0.02, (2, 400))
    found = compare_sessions([base], candidate, rule, doctor)
    assert smallest_seen(rule, 0.02, 400, doctor) == pytest.approx(found.tolerance_seen, rel=0.01)
    assert smallest_seen(rule, 0.02, 10, None) > smallest_seen(rule, 0.02, 400, None) > 0.05
