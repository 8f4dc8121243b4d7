"""What doctor keeps of a machine reaches the rules of every judgement on it."""

from math import expm1

import pytest

from perfkit.instruments.machine import read_machine
from perfkit.instruments.state_folder import state_folder
from perfkit.judging.judgement import compare
from perfkit.judging.margins import pair_margins
from perfkit.judging.options import Between, Options
from perfkit.judging.pair_gates import open_gate
from perfkit.loading.config import read_config
from perfkit.model.budget import Tolerance
from perfkit.model.errors import DataError
from perfkit.model.metric import Resource
from perfkit.model.verdict import Verdict
from perfkit.storage.repeats import add_repeat
from perfkit.usecases.request import options_of
from tests.builders import STEADY, WALL, a_baseline, a_machine, a_result, a_run
from tests.repeats import a_repeat


@pytest.fixture
def config(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    return read_config(tmp_path)


def keep(*repeats, machine=None):
    for repeat in repeats:
        path = add_repeat(state_folder(), machine or read_machine(), repeat)
    return path


def test_three_sessions_of_this_machine_are_known_and_two_are_not(config):
    assert options_of(config).between == {}
    keep(a_repeat(0), a_repeat(1))
    assert options_of(config).between == {}
    keep(a_repeat(2))
    between = options_of(config).between
    assert set(between) == {Resource.WALL, Resource.CPU, Resource.MEMORY}
    assert {known.sessions for known in between.values()} == {3}


def test_another_machines_sessions_are_its_own(config):
    there = a_machine(identity="there")
    keep(*map(a_repeat, range(3)), machine=there)
    assert options_of(config).between == {}
    assert options_of(config, there.fingerprint).between


def test_pairs_replay_by_what_was_known_before(config):
    keep(*map(a_repeat, range(3)))
    before = options_of(config)
    keep(*(a_repeat(number, level=number) for number in range(3, 6)))
    assert options_of(config, before=a_repeat(3).started) == before
    assert options_of(config).between[Resource.WALL].tau > 10 * before.between[Resource.WALL].tau


def test_damage_is_told_and_not_read_over(config):
    keep(a_repeat(0)).write_text("{")
    with pytest.raises(DataError, match="ends too early"):
        options_of(config)


def test_wall_times_of_a_quiet_machine_are_decided_where_the_prior_alone_shows_nothing(config):
    base = a_baseline(a_run(a_result({WALL: STEADY})))
    budgets = {"wall_time": ["+5 %"]}
    same, slower = (a_run(a_result({WALL: [v * f for v in STEADY]}, budgets=budgets)) for f in (1.0001, 1.3))

    def verdicts():
        return [compare(base, run, options_of(config)).findings[0].verdict for run in (same, slower)]

    assert verdicts() == [Verdict.INCONCLUSIVE, Verdict.INCONCLUSIVE]
    keep(*map(a_repeat, range(6)))
    assert verdicts() == [Verdict.UNCHANGED, Verdict.REGRESSED]
    finding = compare(base, same, options_of(config)).findings[0]
    assert "doctor)" in finding.why


def test_a_noisy_machine_keeps_the_prior_of_wall_times(config):
    keep(*(a_repeat(number, level=0.2 * (number % 2)) for number in range(6)))
    base = a_baseline(a_run(a_result({WALL: STEADY})))
    run = a_run(a_result({WALL: [v * 1.3 for v in STEADY]}, budgets={"wall_time": ["+5 %"]}))
    finding = compare(base, run, options_of(config)).findings[0]
    assert finding.verdict is Verdict.INCONCLUSIVE
    assert finding.change.between > 0.10


def test_pairs_ignore_what_sessions_favour_a_side_by_and_not_what_both_sides_share():
    def ignored(**known):
        return pair_margins(WALL, None, 1.0, Options(between={Resource.WALL: Between(**known)})).ignore

    assert ignored(tau=0.15, sessions=5) == 0.01
    assert ignored(tau=0.15, sessions=5, pairs=0.02) == pytest.approx(expm1(2.33 * 0.02))
    assert ignored(tau=0.0, sessions=5, pairs=0.001) == 0.01


def test_a_gate_of_pairs_says_that_doctor_raised_what_it_ignores():
    known = Options(between={Resource.WALL: Between(tau=0.1, sessions=5, pairs=0.02)})
    for options, note in ((known, "ignored up to 4.8 %: doctor's sessions"), (Options(), "")):
        gate = open_gate(WALL, Tolerance(0.05, "s", relative=True), options)
        for step in range(60):
            gate.add(1.0, 1.0 + 0.01 * ((step % 7) - 3))
        change = gate.so_far().change
        assert change.note.startswith(note)
        assert change.between_from == ("doctor" if note else "")
        assert bool(change.note) == bool(note)
