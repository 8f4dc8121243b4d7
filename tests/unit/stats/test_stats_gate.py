"""Decisions of the gate on pairs: what stops it, what it says, and the cases that need no walk."""

from math import log1p

import numpy as np
import pytest

from perfkit.stats.decision import GateRule, confirmation
from perfkit.stats.gate import Gate, replay
from perfkit.stats.power import detectable, pair_spread, pairs_needed
from perfkit.stats.pseudo_median import Interval, pseudo_median, sequential_tail, signed_rank_interval
from perfkit.stats.walk import State

RULE = GateRule(ignore=log1p(0.01), tolerance=log1p(0.05))
JITTER = np.resize([0.002, -0.001, 0.0, 0.001, -0.002], 200)


def decide(differences, rule=RULE, **settings):
    return replay(differences, rule, **settings)


def test_a_clear_regression_stops_at_the_first_look():
    found = decide(0.08 + JITTER)
    assert (found.outcome, found.pairs, found.reason, found.basis) == ("regressed", 8, None, "walks")
    assert found.p_regressed == 2.0**-8
    assert found.p_unchanged is None
    assert not found.within_tolerance
    assert found.estimate == pytest.approx(0.08, abs=1e-3)
    assert found.further_pairs == 0


def test_no_change_is_proven_at_the_first_look():
    found = decide(JITTER)
    assert (found.outcome, found.pairs) == ("unchanged", 8)
    assert found.p_unchanged == 2.0**-8
    assert (found.p_regressed, found.p_improved) == (None, None)


def test_a_change_between_the_two_anchors_is_a_regression_within_tolerance():
    found = decide(0.03 + JITTER)
    assert found.outcome == "regressed"
    assert found.within_tolerance


def test_an_improvement_needs_its_own_proof():
    found = decide(-0.08 + JITTER)
    assert (found.outcome, found.p_improved, found.p_unchanged) == ("improved", 2.0**-8, 2.0**-8)
    assert found.interval.high <= -RULE.ignore
    slight = decide(-0.005 + JITTER)
    assert slight.outcome == "unchanged"


def test_interval_ends_at_what_was_proven():
    rng, clipped = np.random.default_rng(8), {"regressed": 0, "improved": 0}
    for _ in range(120):
        skewed = 0.1 - 0.06 * rng.exponential(size=100)
        worse, better = decide(skewed), decide(-skewed)
        if worse.outcome == "regressed":
            plain = signed_rank_interval(skewed[: worse.pairs], sequential_tail(worse.pairs))
            assert worse.interval == Interval(max(plain.low, RULE.ignore), plain.high)
            clipped["regressed"] += plain.low < RULE.ignore
        if better.outcome == "improved":
            plain = signed_rank_interval(-skewed[: better.pairs], sequential_tail(better.pairs))
            assert better.interval == Interval(plain.low, min(plain.high, -RULE.ignore))
            clipped["improved"] += plain.high > -RULE.ignore
    assert min(clipped.values()) >= 1


def test_noise_ends_inconclusive_at_the_last_look_and_says_what_it_would_take():
    differences = np.random.default_rng(3).normal(0.03, 0.25, size=100)
    found = decide(differences)
    assert (found.outcome, found.reason) == ("inconclusive", "noise")
    deviation = pair_spread(differences[: found.pairs])
    assert found.detectable == pytest.approx(detectable(RULE.ignore, deviation, found.pairs, alpha=0.01, beta=0.05))
    needed = pairs_needed(RULE.tolerance - RULE.ignore, deviation, alpha=0.01, beta=0.05)
    assert found.further_pairs == needed - found.pairs > 100
    assert min(found.p_regressed, found.p_improved) > 0.01
    assert found.p_unchanged > 0.05


def test_out_of_time_judges_what_there_is():
    seven = 0.08 + JITTER[:7]
    assert decide(seven) is None
    found = decide(seven, out_of_time=True)
    assert (found.outcome, found.pairs, found.p_regressed) == ("regressed", 7, 2.0**-7)
    assert found.interval is None
    noisy = decide(np.resize([0.3, -0.3, 0.2], 11), out_of_time=True)
    assert (noisy.outcome, noisy.reason, noisy.pairs) == ("inconclusive", "out of time", 11)


def test_fewer_than_seven_pairs_say_nothing():
    found = decide(0.5 + JITTER[:6], out_of_time=True)
    assert (found.outcome, found.reason) == ("inconclusive", "too few pairs")
    assert found.p_regressed is None


def test_identical_sides_are_unchanged_without_a_walk():
    found = decide(np.zeros(100))
    assert (found.outcome, found.basis, found.pairs) == ("unchanged", "identical", 8)
    assert (found.p_regressed, found.p_improved, found.estimate) == (1.0, 1.0, 0.0)
    assert (found.interval.low, found.interval.high) == (0.0, 0.0)
    assert decide(np.zeros(7), out_of_time=True).basis == "identical"


@pytest.mark.parametrize(
    ("difference", "outcome"), [(0.06, "regressed"), (0.04, "unchanged"), (-0.005, "unchanged"), (-0.02, "improved")]
)
def test_differences_without_variance_are_compared_as_exact(difference, outcome):
    found = decide(np.full(100, difference))
    assert (found.outcome, found.basis, found.estimate) == (outcome, "constant", difference)
    assert (found.p_regressed, found.interval.low) == (None, difference)


def test_values_too_coarse_to_tell_are_named_so():
    rule = GateRule(ignore=0.0, tolerance=0.05)
    found = decide([0.0, 0.0, 1.0, -1.0, 0.0, 1.0, -1.0], rule, out_of_time=True)
    assert (found.outcome, found.reason) == ("inconclusive", "too coarse a quantum")


def test_a_family_looks_later_and_at_its_own_level():
    gate = Gate(GateRule(ignore=RULE.ignore, tolerance=RULE.tolerance, alpha=0.01 / 20))
    decisions = [gate.add(difference) for difference in 0.08 + JITTER[:13]]
    assert decisions[:12] == [None] * 12
    assert (decisions[12].outcome, decisions[12].p_regressed) == ("regressed", 2.0**-13)


def test_the_gate_goes_on_after_an_improvement_until_no_regression_is_proven():
    gate = Gate(RULE)
    gate.improved.state = State.REJECTED
    assert all(gate.add(difference) is None for difference in JITTER[:7])
    assert gate.add(JITTER[7]).outcome == "improved"


def test_a_stored_list_replays_to_the_same_decision():
    differences = np.random.default_rng(5).normal(0.04, 0.05, size=100)
    gate = Gate(RULE)
    for difference in differences:
        if (found := gate.add(difference)) is not None:
            break
    assert replay(differences, RULE) == found == replay(differences[: found.pairs], RULE)
    assert gate.close() is found


def test_a_decided_gate_takes_no_more_pairs():
    gate = Gate(RULE)
    for difference in JITTER[:8]:
        gate.add(difference)
    with pytest.raises(ValueError, match="has decided"):
        gate.add(0.0)


def test_a_gate_needs_pairs_and_finite_ones():
    with pytest.raises(ValueError, match="without pairs"):
        Gate(RULE).close()
    with pytest.raises(ValueError, match="finite"):
        Gate(RULE).add(float("nan"))


@pytest.mark.parametrize(
    "wrong",
    [{"ignore": -1}, {"tolerance": 0.01}, {"alpha": 0}, {"beta": 0.5}, {"earliest": 0}, {"cap": 7}],
)
def test_a_rule_that_makes_no_sense_is_refused(wrong):
    with pytest.raises(ValueError, match=r"rule needs|lie between"):
        GateRule(**({"ignore": 0.01, "tolerance": 0.05} | wrong))


@pytest.mark.parametrize(
    ("centre", "expected", "pairs"), [(0.08, "confirmed", 6), (0.0, "disagreed", 8), (-0.08, "disagreed", 8)]
)
def test_a_second_batch_confirms_or_disagrees(centre, expected, pairs):
    rule = GateRule(ignore=RULE.ignore, tolerance=RULE.tolerance, alpha=0.01 / 20).for_confirmation()
    found = decide(centre + JITTER, rule)
    assert (confirmation(found), found.pairs) == (expected, pairs)


def test_a_second_batch_may_remain_undecided():
    found = decide(np.random.default_rng(3).normal(0.03, 0.25, size=100), RULE.for_confirmation())
    assert confirmation(found) == "undecided"


def test_estimate_is_the_pseudo_median_of_the_pairs_used():
    differences = np.random.default_rng(6).normal(0.05, 0.04, size=100)
    found = decide(differences)
    assert found.estimate == pseudo_median(differences[: found.pairs])
