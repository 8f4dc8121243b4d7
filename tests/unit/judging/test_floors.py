"""Peaks below what can be read: what is still proven of them, against a stored base and in pairs."""

from dataclasses import replace

import pytest

from perfkit.judging.judgement import compare
from perfkit.judging.options import Options
from perfkit.judging.paired import judge_pairs
from perfkit.model.environment import Commit
from perfkit.model.launch import AT_FLOOR, Side
from perfkit.model.run import Against
from perfkit.model.verdict import ExitCode, Met, Reason, Verdict
from perfkit.storage.baselines import load_baseline, save_baseline
from tests.builders import CPU, MEMORY, STEADY, a_launch, a_machine, a_result, a_run

MB = 1e6
FLOOR = tuple(108 * MB * value for value in STEADY)
READ = replace(MEMORY, method="maxrss")


def side(factor, budgets, metric=READ, **changes):
    """A result of ten launches; where the factor is 1 they are all at the floor."""
    launches = tuple(
        a_launch({metric.name: value * factor}, order=number, caveats=(AT_FLOOR,) if factor == 1 else ())
        for number, value in enumerate(FLOOR)
    )
    return a_result({metric: ()}, launches=launches, budgets={metric.name: budgets}, **changes)


def stored(tmp_path, base, candidate, budgets):
    save_baseline(tmp_path, "main", a_run(side(base, budgets)).recorded())
    baseline = load_baseline(tmp_path, a_machine().fingerprint, "main")
    return compare(baseline, a_run(side(candidate, budgets)), confirmation=a_run(side(candidate, budgets)))


def paired(tmp_path, base, candidate, budgets):
    sides = {Side.BASE: side(base, budgets), Side.CANDIDATE: side(candidate, budgets)}
    launches = tuple(
        replace(launch, side=name, pair=number, session=session)
        for session in (1, 2)
        for number in range(30)
        for name, result in sides.items()
        for launch in [result.launches[number * (1 if name is Side.BASE else 7) % 10]]
    )
    first = a_run().sessions[0]
    return judge_pairs(
        a_run(
            replace(sides[Side.CANDIDATE], launches=launches),
            sessions=(first, replace(first, number=2, confirmation=True)),
            against=Against("main", Commit("b" * 16), "c" * 16),
        ),
        Options(),
    )


@pytest.mark.parametrize("judge", [stored, paired])
@pytest.mark.parametrize(
    ("base", "candidate", "verdict"),
    [
        (1, 1, Verdict.INCONCLUSIVE),
        (1, 1.5, Verdict.REGRESSED),
        (1, 1.0001, Verdict.INCONCLUSIVE),
        (1.5, 1, Verdict.IMPROVED),
        (1.0001, 1, Verdict.UNCHANGED),
        (0.6, 1, Verdict.INCONCLUSIVE),
        (1.5, 1.5001, Verdict.UNCHANGED),
    ],
)
def test_a_change_counts_where_a_smaller_value_would_prove_it_too(tmp_path, judge, base, candidate, verdict):
    judgement = judge(tmp_path, base, candidate, ["+20 %"])
    (finding,) = judgement.findings
    assert finding.verdict is verdict
    open_ = verdict is Verdict.INCONCLUSIVE
    assert (finding.reason is Reason.BELOW_READING) is open_
    assert (ExitCode.INCONCLUSIVE in judgement.codes) is open_
    assert ("probe `memory`" in finding.advice) is open_


@pytest.mark.parametrize("judge", [stored, paired])
@pytest.mark.parametrize(
    ("limit", "factor", "met"),
    [
        ("< 20 MB", 1, Met.MET),
        ("<= 20 MB", 1, Met.MET),
        ("< 5 MB", 1, Met.INCONCLUSIVE),
        ("> 5 MB", 1, Met.INCONCLUSIVE),
        ("< 5 MB", 1.1, Met.EXCEEDED),
        ("> 5 MB", 1.1, Met.MET),
    ],
)
def test_only_a_limit_above_the_floor_is_kept(tmp_path, judge, limit, factor, met):
    (finding,) = judge(tmp_path, factor, factor, [limit]).findings
    assert [held.met for held in finding.budgets] == [met]
    assert (finding.reason is Reason.BELOW_READING) is (met is Met.INCONCLUSIVE)


def test_other_metrics_of_such_a_launch_are_judged():
    (finding,) = compare(None, a_run(side(1, ["< 200 s"], CPU))).findings
    assert finding.verdict is Verdict.OVER_LIMIT
