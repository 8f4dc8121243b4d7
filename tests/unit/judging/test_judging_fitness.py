"""A/A sessions of a known truth: what is read out of them, what is predicted, and what is said."""

from math import log1p

import pytest

from perfkit.judging.fitness import noise_of
from perfkit.judging.fitness_wording import advice
from perfkit.judging.options import Options
from perfkit.judging.repeated import counting, known_between
from perfkit.model.diagnosis import Capability
from perfkit.model.environment import Conditions
from perfkit.model.launch import Disturbance
from perfkit.model.metric import Resource
from tests.repeats import a_repeat

OPTIONS = Options()
NOTHING = Conditions({})


def noise(*repeats, stored=(), options=OPTIONS):
    return noise_of(repeats, stored or repeats, options)


def row(found, metric="CPU time"):
    return next(spread for spread in found.spreads if spread.metric == metric)


def quiet(count=3, **changes):
    return [a_repeat(number, **changes) for number in range(count)]


def test_the_scatter_of_known_noise_is_read_and_the_prediction_falls_with_time():
    seen = row(noise(a_repeat(pairs=1000, scatter=0.03, ended=1.7e9 + 1000)))
    assert seen.deviation == pytest.approx(0.03 * 2**0.5, rel=0.1)
    assert seen.median == pytest.approx(0.08, rel=0.01)
    assert seen.launches == 2000
    assert [each.pairs for each in seen.detectable] == [10, 60, 100]  # a pair took 1 s; a gate takes 100 at most
    changes = [each.change for each in seen.detectable]
    assert changes == sorted(changes, reverse=True)
    assert abs(seen.autocorrelation) < seen.independent
    assert not seen.two_modes


def test_the_price_of_a_change_falls_with_its_size_and_what_is_ignored_has_none():
    needed = row(noise(*quiet(scatter=0.02))).needed
    assert [need.change for need in needed] == [0.01, 0.03, 0.05, 0.10]
    assert needed[0].pairs is None
    assert needed[0].reason == "changes up to 1 % are ignored"
    assert needed[1].pairs > needed[2].pairs >= needed[3].pairs >= 8
    assert needed[2].seconds == pytest.approx(needed[2].pairs * 0.3)


def test_an_order_effect_is_found_with_its_interval_and_none_is_not():
    planted = row(noise(*quiet(order=0.05)))
    assert planted.order_low < 0.0513 < planted.order_high
    assert planted.order_low > 0.04
    none = row(noise(*quiet()))
    assert none.order_low < 0 < none.order_high


def test_drift_within_sessions_shows_as_autocorrelation_and_costs_pairs_nothing():
    drifting, steady = row(noise(*quiet(drift=0.2))), row(noise(*quiet()))
    assert drifting.autocorrelation > 0.7
    assert drifting.deviation < 2 * steady.deviation


def test_two_modes_are_told_from_one_outlier_and_from_sessions_that_lie_apart():
    assert row(noise(*quiet(mode=0.2))).two_modes
    assert not row(noise(*(a_repeat(number, level=0.3 * number) for number in range(3)))).two_modes
    odd = a_repeat()
    odd = a_repeat(first={**odd.first, "cpu_time": (1.0, *odd.first["cpu_time"][1:])})
    assert not row(noise(odd)).two_modes


def test_a_coarse_clock_shows_its_step():
    coarse = {"ready_time": (0.1,) * 20, "run_delay": (0.0,) * 20, "peak_memory": (2e7,) * 20}
    ticks = {"cpu_time": tuple(0.07 + 0.01 * (number % 3) for number in range(20))}
    seen = row(noise(a_repeat(first={**coarse, **ticks}, second={**coarse, **ticks})))
    assert seen.quantum == pytest.approx(0.01)
    assert not seen.two_modes
    assert row(noise(*quiet())).quantum == 0


def test_sessions_count_where_they_are_a_minute_apart_and_long_enough():
    close = [a_repeat(number, started=1.7e9 + 66.0 * number, ended=1.7e9 + 66.0 * number + 7) for number in range(4)]
    assert counting(close) == (close[0], close[2])  # 59 s between neighbours
    assert counting([a_repeat(0, pairs=2), a_repeat(1)]) == (a_repeat(1),)
    assert len(counting(quiet(30))) == 20


def test_the_spread_between_sessions_is_found_and_that_of_launches_is_not_counted_in():
    levels = (-0.06, 0.0, 0.06, 0.06, -0.06)
    known = known_between(a_repeat(number, level=level) for number, level in enumerate(levels))
    assert known[Resource.CPU].tau == pytest.approx(0.06, rel=0.1)
    assert known[Resource.CPU].sessions == 5
    assert known[Resource.CPU].pairs < 0.004  # both sides of a pair move together
    assert known_between(quiet(scatter=0.1))[Resource.WALL].tau < 0.03


def test_sessions_that_favour_one_side_raise_what_the_gate_of_pairs_ignores():
    biases = (-0.04, 0.04, 0.0, 0.04, -0.04, 0.0)
    biased = [a_repeat(number, biased=bias) for number, bias in enumerate(biases)]
    assert known_between(biased)[Resource.WALL].pairs > 0.015
    assert row(noise(*biased)).needed[1].reason.startswith("changes up to")


def test_sessions_of_another_program_or_governor_are_not_compared_with_these():
    others = [a_repeat(number, level=0.5, program="CPython 3.13.0") for number in (10, 11, 12)]
    known = known_between([*quiet(3), *others])
    assert known[Resource.CPU].sessions == 5  # two means were estimated
    assert known[Resource.CPU].tau < 0.01
    saving = [a_repeat(number, conditions=Conditions({"governor": "powersave"})) for number in (10, 11)]
    assert not known_between([a_repeat(0), *saving])


def test_fewer_than_three_sessions_say_nothing_of_the_spread_between_them():
    assert not known_between(quiet(2))
    found = noise(*quiet(2))
    assert row(found).between.seen is None
    assert row(found).between.used == 0.02
    assert row(found, "wall time").between.used == 0.10
    assert "CPU time from +13 %" in found.summary[1]
    assert "wall time not at all" in found.summary[1]
    assert "here there are 2 of 3 sessions" in found.summary[1]


def test_a_quiet_machine_passes_on_both_times_and_a_stored_baseline_shows_more():
    found = noise(*quiet(6))
    assert found.passed
    assert set(found.gate_on) == {"wall time", "CPU time"}
    assert found.summary[0].startswith("this machine can gate")
    assert "at +5 %: 8 pairs, 2.4 s a benchmark that takes 100 ms" in found.summary[0]
    alone = noise(a_repeat(0))
    assert row(found, "wall time").between.stored < 0.15 < row(alone, "wall time").between.stored
    assert advice(found, (), NOTHING) == ()


def test_a_noisy_machine_does_not_pass_and_says_what_it_would_find():
    found = noise(*quiet(scatter=0.3))
    assert not found.passed
    assert found.summary[0].startswith("this machine cannot gate times at +5 %")
    assert row(found).holds.reason == "a gate takes 100 pairs at most"
    assert any("pyperf system" in line for line in advice(found, (), NOTHING))


def test_cpu_time_is_gated_where_wall_times_scatter():
    wild = a_repeat(scatter=0.3)
    mixed = a_repeat(
        first=a_repeat().first | {"ready_time": wild.first["ready_time"]},
        second=a_repeat().second | {"ready_time": wild.second["ready_time"]},
    )
    found = noise(mixed)
    assert found.gate_on == ("CPU time",)
    assert "; wall time only from +" in found.summary[0]


def test_what_to_change_names_the_cause():
    disturbed = a_repeat(
        during=Disturbance(steal=0.05, throttled=0.2), idle=Disturbance(cpu_pressure=0.4), busy=0.6, contaminated=30
    )
    slow = Capability("steady clock frequency", available=False, found="governor powersave", advice="set it")
    said = " | ".join(advice(noise(disturbed), (slow,), Conditions({"power": "battery"})))
    for cause in ("used 60 % of the CPUs", "hypervisor gave 5 %", "quota held launches 20 %", "battery", "set it"):
        assert cause in said
    assert "75 % of the launches were disturbed" in said


def test_a_gate_that_ignores_more_predicts_more():
    strict, lax = noise(*quiet()), noise(*quiet(), options=Options(ignore=0.02))
    assert row(lax).detectable[0].change > row(strict).detectable[0].change
    assert log1p(row(lax).detectable[0].change) - log1p(0.02) > 0
