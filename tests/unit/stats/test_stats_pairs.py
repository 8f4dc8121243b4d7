"""Differences of pairs: orientation and scale."""

import pytest

from perfkit.stats.pairs import pair_differences


def test_ratio_scale_takes_logarithms():
    found = pair_differences([1.0, 2.0], [2.0, 1.0], scale="ratio", higher_is_better=False)
    assert found == pytest.approx([0.6931471805599453, -0.6931471805599453])


def test_difference_scale_subtracts():
    found = pair_differences([-1.0, 0.0], [1.0, -3.0], scale="difference", higher_is_better=False)
    assert found.tolist() == [2.0, -3.0]


def test_positive_is_worse_where_higher_is_better():
    found = pair_differences([100.0], [50.0], scale="ratio", higher_is_better=True)
    assert found == pytest.approx([0.6931471805599453])


@pytest.mark.parametrize(
    ("base", "candidate", "words"),
    [([1.0], [1.0, 2.0], "two sides"), ([0.0], [1.0], "above zero"), ([1.0], [float("nan")], "finite")],
)
def test_what_makes_no_pair_is_refused(base, candidate, words):
    with pytest.raises(ValueError, match=words):
        pair_differences(base, candidate, scale="ratio", higher_is_better=False)
