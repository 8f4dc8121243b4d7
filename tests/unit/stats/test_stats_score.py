"""Scores of pairs against the likelihood they stand for."""

import numpy as np
import pytest
from scipy.stats import t

from perfkit.stats.score import CountScores, StudentScores, spread, student_scores


def test_spread_of_gaussian_values_is_their_sd():
    # 100,000 values: standard error .3 %.
    values = np.abs(np.random.default_rng(1).normal(0, 3.0, size=100_000))
    assert spread(values) == pytest.approx(3.0, rel=0.02)


def test_spread_by_hand():
    # med 3, deviations 2 1 0 1 97: MAD 1; 3/.6745 = 4.45 against 1/.399 = 2.51.
    assert spread(np.array([1.0, 2.0, 3.0, 4.0, 100.0])) == pytest.approx(1 / 0.399)
    # An even count: med 2.5, deviations 1.5 .5 .5 1.5: MAD 1.
    assert spread(np.array([1.0, 2.0, 3.0, 4.0])) == pytest.approx(1 / 0.399)


def test_spread_has_two_floors():
    assert spread(np.full(8, 5.0)) == pytest.approx(0.15 * 5.0 / 0.6745)
    assert spread(np.zeros(8)) == 1e-12


def test_spread_counts_zeros():
    assert spread(np.array([0.0, 0.0, 0.0, 1.0])) == 1e-12


@pytest.mark.parametrize(("scale", "gap", "distance"), [(0.02, 0.04, 0.04), (0.2, 0.04, 0.05)])
def test_score_is_the_log_likelihood_ratio_of_student_t(scale, gap, distance):
    x = np.linspace(0, 1, 9)
    expected = t.logpdf((x - distance) / scale, 4) - t.logpdf((x + distance) / scale, 4)
    assert student_scores(x, scale, gap) == pytest.approx(expected, abs=1e-12)


def test_an_outlier_counts_less_than_an_ordinary_pair():
    ordinary, outlier = student_scores(np.array([2.0, 50.0]), 1.0, 1.0)
    assert outlier < ordinary / 5


def test_the_largest_score_of_the_first_look_is_sixty_and_the_unit_stays():
    magnitudes = np.array([0.0, 0.01, 0.02, 0.03, 0.05, 0.02, 0.01, 0.04])
    scores = StudentScores(0.04)
    first = scores.of_new(magnitudes, 0)
    assert first.max() == 60
    assert first[0] == 0
    more = np.concatenate([magnitudes, [0.02, 0.02]])
    raw_first = student_scores(magnitudes, spread(magnitudes), 0.04)
    raw_new = student_scores(more[8:], spread(more), 0.04)
    assert scores.of_new(more, 8).tolist() == np.rint(raw_new * 60 / raw_first.max()).tolist()


def test_no_score_exceeds_its_bound():
    scores = StudentScores(0.01)
    scores.of_new(np.full(8, 1e3), 0)
    quiet = np.concatenate([np.full(8, 1e3), np.full(30, 0.01)])
    assert scores.of_new(quiet, 8).max() == 240


def test_magnitudes_beyond_the_reach_of_doubles_are_ties():
    assert StudentScores(0.04).of_new(np.array([1e-300, 0.0]), 0).tolist() == [0, 0]


def test_counts_are_their_own_scores():
    scores = CountScores()
    assert scores.of_new(np.array([3.0, 0.0, 240.0]), 0).tolist() == [3, 0, 240]
    assert scores.of_new(np.array([3.0, 0.0, 240.0, 500.0]), 3).tolist() == [240]


def test_large_counts_are_scaled_down_together():
    scores = CountScores()
    assert scores.of_new(np.array([4_800.0, 2_400.0]), 0).tolist() == [240, 120]
