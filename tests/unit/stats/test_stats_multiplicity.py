"""Sharing an error rate over a family, and ranking an informational table."""

import numpy as np
import pytest

from perfkit.stats.multiplicity import benjamini_hochberg, bonferroni_levels


def test_levels_follow_the_weights_and_add_up_to_alpha():
    assert bonferroni_levels(0.01, [1, 1, 2]) == pytest.approx([0.0025, 0.0025, 0.005])
    assert bonferroni_levels(0.01, np.ones(20)).tolist() == pytest.approx([0.0005] * 20)


@pytest.mark.parametrize("weights", [[], [1.0, 0.0], [1.0, -1.0], [float("inf")], [[1.0]]])
def test_weights_are_positive(weights):
    with pytest.raises(ValueError, match="weights"):
        bonferroni_levels(0.01, weights)


def test_alpha_is_a_share():
    with pytest.raises(ValueError, match="alpha"):
        bonferroni_levels(1.0, [1])


def test_adjusted_p_values_by_the_definition():
    p = [0.01, 0.04, 0.03, 0.5]
    expected = []
    for value in p:
        candidates = [q * 4 / rank for rank, q in enumerate(sorted(p), 1) if q >= value]
        expected.append(min(1.0, *candidates))
    assert benjamini_hochberg(p) == pytest.approx(expected)
    assert expected == pytest.approx([0.04, 0.16 / 3, 0.16 / 3, 0.5])


def test_nothing_to_adjust():
    assert benjamini_hochberg([]).size == 0


def test_adjusted_p_values_never_exceed_one():
    assert benjamini_hochberg([0.9, 1.0, 0.95]).max() <= 1.0


def test_p_values_are_probabilities():
    with pytest.raises(ValueError, match="p-values"):
        benjamini_hochberg([0.5, 1.5])


def test_false_share_among_the_listed_is_held():
    # 1,000 tables of 20 with 10 true nulls at q = 10 %: expected false share 5 %; standard error .4 %.
    rng = np.random.default_rng(11)
    shares = []
    for _ in range(1_000):
        p = np.concatenate([rng.uniform(size=10), rng.uniform(size=10) ** 6])
        listed = benjamini_hochberg(p) <= 0.10
        shares.append(listed[:10].sum() / max(1, listed.sum()))
    assert np.mean(shares) <= 0.065
