from dataclasses import replace

import pytest

from perfkit.judging.judgement import compare
from perfkit.model.metric import Kind, Metric, Resource, Scale
from perfkit.model.verdict import ExitCode, Reason, Verdict
from tests.builders import a_result, a_run

MISSES = Metric("deadline_misses", "1", scale=Scale.DIFFERENCE, kind=Kind.COUNT, resource=Resource.WALL)


def judged(misses, disturbed):
    result = a_result({MISSES: misses}, budgets={"deadline_misses": ["== 0"]})
    launches = [
        replace(launch, contaminated=("steal 9.0 %",) if order in disturbed else ())
        for order, launch in enumerate(result.launches)
    ]
    return compare(None, a_run(replace(result, launches=tuple(launches))))


@pytest.mark.parametrize(
    ("misses", "disturbed", "verdict", "says"),
    [
        ((0, 0, 0), (), Verdict.WITHIN_LIMIT, "0 in 3 launches"),
        ((0, 1, 0), (), Verdict.OVER_LIMIT, "1 in 3 launches"),
        ((0, 1, 0), (1,), Verdict.WITHIN_LIMIT, "0 in 2 launches, within == 0; a disturbed one does not count"),
        ((0, 1, 1), (1,), Verdict.OVER_LIMIT, "1 in 2 launches"),
    ],
)
def test_late_blocks_count_in_launches_that_the_machine_left_alone(misses, disturbed, verdict, says):
    (finding,) = judged(misses, disturbed).findings
    assert finding.verdict is verdict
    assert says in finding.budgets[0].why


def test_where_every_launch_was_disturbed_nothing_is_known():
    judgement = judged((0, 0, 0), (0, 1, 2))
    assert judgement.findings[0].reason is Reason.NOISE
    assert judgement.exit_code is ExitCode.INCONCLUSIVE
