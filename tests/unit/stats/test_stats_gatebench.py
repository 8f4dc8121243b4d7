"""GateBench, replayed: how good the gate on pairs is under models of noise, against the figures it must keep.

Everything is seeded, so a run either always passes or always fails. The short cells (hundreds of gates) stand for their
long ones, which carry the stated numbers of gates behind the `slow` marker; a share p of N gates has a
standard error of sqrt(p(1-p)/N): .1 % for 1 % of 10,000, .4 % for 95 % of 3,000.
"""

from dataclasses import replace
from math import log1p, sqrt

import numpy as np
import pytest
from gatebench import MODELS, RULE, bench, decide

from perfkit.stats.decision import GateRule, confirmation
from perfkit.stats.power import wald_bounds

FALSE_ALARMS = {name: 1.0 if name == "ln-10" else 0.3 for name in MODELS}
NARROW = GateRule(ignore=log1p(0.01), tolerance=log1p(0.03))
FAMILY = replace(RULE, alpha=0.01 / 20)


def confirmed(gates, seed=1):
    """Of changes of +5 % at sd 3 %: the share in % found and confirmed, and the mean pairs of the second batches."""
    rng = np.random.default_rng([seed, 77])
    first = [decide(MODELS["ln-3"], rng, 0.05) for _ in range(gates)]
    again = RULE.for_confirmation()
    second = [decide(MODELS["ln-3"], rng, 0.05, again) for found in first if found.outcome == "regressed"]
    share = 100 * sum(confirmation(found) == "confirmed" for found in second) / gates
    return share, float(np.mean([found.pairs for found in second]))


def against_wald(gates):
    bounds = wald_bounds(NARROW.tolerance - NARROW.ignore, 0.03 * sqrt(2), alpha=0.01, beta=0.05)
    same, changed = (bench("ln-3", change, gates, rule=NARROW) for change in (0.01, 0.03))
    return same.pairs / bounds.at_ignore, changed.pairs / bounds.at_tolerance, changed.regressed


@pytest.mark.parametrize("name", MODELS)
def test_no_change_raises_no_alarm(name):
    found = bench(name, 0.0, 150 if name in {"ln-10", "trace-wall"} else 400)
    assert found.regressed <= FALSE_ALARMS[name]
    if name not in {"ln-10", "trace-wall", "trace-cpu"}:
        assert found.unchanged >= 99
        assert found.covered >= 97.5


@pytest.mark.parametrize(("name", "least"), [("ln-3", 94.5), ("bimodal", 96), ("tail", 96), ("process", 94.5)])
def test_five_percent_is_found(name, least):
    found = bench(name, 0.05, 600)
    assert found.regressed >= least
    assert found.pairs <= 18.5
    assert found.covered >= 97.5


def test_a_found_regression_is_confirmed():
    share, pairs = confirmed(600)
    assert share >= 94
    assert pairs <= 14


def test_narrow_anchors_stay_near_walds_bound():
    at_ignore, at_tolerance, found = against_wald(400)
    assert max(at_ignore, at_tolerance) <= 1.5
    assert found >= 85


@pytest.mark.slow
@pytest.mark.parametrize("name", MODELS)
def test_false_alarms(name):
    found = bench(name, 0.0, 3_000)
    assert found.regressed <= FALSE_ALARMS[name]
    if name in {"ln-1", "ln-3"}:
        assert found.unchanged >= 99
        assert found.pairs <= 10


@pytest.mark.slow
@pytest.mark.parametrize("name", MODELS)
def test_alarms_at_what_is_to_be_ignored(name):
    assert bench(name, 0.01, 10_000).regressed <= 1.3


@pytest.mark.slow
@pytest.mark.parametrize(("name", "least"), [("ln-3", 94.5), ("bimodal", 96), ("tail", 96)])
def test_power(name, least):
    found = bench(name, 0.05, 4_000)
    assert found.regressed >= least
    assert found.pairs <= 18.5


@pytest.mark.slow
def test_power_confirmed():
    share, pairs = confirmed(4_000)
    assert share >= 94
    assert pairs <= 14


@pytest.mark.slow
def test_heavy_noise_is_rarely_called_unchanged():
    assert bench("ln-10", 0.05, 3_000).unchanged <= 6.5


@pytest.mark.slow
def test_pairs_against_walds_bound():
    at_ignore, at_tolerance, found = against_wald(4_000)
    assert max(at_ignore, at_tolerance) <= 1.5
    assert found >= 85


@pytest.mark.slow
def test_a_family_of_twenty():
    rng = np.random.default_rng(20)
    alarms = [
        any(decide(MODELS["ln-3"], rng, 0.01, FAMILY).outcome == "regressed" for _ in range(20)) for _ in range(2_000)
    ]
    assert 100 * np.mean(alarms) <= 1.2
    assert bench("ln-3", 0.05, 4_000, rule=FAMILY).regressed >= 93


@pytest.mark.slow
@pytest.mark.parametrize("change", [0.0, 0.03, 0.05, 0.10])
@pytest.mark.parametrize("name", MODELS)
def test_interval_coverage(name, change):
    assert bench(name, change, 2_500).covered >= 97.5
