"""Laws of the statistics of one sample and of unpaired sessions."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from perfkit.stats.estimate import estimate
from perfkit.stats.multiplicity import benjamini_hochberg
from perfkit.stats.pseudo_median import pseudo_median, signed_rank_interval
from perfkit.stats.quantiles import harrell_davis, percentile
from perfkit.stats.sessions import SessionRule, compare_sessions
from perfkit.stats.walsh import walsh_averages, walsh_select

numbers = st.floats(-1e6, 1e6, allow_subnormal=False)
positive = st.floats(1e-6, 1e6)
samples = st.lists(numbers, min_size=1, max_size=40)
launches = st.lists(st.floats(-1.0, 1.0), min_size=5, max_size=15)
RULE = SessionRule(ignore=0.01, tolerance=0.05, tau_prior=0.02)


@given(samples)
def test_pseudo_median_lies_among_the_values_and_flips_with_them(values):
    centre = pseudo_median(values)
    assert min(values) <= centre <= max(values)
    assert pseudo_median([-value for value in values]) == -centre


@given(samples, st.randoms(use_true_random=False))
def test_order_does_not_matter(values, random):
    shuffled = random.sample(values, len(values))
    assert pseudo_median(shuffled) == pseudo_median(values)
    assert signed_rank_interval(shuffled, 0.01) == signed_rank_interval(values, 0.01)


@given(st.lists(numbers, min_size=8, max_size=40))
def test_interval_holds_the_pseudo_median_and_narrows_with_the_level(values):
    wide, narrow = signed_rank_interval(values, 0.005), signed_rank_interval(values, 0.05)
    assert wide.low <= narrow.low <= pseudo_median(values) <= narrow.high <= wide.high


@given(st.lists(numbers, min_size=1, max_size=25), st.data())
def test_search_finds_the_enumerated_average(values, data):
    from perfkit.stats.walsh import _search

    ordered = np.sort(np.array(values))
    rank = data.draw(st.integers(0, len(values) * (len(values) + 1) // 2 - 1))
    assert _search(ordered, rank) == np.sort(walsh_averages(ordered))[rank] == walsh_select(ordered, [rank])[0]


@given(st.lists(positive, min_size=7, max_size=30), st.floats(1e-3, 1e3))
def test_ratio_estimates_follow_a_change_of_unit(values, factor):
    before, after = estimate(values), estimate([value * factor for value in values])
    assert after.pseudo_median == pytest.approx(before.pseudo_median * factor, rel=1e-9)
    assert after.half_width == pytest.approx(before.half_width, rel=1e-9, abs=1e-12)


@given(samples, st.floats(0.01, 0.99), st.floats(0.01, 0.99))
def test_quantiles_lie_among_the_values_and_rise_with_the_share(values, one, other):
    low, high = sorted((one, other))
    slack = 1e-9 * max(abs(value) for value in values)
    assert min(values) - slack <= harrell_davis(values, low) <= harrell_davis(values, high) + slack
    assert percentile(values, low) <= percentile(values, high)
    assert percentile(values, low) in values


@given(st.lists(st.floats(0, 1), min_size=1, max_size=30))
def test_adjusting_only_raises_and_keeps_the_order(p_values):
    adjusted = benjamini_hochberg(p_values)
    assert (adjusted >= np.array(p_values)).all()
    order = np.argsort(p_values, kind="stable")
    assert (np.diff(adjusted[order]) >= 0).all()


@given(launches, launches)
def test_swapping_the_sides_swaps_the_tests(one, other):
    there, back = compare_sessions([one], other, RULE), compare_sessions([other], one, RULE)
    assert back.difference == pytest.approx(-there.difference, abs=1e-12)
    assert back.p_improved == pytest.approx(there.p_regressed, rel=1e-9, abs=1e-12)
    assert back.standard_error == pytest.approx(there.standard_error)


@given(st.lists(launches, min_size=1, max_size=4), launches, st.floats(0, 0.5))
def test_a_slower_candidate_never_looks_less_suspect(base, candidate, shift):
    before = compare_sessions(base, candidate, RULE)
    after = compare_sessions(base, [value + shift for value in candidate], RULE)
    assert after.p_regressed <= before.p_regressed + 1e-9
    assert after.p_improved >= before.p_improved - 1e-9


@given(launches)
def test_the_same_session_twice_is_no_change(session):
    found = compare_sessions([session], session, RULE)
    assert found.difference == 0
    assert not (found.suspected)
    assert not (found.improved)
