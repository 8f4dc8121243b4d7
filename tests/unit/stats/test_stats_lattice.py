"""The lattice and its boundary against an enumeration of every pattern of signs."""

from fractions import Fraction
from itertools import product

import numpy as np
import pytest

from perfkit.stats.lattice import Lattice
from perfkit.stats.sign_flip import sign_flip_p


def boundary_by_enumeration(scores, looks, allowed):
    """At each look: the mass crossed so far, and the lowest sum of signed scores that rejects; exact fractions."""
    alive = [(Fraction(1, 2 ** len(scores)), signs) for signs in product((-1, 1), repeat=len(scores))]
    crossed, found = Fraction(0), []
    for look, limit in zip(looks, allowed, strict=True):
        at = {}
        for mass, signs in alive:
            total = sum(sign * score for sign, score in zip(signs[:look], scores[:look], strict=True))
            at.setdefault(total, []).append((mass, signs))
        boundary = None
        for total in sorted(at, reverse=True):
            mass = sum(mass for mass, _ in at[total])
            if crossed + mass > Fraction(limit) * (1 + Fraction(1, 10**9)):
                break
            crossed, boundary = crossed + mass, total
            del at[total]
        alive = [pattern for patterns in at.values() for pattern in patterns]
        found.append((crossed, boundary))
    return found


@pytest.mark.parametrize("seed", range(4))
def test_boundary_is_that_of_all_patterns(seed):
    rng = np.random.default_rng(seed)
    count, looks = 13, (8, 10, 12, 13)
    scores = rng.integers(0, 61, size=count).tolist()
    allowed = [level * share for level in (0.05,) for share in (0.42, 0.6, 0.8, 1.0)]
    expected = boundary_by_enumeration(scores, looks, allowed)
    for signs in rng.choice([-1, 1], size=(60, count)):
        lattice, start = Lattice(), 0
        for look, limit, (crossed, boundary) in zip(looks, allowed, expected, strict=True):
            for score, sign in zip(scores[start:look], signs[start:look], strict=True):
                lattice.add(score, positive=sign > 0)
            start = look
            total = int(np.dot(scores[:look], signs[:look]))
            assert lattice.look(limit) is (boundary is not None and total >= boundary)
            if boundary is not None and total >= boundary:
                break
            assert lattice.crossed == pytest.approx(float(crossed), rel=1e-12, abs=1e-15)


def test_whole_lattice_is_the_law_of_all_sixteen_pairs():
    rng = np.random.default_rng(9)
    scores = rng.integers(0, 30, size=16)
    signs = np.array(list(product((-1, 1), repeat=16)))
    sums = signs @ scores
    for observed in signs[:: 16 * 257]:
        lattice = Lattice()
        for score, sign in zip(scores, observed, strict=True):
            lattice.add(int(score), positive=sign > 0)
        assert lattice.tail() == pytest.approx(np.mean(sums >= observed @ scores), rel=1e-12)


def test_atoms_go_whole():
    lattice = Lattice()
    for positive in (True, False, True):
        lattice.add(1, positive=positive)
    # P(U = 3) = 1/8, P(U >= 2) = 4/8: room for .3 takes the first only.
    assert not lattice.look(0.3)
    assert lattice.crossed == 0.125
    assert lattice.tail() == 0.375


def test_a_tail_that_equals_its_room_rejects():
    lattice = Lattice()
    for _ in range(8):
        lattice.add(1, positive=True)
    assert lattice.look(2.0**-8)


def test_a_tie_carries_nothing():
    lattice = Lattice()
    lattice.add(0, positive=True)
    assert lattice.tail() == 1.0


def test_fixed_sample_p_counts_all_patterns():
    differences = np.array([0.03, -0.01, 0.02, 0.05, 0.04, 0.015, -0.002, 0.06, 0.01])
    from perfkit.stats.score import StudentScores

    scores = StudentScores(0.0).of_new(np.abs(differences), 0)
    sums = np.array(list(product((-1, 1), repeat=9))) @ scores
    observed = np.sign(differences) @ scores
    assert sign_flip_p(differences) == pytest.approx(2 * np.mean(sums >= observed))
    assert sign_flip_p(-differences) == sign_flip_p(differences)


def test_fixed_sample_p_of_no_difference_is_one():
    assert sign_flip_p(np.zeros(12)) == 1.0
    assert sign_flip_p([1.0, -1.0]) == 1.0
