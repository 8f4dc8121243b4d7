"""What a stored baseline suspects or cannot see is decided by pairs with its commit, where there are any."""

from dataclasses import replace

import pytest

from perfkit.judging.judgement import compare, suspects
from perfkit.judging.settling import open_questions
from perfkit.model.launch import Outcome, Side
from perfkit.model.run import Session
from perfkit.model.verdict import ExitCode, Met, Reason, Verdict
from tests.builders import CPU, NOON, STEADY, a_baseline, a_launch, a_result, a_run
from tests.unit.running.paired_world import AGAINST

PLUS_5 = {"cpu_time": ["+5 %"]}
WILD = (0.6, 1.5, 0.8, 1.3, 0.7, 1.6, 0.9)


def pairs_of(factor, count=30, batches=1):
    """Pairs of which the candidate takes `factor` times as long; the second batch is the confirming one."""
    launches = []
    for batch in range(batches):
        for i in range(count):
            wobble = 1 + 0.01 * ((i * 7) % 5 - 2)
            for side, value in ((Side.BASE, 1.0), (Side.CANDIDATE, factor * wobble)):
                launches.append(a_launch({CPU.name: value}, session=batch, order=len(launches), pair=i, side=side))
    result = a_result({CPU: ()}, budgets=PLUS_5, launches=tuple(launches))
    sessions = tuple(Session(batch, NOON, NOON, 7, confirmation=bool(batch)) for batch in range(batches))
    return a_run(result, sessions=sessions, against=AGAINST)


def judged(values, pairs=None, base=STEADY):
    run = a_run(a_result({CPU: values}, budgets=PLUS_5))
    judgement = compare(a_baseline(a_run(a_result({CPU: base}))), run, pairs=pairs)
    (finding,) = judgement.findings
    return finding, judgement


def slower(factor):
    return tuple(value * factor for value in STEADY)


def test_a_suspicion_that_pairs_do_not_share_is_gone():
    alone, judgement = judged(slower(1.3))
    assert (alone.verdict, judgement.exit_code) == (Verdict.REGRESSED, ExitCode.REGRESSED)
    finding, judgement = judged(slower(1.3), pairs_of(1.0))
    assert (finding.verdict, judgement.exit_code) == (Verdict.UNCHANGED, ExitCode.PASSED)
    assert "against the stored sessions 30.0 % more [" in finding.why
    assert finding.change.method == "pairs"
    assert finding.candidate.median == pytest.approx(1.0, rel=0.02)
    assert [held.met for held in finding.budgets] == [Met.MET]
    assert suspects(judgement) == ()


def test_a_suspicion_that_both_batches_of_pairs_share_is_confirmed():
    finding, judgement = judged(slower(1.3), pairs_of(1.2, batches=2))
    assert (finding.verdict, judgement.exit_code) == (Verdict.REGRESSED, ExitCode.REGRESSED)
    assert finding.confirmation == "confirmed"
    assert suspects(judgement) == ()
    assert finding.change.estimate == pytest.approx(0.2, abs=0.02)
    assert finding.first.estimate == pytest.approx(0.2, abs=0.02)
    assert "not confirmed" not in finding.why


def test_a_suspicion_that_only_one_batch_shares_stays_open():
    finding, judgement = judged(slower(1.3), pairs_of(1.2))
    assert (finding.verdict, finding.reason) == (Verdict.INCONCLUSIVE, Reason.NOT_DECIDED_AGAIN)
    assert judgement.exit_code is ExitCode.INCONCLUSIVE


def test_what_is_too_noisy_for_a_baseline_is_decided_by_pairs():
    alone, judgement = judged(WILD, base=(*WILD[::-1], 1.0))
    assert (alone.verdict, alone.reason) == (Verdict.INCONCLUSIVE, Reason.NOISE)
    assert open_questions(judgement) == {alone.benchmark: ("cpu_time",)}
    finding, judgement = judged(WILD, pairs_of(1.0), base=(*WILD[::-1], 1.0))
    assert (finding.verdict, judgement.exit_code) == (Verdict.UNCHANGED, ExitCode.PASSED)


@pytest.mark.parametrize("values", [STEADY, slower(0.7)])
def test_what_the_baseline_decides_is_no_question(values):
    assert open_questions(judged(values)[1]) == {}


def test_without_a_tolerance_or_a_baseline_nothing_is_asked():
    informed = a_run(a_result({CPU: slower(1.3)}))
    assert open_questions(compare(a_baseline(a_run()), informed)) == {}
    assert open_questions(compare(None, a_run(a_result({CPU: STEADY}, budgets=PLUS_5)))) == {}


def test_no_pair_at_all_leaves_the_suspicion_to_a_second_session():
    finding, judgement = judged(slower(1.3), pairs_of(1.0, count=0))
    assert finding.verdict is Verdict.REGRESSED
    assert suspects(judgement) == (finding.benchmark,)


def test_what_pairs_acquit_is_told_with_what_they_share():
    shared = "both sides run in the work tree's .venv"
    finding, judgement = judged(slower(1.3), replace(pairs_of(1.0), notes=(shared,)))
    assert finding.verdict is Verdict.UNCHANGED
    assert shared in judgement.warnings
    assert any("cpu_time: 30.0 % more" in said and "what is installed" in said for said in judgement.warnings)
    assert not any("what is installed" in said for said in judged(slower(1.3), pairs_of(1.3))[1].warnings)


def test_a_benchmark_that_fails_in_pairs_keeps_its_suspicion():
    whole = pairs_of(1.0)
    launches = tuple(
        replace(one, outcome=Outcome.FAILED, values={}) if one.side is Side.CANDIDATE else one
        for one in whole.results[0].launches
    )
    finding, judgement = judged(slower(1.3), replace(whole, results=(replace(whole.results[0], launches=launches),)))
    assert finding.verdict is Verdict.REGRESSED
    assert suspects(judgement) == (finding.benchmark,)
    assert finding.why.endswith("not confirmed by a second session")
