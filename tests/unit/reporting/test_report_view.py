"""The view: what it says of a run, and which data its pictures get."""

from dataclasses import replace

import pytest

from perfkit.model.detail import Facts
from perfkit.model.environment import Commit, Conditions
from perfkit.model.launch import Outcome
from perfkit.model.metric import Better, Metric, Scale
from perfkit.model.run import Baseline
from perfkit.model.verdict import ExitCode, Finding, Verdict
from perfkit.reporting import View, build_view
from perfkit.reporting.view import unit_once
from tests.builders import (
    CPU,
    ERRORS,
    NOON,
    THROUGHPUT,
    a_baseline,
    a_change,
    a_finding,
    a_judgement,
    a_launch,
    a_machine,
    a_result,
    a_run,
)
from tests.reporting_builders import gate_view, run_view


def view_of(*findings: Finding, run=None, base=None, details=lambda _: (), **changes) -> View:
    run = run or a_run()
    return build_view(a_judgement(*findings, **changes), run, base, details, generated=NOON)


def test_numbers_are_written_with_their_units():
    row = gate_view().rows[0]
    assert row.medians == "414 → 469 ms"
    assert row.change is not None
    assert row.change.compact == "+13.7 % [+11.2, +16.2]"
    assert row.change.interval == "+11.2 to +16.2 %"
    assert row.change.confidence == "98 %"
    assert row.change.detectable == "+5.5 %"
    assert row.candidate.interval == "456 to 483 ms"


def test_an_advice_for_several_stands_after_the_last_of_them():
    findings = [
        a_finding(metric=metric, verdict=Verdict.REGRESSED, why=why, advice=advice)
        for metric, why, advice in ((CPU, "5 % more", "look"), (ERRORS, "2 more", "look"), (THROUGHPUT, "less", "wait"))
    ]
    told = [(one.why, one.advice) for one in view_of(*findings).explanations]
    assert told == [("5 % more", ""), ("2 more", "look"), ("less", "wait")]


def test_a_run_that_is_not_complete_says_so_once():
    told = "the run is not complete"
    run = replace(a_run(), complete=False)
    assert view_of(run=run).warnings == (told,)
    assert view_of(run=run, warnings=(f"{told}: some benchmarks lack launches",)).warnings == (
        f"{told}: some benchmarks lack launches",
    )


def test_a_count_is_told_by_its_total():
    row = next(row for row in gate_view().rows if row.metric == "errors")
    assert row.medians == "0 → 4"


def test_units_that_differ_are_both_said():
    finding = a_finding(metric=CPU, candidate=replace(a_finding().candidate, median=1.2))
    assert view_of(finding).rows[0].medians == "100 ms → 1.20 s"


def test_a_change_without_an_interval_has_none():
    row = view_of(a_finding(change=a_change(0.3, low=None, high=None))).rows[0]
    assert row.change is not None
    assert row.change.compact == "+30.0 %"
    assert (row.change.interval, row.change.confidence) == ("", "")


@pytest.mark.parametrize(
    ("codes", "verdict", "word"),
    [
        ({ExitCode.REGRESSED}, Verdict.REGRESSED, "Regressed"),
        ({ExitCode.REGRESSED}, Verdict.OVER_LIMIT, "Over a limit"),
        ({ExitCode.REGRESSED, ExitCode.NOT_MEASURED}, Verdict.REGRESSED, "Regressed, and not all was measured"),
        ({ExitCode.INCONCLUSIVE}, Verdict.INCONCLUSIVE, "Inconclusive"),
        (set(), Verdict.INCONCLUSIVE, "Passed, but not all is decided"),
        (set(), Verdict.UNCHANGED, "Passed"),
        (set(), Verdict.REGRESSED, "Compared"),
        ({ExitCode.INTERRUPTED, ExitCode.REGRESSED}, Verdict.REGRESSED, "Interrupted"),
    ],
)
def test_the_whole_in_words(codes, verdict, word):
    assert view_of(a_finding(verdict), codes=frozenset(codes)).wording.word == word


def test_what_gated_nothing_is_not_passed():
    without_budget = a_finding(Verdict.INFORMATIONAL, budgets=())
    assert view_of(without_budget).wording.word == "Compared"
    assert view_of(replace(without_budget, base=None, change=None)).wording.word == "Measured"
    assert view_of().wording.word == "Measured"


def test_a_run_is_not_called_compared():
    assert not run_view().compared
    assert gate_view().compared


def test_the_picture_shows_every_launch_of_both_sides():
    picture = gate_view().rows[0].picture
    assert picture is not None
    assert [(series.side, len(series.points)) for series in picture.series] == [
        ("base", 10),
        ("base", 10),
        ("candidate", 10),
    ]
    again, disturbed = picture.series[2].points[3], picture.series[2].points[7]
    assert (again.counts, again.remark) == (False, "contaminated: steal above 2 %; run again, does not count")
    assert (disturbed.counts, disturbed.remark) == (True, "contaminated: CPU pressure above 10 %")


def test_base_launches_of_another_definition_or_method_are_not_drawn():
    base = a_baseline(a_run(a_result(fingerprint="other")), a_run(a_result({replace(CPU, method="other"): (0.1,)})))
    picture = view_of(a_finding(), base=base).rows[0].picture
    assert picture is not None
    assert [series.side for series in picture.series] == ["candidate"]


def test_only_the_sessions_that_count_are_drawn():
    picture = view_of(a_finding(), base=a_baseline(*[a_run()] * 7)).rows[0].picture
    assert picture is not None
    assert sum(series.side == "base" for series in picture.series) == 5


@pytest.mark.parametrize(
    ("metric", "budget", "reach"),
    [
        (CPU, "+5 %", 0.105),
        (THROUGHPUT, "+25 %", 0.08),
        (Metric("level", "dB", scale=Scale.DIFFERENCE), "+0.5 dB", 0.6),
        (Metric("level", "dB", better=Better.HIGHER, scale=Scale.DIFFERENCE), "+0.5 dB", -0.4),
        (CPU, "< 200 ms", 0.2),
    ],
)
def test_a_budget_is_placed_on_the_value_axis(metric, budget, reach):
    from perfkit.model.budget import parse_budget
    from perfkit.model.verdict import BudgetVerdict, Met

    held = (BudgetVerdict(parse_budget(budget, metric), Met.MET, ""),)
    run = a_run(a_result({metric: (0.1, 0.2)}))
    picture = view_of(a_finding(metric=metric, budgets=held), run=run).rows[0].picture
    assert picture is not None
    assert [mark.value for mark in picture.marks] == pytest.approx([reach])


def test_no_picture_without_values():
    run = a_run(a_result({CPU: (float("nan"),)}))
    assert view_of(a_finding(), run=run).rows[0].picture is None
    assert view_of(a_finding(benchmark="elsewhere")).rows[0].picture is None


def test_details_are_those_of_the_launch_in_the_middle():
    launches = tuple(
        a_launch({"cpu_time": value}, details=name) for value, name in ((3.0, "c"), (1.0, "a"), (2.0, "b"), (9.0, ""))
    )
    run = a_run(a_result(launches=launches, budgets={"cpu_time": ["+5 %"]}))
    view = view_of(a_finding(), run=run, details=lambda launch: (Facts(launch.details, ()),))
    assert view.benchmarks[0].details == (Facts("b", ()),)
    assert view.benchmarks[0].details_from == "launch 3 of 4"


def test_launches_are_told_with_what_befell_them():
    launches = (
        a_launch({"cpu_time": 1.0}, contaminated=("steal",), replaced=True),
        a_launch({"cpu_time": 1.0}),
        a_launch(outcome=Outcome.INVALID, reason="clock"),
    )
    view = view_of(run=a_run(a_result(launches=launches)))
    assert view.benchmarks[0].launches == "3 launches, 1 contaminated, 1 run again, 1 invalid"


def test_environments_stand_side_by_side():
    run = a_run(conditions=Conditions({"python": "3.12", "kernel": "6"}), commit=Commit("a" * 40, "topic"))
    older = a_run(conditions=Conditions({"python": "3.11"}), commit=Commit("b" * 40, "main"))
    facts = {fact.name: fact for fact in view_of(a_finding(), run=run, base=a_baseline(older, run)).environment}
    assert (facts["python"].base, facts["python"].candidate, facts["python"].differs) == ("3.11 / 3.12", "3.12", True)
    assert facts["kernel"].base == "not recorded / 6"
    assert not facts["CPU"].differs
    assert not facts["commit"].differs


def test_a_machine_that_differs_is_marked():
    base = a_run(machine=a_machine(cpu="Other CPU")).recorded()
    facts = {fact.name: fact for fact in view_of(a_finding(), base=base).environment}
    assert facts["CPU"].differs
    assert facts["fingerprint"].differs


def test_an_incomplete_run_warns():
    assert "the run is not complete" in view_of(run=a_run(complete=False)).warnings


def test_a_caveat_names_its_benchmarks():
    results = [a_result(launches=(a_launch(caveats=("non-RT",)),), benchmark=name) for name in ("one", "two")]
    assert view_of(run=a_run(*results)).caveats == ("non-RT: one, two",)


def test_an_empty_baseline_is_no_base():
    view = view_of(a_finding(Verdict.INCONCLUSIVE, base=None, change=None), base=Baseline("main"))
    assert view.base_commits == ()
    assert view.environment[0].base == ""


def test_counts_have_no_relative_change():
    row = view_of(a_finding(metric=ERRORS, change=a_change(2.0, relative=False))).rows[0]
    assert row.change is not None
    assert row.change.estimate == "+2"


def test_the_same_reason_is_given_once():
    unsure = [a_finding(Verdict.INCONCLUSIVE, benchmark=f"b{n}", why="there is no baseline.") for n in range(6)]
    one, other = view_of(a_finding(), *unsure).explanations
    assert len(one.rows) == 1
    assert ([row.benchmark for row in other.named], other.more, other.why) == (["b0", "b1"], 4, "there is no baseline")


def test_thousands_are_no_units():
    assert unit_once("115 365", "115 365", " to ") == "115 365 to 115 365"
    assert unit_once("414 ms", "469 ms", " to ") == "414 to 469 ms"
    assert unit_once("414 ms", "1.20 s", " to ") == "414 ms to 1.20 s"
