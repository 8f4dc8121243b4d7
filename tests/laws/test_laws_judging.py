"""Laws of judging, for any values of any metric."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from perfkit.judging.judgement import compare
from perfkit.judging.options import Options
from perfkit.model.metric import Better, Kind
from perfkit.model.verdict import ExitCode, Met, Verdict
from tests.builders import CPU, ERRORS, LEVEL, SIZE, WALL, a_baseline, a_machine, a_result, a_run

positive = st.lists(st.floats(1e-3, 1e3), min_size=1, max_size=12).map(tuple)
enough = st.lists(st.floats(0.5, 2.0), min_size=5, max_size=12).map(tuple)
any_values = st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=12).map(tuple)
counted = st.lists(st.integers(0, 50), min_size=1, max_size=12).map(tuple)
metrics = st.sampled_from([CPU, WALL, SIZE, LEVEL, ERRORS])
directions = st.sampled_from(Better)
BUDGETS = {"cpu_time": "+5 %", "wall_time": "+5 %", "raw": "+5 %", "level": "+1 dB", "errors": "+2"}


def judged(metric, base, candidate, options=None, **changes):
    run = a_run(a_result({metric: candidate}, budgets={metric.name: [BUDGETS[metric.name]]}), **changes)
    return compare(a_baseline(a_run(a_result({metric: base}))), run, options)


def finding(metric, base, candidate):
    return judged(metric, base, candidate).findings[0]


@given(metrics, directions, any_values)
def test_a_run_against_itself_never_regresses_nor_improves(metric, better, values):
    values = tuple(abs(int(v)) for v in values) if metric.kind is Kind.COUNT else values
    metric = replace(metric, better=better)
    assert finding(metric, values, values).verdict in {Verdict.UNCHANGED, Verdict.INCONCLUSIVE}


@given(directions, enough, enough, st.sampled_from([0.125, 1024.0]))
def test_the_unit_does_not_matter_to_a_ratio(better, base, candidate, factor):
    metric = replace(CPU, better=better)
    one = finding(metric, base, candidate)
    other = finding(metric, tuple(v * factor for v in base), tuple(v * factor for v in candidate))
    assert abs(one.change.estimate - other.change.estimate) < 1e-9
    if abs(one.change.p_worse - 0.01) > 1e-6 and abs(one.change.p_better - 0.01) > 1e-6:
        assert one.verdict is other.verdict


@given(st.sampled_from([CPU, WALL]), enough, enough)
def test_swapping_the_sides_mirrors_the_verdict(metric, base, candidate):
    mirrored = {Verdict.REGRESSED: Verdict.IMPROVED, Verdict.IMPROVED: Verdict.REGRESSED}
    one, other = finding(metric, base, candidate), finding(metric, candidate, base)
    if one.verdict in mirrored:
        assert other.verdict is mirrored[one.verdict]
        assert abs((1 + one.change.estimate) * (1 + other.change.estimate) - 1) < 1e-9


@given(directions, counted, counted)
def test_swapping_counts_mirrors_the_verdict(better, base, candidate):
    metric = replace(ERRORS, better=better)
    mirrored = {Verdict.REGRESSED: Verdict.IMPROVED, Verdict.IMPROVED: Verdict.REGRESSED}
    one, other = finding(metric, base, candidate), finding(metric, candidate, base)
    if one.verdict in mirrored:
        assert other.verdict is mirrored[one.verdict]


@given(metrics, enough, enough)
def test_turning_the_direction_round_turns_the_verdict_round(metric, base, candidate):
    if metric.kind is Kind.COUNT:
        base, candidate = tuple(map(round, base)), tuple(map(round, candidate))
    lower = finding(replace(metric, better=Better.LOWER), base, candidate)
    higher = finding(replace(metric, better=Better.HIGHER), base, candidate)
    if lower.verdict is Verdict.REGRESSED and lower.change.method != "exact":
        assert higher.verdict is Verdict.IMPROVED


@given(metrics, any_values, any_values, st.booleans())
def test_whatever_the_values_every_code_has_its_finding(metric, base, candidate, elsewhere):
    changes = {"machine": a_machine(identity="there")} if elsewhere else {}
    judgement = judged(metric, base, candidate, **changes)
    (one,) = judgement.findings
    assert (one.verdict is Verdict.INCONCLUSIVE) == (one.reason is not None)
    seen_coarsely = one.verdict is Verdict.UNCHANGED and one.change is not None and one.change.coarse
    assert bool(one.advice) == (one.verdict is Verdict.INCONCLUSIVE or seen_coarsely)
    assert one.why
    assert (ExitCode.REGRESSED in judgement.codes) == (one.budgets[0].met is Met.EXCEEDED)
    assert (judgement.exit_code is ExitCode.PASSED) == (one.budgets[0].met is Met.MET)


@given(positive)
def test_a_limit_beyond_all_values_is_kept_and_one_below_all_is_broken(values):
    def verdict(limit):
        run = a_run(a_result({CPU: values}, budgets={"cpu_time": [limit]}))
        return compare(None, run).findings[0].verdict

    unsure = {Verdict.INCONCLUSIVE} if len(values) < 5 else set()
    assert verdict("< 2000 s") in {Verdict.WITHIN_LIMIT} | unsure
    assert verdict("> 2000 s") in {Verdict.OVER_LIMIT} | unsure
    assert verdict("< 0.5 ms") in {Verdict.OVER_LIMIT} | unsure


@given(enough, enough)
def test_a_larger_family_never_makes_more_of_a_change(base, candidate):
    alone = finding(CPU, base, candidate)
    names = [f"b{i}" for i in range(20)]
    many = compare(
        a_baseline(a_run(*(a_result({CPU: base}, benchmark=name) for name in names))),
        a_run(*(a_result({CPU: candidate}, benchmark=n, budgets={"cpu_time": ["+5 %"]}) for n in names)),
        Options(),
    )
    if alone.verdict is not Verdict.REGRESSED:
        assert all(one.verdict is not Verdict.REGRESSED for one in many.findings)
