"""Laws of the gate on pairs."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from perfkit.stats.decision import GateRule
from perfkit.stats.gate import Gate, replay
from perfkit.stats.lattice import Lattice
from perfkit.stats.pairs import pair_differences
from perfkit.stats.score import StudentScores
from perfkit.stats.sign_flip import sign_flip_p
from perfkit.stats.walk import Walk

RULE = GateRule(ignore=0.01, tolerance=0.05)
difference = st.floats(-0.3, 0.3, allow_subnormal=False)
times = st.lists(st.tuples(st.floats(0.5, 2.0), st.floats(0.5, 2.0)), min_size=8, max_size=30)


def standing(walk):
    return walk.state, walk.p, walk.values.tolist()


@given(st.lists(difference, min_size=8, max_size=40))
def test_swapping_the_labels_exchanges_regressed_and_improved(differences):
    there, back = Gate(RULE), Gate(RULE)
    for d in differences:
        if there.decision is None and back.decision is None:
            there.add(d)
            back.add(-d)
    assert standing(there.regressed) == standing(back.improved)
    assert standing(there.improved) == standing(back.regressed)


@given(times, st.integers(-20, 20))
def test_a_change_of_unit_changes_nothing(pairs, power):
    base, candidate = np.array(pairs).T
    settings = {"scale": "ratio", "higher_is_better": False}
    plain = pair_differences(base, candidate, **settings)
    scaled = pair_differences(base * 2.0**power, candidate * 2.0**power, **settings)
    assert replay(scaled, RULE, out_of_time=True) == replay(plain, RULE, out_of_time=True)


@given(times)
def test_higher_is_better_mirrors(pairs):
    base, candidate = np.array(pairs).T
    worse = pair_differences(base, candidate, scale="ratio", higher_is_better=False)
    assert (pair_differences(base, candidate, scale="ratio", higher_is_better=True) == -worse).all()


@given(st.lists(difference, min_size=18, max_size=18), st.randoms(use_true_random=False))
def test_order_between_two_looks_does_not_matter(differences, random):
    looks = (0, 8, 10, 12, 15, 18)
    parts = [differences[start:end] for start, end in pairwise(looks)]
    shuffled = [d for part in parts for d in random.sample(part, len(part))]
    one, other = replay(differences, RULE, out_of_time=True), replay(shuffled, RULE, out_of_time=True)
    assert (one.outcome, one.reason, one.pairs, one.interval) == (
        other.outcome,
        other.reason,
        other.pairs,
        other.interval,
    )
    for name in ("p_regressed", "p_improved", "p_unchanged"):
        p, again = getattr(one, name), getattr(other, name)
        assert p == (None if again is None else pytest.approx(again, rel=1e-9))


@given(st.lists(st.tuples(st.integers(0, 60), st.booleans()), min_size=1, max_size=15), st.integers(0, 240))
def test_one_more_pair_on_the_side_of_the_claim_never_raises_the_tail(pairs, score):
    lattice = Lattice()
    for size, positive in pairs:
        lattice.add(size, positive=positive)
    before = lattice.tail()
    lattice.add(score, positive=True)
    assert lattice.tail() <= before


@given(st.lists(st.tuples(st.integers(0, 60), st.booleans()), min_size=1, max_size=20), st.floats(0.0, 0.4))
def test_a_look_crosses_no_more_than_it_may_and_keeps_the_rest(pairs, allowed):
    lattice = Lattice()
    for size, positive in pairs:
        lattice.add(size, positive=positive)
    if not lattice.look(allowed):
        assert lattice.crossed <= allowed * (1 + 1e-8)
        assert lattice.crossed + lattice._mass.sum() == pytest.approx(1.0)
        assert lattice.crossed + lattice.tail() > allowed


@given(st.lists(st.floats(0.0, 1.0, allow_subnormal=False), min_size=1, max_size=60))
def test_scores_are_whole_bounded_and_from_magnitudes_alone(magnitudes):
    assume(max(magnitudes) > 1e-6)
    scores = StudentScores(0.04).of_new(np.array(magnitudes), 0)
    assert scores.max() == 60
    assert scores.min() >= 0
    assert (scores[np.array(magnitudes) == 0] == 0).all()


@given(st.lists(difference, min_size=7, max_size=40), st.booleans())
def test_a_p_is_a_probability_and_fits_its_verdict(values, close):
    walk = Walk(0.05, StudentScores(0.02), lambda _: 40, first=6, cap=40)
    for value in values:
        walk.add(value)
    if close:
        walk.close()
    if walk.p is not None:
        assert 0 < walk.p <= 1 + 1e-12
        assert (walk.state.value == "rejected") is (walk.p <= 0.05 * (1 + 1e-8))


@given(st.integers(7, 100), st.floats(0.5, 2.0))
def test_identical_sides_are_unchanged(pairs, value):
    differences = pair_differences([value] * pairs, [value] * pairs, scale="ratio", higher_is_better=False)
    found = replay(differences, RULE, out_of_time=True)
    assert (found.outcome, found.p_regressed, found.estimate) == ("unchanged", 1.0, 0.0)


@given(st.lists(difference, min_size=1, max_size=30))
def test_fixed_sample_p_does_not_know_the_labels(differences):
    p = sign_flip_p(differences)
    assert 0 < p <= 1
    assert sign_flip_p([-d for d in differences]) == pytest.approx(p)
