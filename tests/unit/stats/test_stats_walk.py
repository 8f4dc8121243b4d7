"""One walk: its level and its p-value, exactly over all patterns of signs and by simulation."""

from itertools import product

import numpy as np
import pytest

from perfkit.stats.score import StudentScores
from perfkit.stats.walk import State, Walk


def walk_over(values, *, level=0.05, first=6, cap=100, last=None, close=False):
    walk = Walk(level, StudentScores(0.02), lambda _: last or cap, first=first, cap=cap)
    for value in values:
        walk.add(value)
    if close:
        walk.close()
    return walk


def exact(magnitudes, **settings):
    """States and p of the walk under every pattern of signs."""
    walks = [walk_over(np.array(signs) * magnitudes, **settings) for signs in product((-1, 1), repeat=len(magnitudes))]
    return np.array([walk.state is State.REJECTED for walk in walks]), np.array([walk.p for walk in walks])


@pytest.mark.parametrize(("seed", "close"), [(1, False), (2, False), (3, True)])
def test_level_and_p_hold_exactly_over_all_patterns(seed, close):
    magnitudes = np.abs(np.random.default_rng(seed).standard_t(3, size=11)) * 0.03
    cap = 15 if close else 11
    rejected, p = exact(magnitudes, cap=cap, close=close)
    assert 0.02 < rejected.mean() <= 0.05
    for u in np.unique(p):
        assert np.mean(p <= u) <= u * (1 + 1e-9)
    assert (p[rejected] <= 0.05 * (1 + 1e-9)).all()
    assert (p[~rejected] > 0.05).all() or close


@pytest.mark.parametrize("law", ["gaussian", "cauchy", "growing"])
def test_p_is_never_too_small_too_often(law):
    # 3,000 walks: at u = 1 % and 5 % the standard errors are .18 and .4 %; bounds at u plus three of them.
    rng = np.random.default_rng(4)
    rows = rng.standard_cauchy((3_000, 40)) if law == "cauchy" else rng.normal(size=(3_000, 40))
    rows = rows * 0.05 * (np.linspace(0.2, 3, 40) if law == "growing" else 1.0)
    walks = [walk_over(row, level=0.05, cap=40) for row in rows]
    p = np.array([walk.p for walk in walks])
    for u, slack in ((0.01, 0.0055), (0.05, 0.012), (0.3, 0.026)):
        assert np.mean(p <= u) <= u + slack
    assert np.mean([walk.state is State.REJECTED for walk in walks]) <= 0.05 + 0.012


def test_pairs_that_agree_reject_at_the_first_look():
    walk = walk_over([0.03] * 8, level=0.01, first=8)
    assert (walk.state, walk.p) == (State.REJECTED, 2.0**-8)


def test_a_rejected_walk_takes_no_more_pairs():
    walk = walk_over([0.03] * 9, level=0.01, first=8)
    assert walk.values.size == 8


def test_a_walk_ends_undecided_at_its_last_look():
    values = np.resize([0.03, -0.03], 50)
    walk = walk_over(values, last=40)
    assert walk.state is State.UNDECIDED
    assert walk.values.size == 40
    assert 0.4 < walk.p <= 1


def test_looks_at_nothing_but_zeros_do_not_count():
    walk = walk_over([0.0] * 18, cap=22)
    assert (walk.state, walk.p) == (State.OPEN, None)
    for value in [0.03] * 4:
        walk.add(value)
    assert walk.state is State.UNDECIDED  # four signs: 1/16 at best
    assert walk.p == 2.0**-4


def test_zeros_alone_end_undecided_at_the_cap():
    walk = walk_over([0.0] * 30, cap=27)
    assert (walk.state, walk.p) == (State.UNDECIDED, 1.0)


def test_a_late_first_look_that_counts_is_never_past_the_last():
    walk = walk_over([*[0.0] * 47, 0.03], last=40)
    assert walk.state is State.UNDECIDED
    assert walk.p == 0.5


def test_the_last_look_out_of_time_may_spend_everything():
    # 7 of 7 at 1 %: 2^-7 = .0078 exceeds .42 % and fits into 1 %.
    walk = walk_over([0.03] * 7, level=0.01, first=8, close=True)
    assert (walk.state, walk.p) == (State.REJECTED, 2.0**-7)


def test_out_of_time_judges_pairs_just_looked_at_once_more():
    values = [0.03, 0.03, 0.03, 0.03, 0.03, -0.001]
    looked = walk_over(values, level=0.05)
    assert looked.state is State.OPEN
    looked.close()
    assert looked.state is State.REJECTED
    assert 0.42 * 0.05 < looked.p <= 0.05


def test_closing_twice_changes_nothing():
    walk = walk_over([0.03] * 5, level=0.01, first=8, close=True)
    before = walk.p
    walk.close()
    assert (walk.state, walk.p) == (State.UNDECIDED, before)
