"""Laws of judging pairs: what labels, units and further pairs may change, and what they may not."""

from dataclasses import replace

from hypothesis import assume, given
from hypothesis import strategies as st

from perfkit.judging.options import Options
from perfkit.judging.paired import judge_pairs
from perfkit.model.launch import Side
from perfkit.model.metric import Better
from perfkit.model.run import Session
from perfkit.model.verdict import ExitCode, Reason, Verdict
from tests.builders import CPU, NOON, a_launch, a_result, a_run
from tests.unit.running.paired_world import AGAINST

values = st.floats(0.5, 2.0)
pairs = st.lists(st.tuples(values, values), min_size=8, max_size=30)
near = st.floats(0.95, 1.05)
slower = st.builds(
    lambda rows, factor: [(before, after * factor) for before, after in rows],
    st.lists(st.tuples(near, near), min_size=12, max_size=30),
    st.floats(1.1, 1.5),
)
rules = st.builds(Options, alpha=st.sampled_from([0.01, 0.001]), ignore=st.sampled_from([0.01, 0.05]))


def a_paired_run(rows, better=Better.LOWER, late=()):
    metric = replace(CPU, better=better)
    launches = tuple(
        a_launch({CPU.name: value}, session=0, order=2 * i + j, pair=i, side=side)
        for i, row in enumerate(rows)
        for j, (value, side) in enumerate(zip(row, Side, strict=True))
    )
    result = a_result({metric: ()}, budgets={CPU.name: ["+5 %"]}, launches=launches)
    return a_run(result, sessions=(Session(0, NOON, NOON, 7, out_of_time=late),), against=AGAINST)


def finding(rows, options=None, **changes):
    (one,) = judge_pairs(a_paired_run(rows, **changes), options).findings
    return one


@given(slower, rules)
def test_swapping_the_labels_never_keeps_a_suspicion(rows, options):
    there, back = finding(rows, options), finding([row[::-1] for row in rows], options)
    assume(there.change.suspected)
    assert not back.change.suspected
    if there.change.pairs == back.change.pairs:
        assert abs((1 + there.change.estimate) * (1 + back.change.estimate) - 1) < 1e-9


@given(pairs, rules)
def test_a_metric_where_more_is_better_is_the_mirror_of_one_where_less_is(rows, options):
    there, back = finding(rows, options), finding([row[::-1] for row in rows], options, better=Better.HIGHER)
    assert there.verdict is back.verdict
    assert there.change.pairs == back.change.pairs


@given(pairs, st.sampled_from([2.0**-10, 2.0**10]))
def test_the_unit_does_not_matter(rows, factor):
    there, back = finding(rows), finding([(before * factor, after * factor) for before, after in rows])
    assert (there.verdict, there.change) == (back.verdict, back.change)


@given(pairs, pairs)
def test_pairs_after_the_decision_change_nothing(rows, more):
    there = finding(rows)
    assume(there.verdict in {Verdict.UNCHANGED, Verdict.IMPROVED} and there.change.pairs <= len(rows))
    back = finding([*rows, *more])
    assert (there.verdict, there.change) == (back.verdict, back.change)


@given(pairs, st.booleans())
def test_nothing_is_called_regressed_without_a_second_batch_and_every_verdict_has_its_reason(rows, late):
    judgement = judge_pairs(a_paired_run(rows, late=("synth_startup",) if late else ()))
    (one,) = judgement.findings
    assert one.verdict is not Verdict.REGRESSED
    assert (one.verdict is Verdict.INCONCLUSIVE) == (one.reason is not None) == bool(one.advice)
    assert one.change.suspected == (one.reason is Reason.NOT_DECIDED_AGAIN)
    assert judgement.exit_code in {ExitCode.PASSED, ExitCode.INCONCLUSIVE}


@given(st.lists(values, min_size=8, max_size=20))
def test_sides_of_the_same_values_are_unchanged(row):
    assert finding([(value, value) for value in row]).verdict is Verdict.UNCHANGED
