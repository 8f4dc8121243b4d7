"""What is said of a run as a whole: verdicts, codes, what is missing, what is warned of."""

from dataclasses import replace

import pytest

from perfkit.judging.judgement import compare, suspects
from perfkit.judging.options import Between, Options
from perfkit.model.budget import Level
from perfkit.model.environment import Conditions
from perfkit.model.launch import Outcome
from perfkit.model.metric import Better, Metric, Resource
from perfkit.model.run import Baseline
from perfkit.model.verdict import ExitCode, Met, Reason, Verdict
from tests.builders import (
    CPU,
    DAY,
    ERRORS,
    LEVEL,
    MEMORY,
    NOON,
    SIZE,
    STEADY,
    THROUGHPUT,
    WALL,
    a_baseline,
    a_failed_result,
    a_launch,
    a_machine,
    a_result,
    a_run,
)

PLUS_5 = {"cpu_time": ["+5 %"]}


def times(factor, values=STEADY):
    return tuple(value * factor for value in values)


def shuffled(factor=1.0):
    """The same launches in size, none of them identical."""
    return tuple(value * factor * 1.0001 for value in reversed(STEADY))


def one_finding(values, budgets, base=None, metric=CPU, options=None, **changes):
    base_run = a_run(a_result({metric: STEADY if base is None else base}))
    candidate = a_run(a_result({metric: values}, budgets=budgets, **changes))
    judgement = compare(a_baseline(base_run), candidate, options)
    (finding,) = judgement.findings
    return finding, judgement


def test_a_clear_slowdown_is_a_regression_that_asks_for_confirmation():
    finding, judgement = one_finding(times(1.3), PLUS_5)
    assert finding.verdict is Verdict.REGRESSED
    assert finding.why.startswith("30.0 % more [")
    assert finding.why.endswith("more than the allowed 5 %; not confirmed by a second session")
    assert finding.change.estimate == pytest.approx(0.3)
    assert finding.change.between_from == "prior"
    assert finding.budgets[0].met is Met.EXCEEDED
    assert judgement.exit_code is ExitCode.REGRESSED
    assert judgement.headline == "1 regression in 1 finding"
    assert suspects(judgement) == ("synth_startup",)


def test_a_clear_gain_is_improved_and_passes():
    finding, judgement = one_finding(times(0.7), PLUS_5)
    assert finding.verdict is Verdict.IMPROVED
    assert finding.why.startswith("30.0 % less [")
    assert judgement.codes == {ExitCode.PASSED}
    assert suspects(judgement) == ()


def test_higher_is_better_turns_the_change_round():
    finding, _ = one_finding(times(0.5), {"throughput": ["+5 %"]}, metric=replace(THROUGHPUT, resource=Resource.CPU))
    assert finding.verdict is Verdict.REGRESSED
    assert finding.change.estimate == pytest.approx(1.0)
    assert finding.why.startswith("100.0 % worse [")


def test_no_change_is_unchanged_and_says_what_could_have_been_seen():
    finding, judgement = one_finding(shuffled(), PLUS_5)
    assert finding.verdict is Verdict.UNCHANGED
    assert "only changes of" in finding.why
    assert "(τ = 2 %, prior)" in finding.why
    assert judgement.headline == "no regression in 1 finding"


def test_identical_values_are_unchanged_and_never_significant():
    for metric in (CPU, WALL):
        finding, _ = one_finding(STEADY, {metric.name: ["+5 %"]}, metric=metric)
        assert finding.verdict is Verdict.UNCHANGED
        assert (finding.change.p_worse, finding.change.p_better) == (1.0, 1.0)
        assert finding.why == "identical values"


def test_wall_time_of_one_stored_session_shows_little_and_says_so():
    finding, judgement = one_finding(times(1.3), {"wall_time": ["+5 %"]}, metric=WALL)
    assert (finding.verdict, finding.reason) == (Verdict.INCONCLUSIVE, Reason.NOISE)
    assert "(τ = 10 %, prior)" in finding.why
    assert finding.advice == "to hold +5 % use: perfkit gate --against feature"
    assert judgement.exit_code is ExitCode.INCONCLUSIVE


def test_what_doctor_knows_goes_before_the_prior():
    known = Options(between={Resource.WALL: Between(tau=0.0, sessions=100)})
    finding, _ = one_finding(times(1.3), {"wall_time": ["+5 %"]}, metric=WALL, options=known)
    assert finding.verdict is Verdict.REGRESSED
    assert finding.change.between_from == "doctor"


def test_alpha_is_shared_by_the_family_and_not_by_limits_or_exact_metrics():
    def change(results):
        base = a_baseline(a_run(*results))
        worse = [replace(r, launches=a_result({CPU: times(1.06), SIZE: (7.0,) * 10}).launches) for r in results]
        return compare(base, a_run(*worse)).findings[0].change

    def results(count, budgets):
        both = {CPU: STEADY, SIZE: (7.0,) * 10}
        return [a_result(both, benchmark=f"b{i}", budgets=PLUS_5 if i == 0 else budgets) for i in range(count)]

    alone, many = change(results(1, {})), change(results(40, PLUS_5))
    limited = change(results(40, {"cpu_time": ["< 1 s"], "raw": ["+1 %"]}))
    assert many.detectable > alone.detectable
    assert limited.detectable == alone.detectable


@pytest.mark.parametrize(
    ("values", "base", "metric", "reason"),
    [
        (STEADY[:4], STEADY, CPU, Reason.TOO_FEW),
        (STEADY, STEADY[:4], CPU, Reason.TOO_FEW),
        ((0.0, *STEADY), STEADY, CPU, Reason.NOT_POSITIVE),
        (STEADY, (-1.0, *STEADY), CPU, Reason.NOT_POSITIVE),
    ],
)
def test_what_cannot_be_compared_says_why_and_what_to_do(values, base, metric, reason):
    finding, judgement = one_finding(values, PLUS_5, base=base, metric=metric)
    assert (finding.verdict, finding.reason, finding.change) == (Verdict.INCONCLUSIVE, reason, None)
    assert finding.advice
    assert judgement.exit_code is ExitCode.INCONCLUSIVE


def test_unequal_counts_are_compared():
    finding, _ = one_finding(times(1.3, STEADY[:6]), PLUS_5)
    assert finding.verdict is Verdict.REGRESSED
    assert (finding.candidate.n, finding.base.n) == (6, 10)


def test_a_peak_below_the_smallest_step_of_memory_never_regresses():
    small, large = times(1e6, STEADY), times(1e9, STEADY)
    for base, verdict in ((small, Verdict.UNCHANGED), (large, Verdict.REGRESSED)):
        known = Options(between={Resource.MEMORY: Between(tau=0.0, sessions=10_000)})
        flat = tuple(base[0] + i for i in range(10))
        finding, _ = one_finding(times(1.2, flat), {"peak_memory": ["+5 %"]}, flat, MEMORY, known)
        assert finding.verdict is verdict
    assert finding.why.startswith("20.0 % larger")


def test_a_wide_tolerance_can_be_kept():
    assert one_finding(shuffled(), {"cpu_time": ["+60 %"]})[0].verdict is Verdict.UNCHANGED


def test_differences_are_judged_in_their_unit():
    base = (-20.0, -20.1, -19.9, -20.05, -19.95, -20.02, -19.98)
    finding, _ = one_finding(tuple(v - 3 for v in base), {"level": ["+0.5 dB"]}, base, LEVEL)
    assert finding.verdict is Verdict.REGRESSED
    assert finding.why.startswith("3.00 dB worse [")
    assert (finding.change.relative, finding.change.ignore) == (False, 0.1)


def test_tails_are_given_more_room_where_no_budget_speaks():
    p99 = Metric("response_p99", "s", resource=Resource.CPU)
    finding, _ = one_finding(shuffled(), {}, metric=p99, options=Options(everything=True))
    assert finding.change.tolerance == 0.10
    finding, _ = one_finding(shuffled(), {"response_p99": ["+3 %"]}, metric=p99)
    assert finding.change.tolerance == 0.03


# exact metrics


@pytest.mark.parametrize(
    ("base", "candidate", "budget", "verdict", "why"),
    [
        (1000, 1000, "+0 %", Verdict.UNCHANGED, "no change"),
        (1000, 1001, "+0 %", Verdict.REGRESSED, "0.1 % larger, more than the allowed 0 %"),
        (1000, 1050, "+5 %", Verdict.UNCHANGED, "5.0 % larger, within the allowed 5 %"),
        (1000, 1051, "+5 %", Verdict.REGRESSED, "5.1 % larger, more than the allowed 5 %"),
        (1000, 1007, "+0.7 %", Verdict.UNCHANGED, "0.7 % larger, within the allowed 0.7 %"),
        (1000, 900, "+5 %", Verdict.IMPROVED, "10.0 % smaller"),
        (0, 10, "+5 %", Verdict.REGRESSED, "10.0 B larger, more than the allowed 0 B"),
        (0, 0, "+5 %", Verdict.UNCHANGED, "no change"),
    ],
)
def test_what_repeats_to_the_digit_is_compared_to_the_digit(base, candidate, budget, verdict, why):
    finding, judgement = one_finding((float(candidate),), {"raw": [budget]}, base=(float(base),), metric=SIZE)
    assert (finding.verdict, finding.why) == (verdict, why)
    assert suspects(judgement) == ()


def test_a_deterministic_metric_that_varies_is_judged_as_noisy_and_told():
    finding, _ = one_finding(times(1.3), {"raw": ["+5 %"]}, base=STEADY, metric=SIZE)
    assert finding.change.method == "sessions"
    assert "differ within a side" in finding.change.note


def test_deterministic_metrics_are_compared_across_machines_of_one_architecture():
    budgets = {"cpu_time": ["+5 %"], "raw": ["+0 %"]}
    base = a_run(a_result({CPU: STEADY, SIZE: (5.0,)}), machine=a_machine(identity="there"))
    run = a_run(a_result({CPU: STEADY, SIZE: (6.0,)}, budgets=budgets))
    judgement = compare(a_baseline(base), run)
    assert [finding.verdict for finding in judgement.findings] == [Verdict.REGRESSED, Verdict.INCONCLUSIVE]
    assert judgement.codes == {ExitCode.REGRESSED, ExitCode.OTHER_MACHINE}
    other = a_run(*base.results, machine=a_machine(architecture="aarch64"))
    assert compare(a_baseline(other), run).codes == {ExitCode.OTHER_MACHINE}


# counts


def test_one_event_breaks_a_limit_of_none_and_none_in_so_many_launches_keeps_it():
    finding, judgement = one_finding((0, 0, 1, 0), {"errors": ["== 0"]}, base=(0,) * 4, metric=ERRORS)
    assert finding.verdict is Verdict.OVER_LIMIT
    assert finding.why == "1 in 4 launches, outside the limit == 0"
    assert judgement.headline == "1 limit exceeded in 1 finding"
    finding, _ = one_finding((0,) * 4, {"errors": ["== 0"]}, base=(0,) * 4, metric=ERRORS)
    assert finding.why == "0 in 4 launches, within == 0"


@pytest.mark.parametrize(
    ("base", "candidate", "budget", "verdict", "reason"),
    [
        ((0,) * 10, (0,) * 10, "+0.1", Verdict.INCONCLUSIVE, Reason.EXPOSURE),
        ((0,) * 10, (0,) * 10, "+1", Verdict.UNCHANGED, None),
        ((1,) * 20, (5,) * 20, "+1", Verdict.REGRESSED, None),
        ((5,) * 20, (1,) * 20, "+1", Verdict.IMPROVED, None),
        ((-1,) * 20, (1,) * 20, "+1", Verdict.INCONCLUSIVE, Reason.NOT_POSITIVE),
    ],
)
def test_counts_are_compared_by_their_rate(base, candidate, budget, verdict, reason):
    finding, _ = one_finding(candidate, {"errors": [budget]}, base=base, metric=ERRORS)
    assert (finding.verdict, finding.reason) == (verdict, reason)


def test_fewer_of_what_is_wanted_is_worse():
    sustained = replace(ERRORS, name="streams_sustained", better=Better.HIGHER)
    finding, _ = one_finding((1,) * 20, {"streams_sustained": ["+1"]}, base=(9,) * 20, metric=sustained)
    assert finding.verdict is Verdict.REGRESSED
    assert finding.change.estimate == pytest.approx(8)
    assert finding.change.low < 8 < finding.change.high


# limits


@pytest.mark.parametrize(
    ("limit", "verdict", "reason"),
    [
        ("< 110 ms", Verdict.WITHIN_LIMIT, None),
        ("> 90 ms", Verdict.WITHIN_LIMIT, None),
        ("< 90 ms", Verdict.OVER_LIMIT, None),
        (">= 110 ms", Verdict.OVER_LIMIT, None),
        ("< 100 ms", Verdict.INCONCLUSIVE, Reason.NEAR_LIMIT),
        ("> 100 ms", Verdict.INCONCLUSIVE, Reason.NEAR_LIMIT),
    ],
)
def test_a_limit_is_held_against_the_bound_that_could_break_it(limit, verdict, reason):
    finding, _ = one_finding(STEADY, {"cpu_time": [limit]})
    assert (finding.verdict, finding.reason) == (verdict, reason)


@pytest.mark.parametrize(("launches", "confidence"), [(5, 0.9375), (6, 0.96875), (7, 0.98)])
def test_few_launches_bound_the_centre_at_the_level_they_support(launches, confidence):
    finding, _ = one_finding(STEADY[:launches], {"cpu_time": ["< 1 s"]})
    assert finding.candidate.confidence == confidence
    assert finding.candidate.low <= finding.candidate.median <= finding.candidate.high
    assert finding.verdict is Verdict.WITHIN_LIMIT


def test_fewer_than_five_launches_bound_nothing_but_exact_and_equal_ones():
    finding, _ = one_finding(STEADY[:4], {"cpu_time": ["< 1 s"]})
    assert (finding.verdict, finding.reason) == (Verdict.INCONCLUSIVE, Reason.TOO_FEW)
    assert one_finding((99.0,), {"raw": ["< 100 B"]}, metric=SIZE)[0].verdict is Verdict.WITHIN_LIMIT
    assert one_finding((0.1, 0.1), {"cpu_time": ["== 100 ms"]})[0].verdict is Verdict.WITHIN_LIMIT
    assert one_finding((0.1, 0.2), {"cpu_time": ["== 100 ms"]})[0].verdict is Verdict.OVER_LIMIT


def test_a_limit_on_what_was_not_reported_is_never_passed():
    run = a_run(a_result({CPU: STEADY, WALL: ()}, budgets={"wall_time": ["< 1 s", "+5 %"], "unknown": ["< 1 s"]}))
    judgement = compare(a_baseline(a_run(a_result({CPU: STEADY, WALL: STEADY}))), run)
    unreported = [finding for finding in judgement.findings if finding.gating]
    assert {finding.metric.name for finding in unreported} == {"wall_time", "unknown"}
    assert {finding.why for finding in unreported} == {"the probe did not report it"}
    assert judgement.codes == {ExitCode.INCONCLUSIVE}


def test_values_at_zero_can_still_be_limited():
    finding, _ = one_finding((0.0,) * 8, {"cpu_time": ["< 1 s"]})
    assert finding.verdict is Verdict.WITHIN_LIMIT


def test_a_finding_has_the_worst_of_its_budgets():
    finding, judgement = one_finding(times(1.3), {"cpu_time": ["< 10 ms", "+5 %"]})
    assert finding.verdict is Verdict.REGRESSED
    assert [held.met for held in finding.budgets] == [Met.EXCEEDED, Met.EXCEEDED]
    assert judgement.codes == {ExitCode.REGRESSED}


def test_a_budget_that_warns_never_fails_the_gate():
    finding, judgement = one_finding(times(1.3), PLUS_5, level=Level.WARN)
    assert finding.verdict is Verdict.REGRESSED
    assert judgement.codes == {ExitCode.PASSED}


def test_audio_without_real_time_scheduling_is_not_judged():
    launches = tuple(a_launch({"cpu_time": v}, order=i, caveats=("not real-time",)) for i, v in enumerate(STEADY))
    budgets = {"cpu_time": ["+5 %", "< 1 s"]}
    finding, _ = one_finding(STEADY, budgets, kind="audio_deadline", launches=launches)
    assert (finding.verdict, finding.reason) == (Verdict.INCONCLUSIVE, Reason.NOT_REAL_TIME)
    assert {held.met for held in finding.budgets} == {Met.INCONCLUSIVE}
    finding, _ = one_finding(STEADY, budgets, kind="startup", launches=launches)
    assert finding.verdict is Verdict.UNCHANGED


# what the base knows


def test_without_a_baseline_tolerances_are_open_and_limits_are_judged():
    run = a_run(a_result(budgets={"cpu_time": ["< 10 ms", "+5 %"]}))
    for base in (None, Baseline("main")):
        judgement = compare(base, run)
        assert judgement.codes == {ExitCode.REGRESSED, ExitCode.INCONCLUSIVE}
        assert judgement.findings[0].verdict is Verdict.OVER_LIMIT
        assert judgement.base_name == ""
    only = compare(None, a_run(a_result(budgets=PLUS_5)))
    assert (only.findings[0].reason, only.codes) == (Reason.NO_BASELINE, {ExitCode.INCONCLUSIVE})
    assert only.headline == "nothing was compared: there is no baseline"
    assert "--against main" in only.findings[0].advice


def test_a_new_benchmark_is_new_and_its_limits_are_judged():
    budgets = {"cpu_time": ["< 1 s", "+5 %"]}
    run = a_run(a_result(budgets=budgets), a_result(benchmark="newcomer", budgets=budgets))
    judgement = compare(a_baseline(a_run(a_result())), run)
    finding = next(finding for finding in judgement.findings if finding.benchmark == "newcomer")
    assert (finding.verdict, finding.why) == (Verdict.NEW, "no baseline value yet")
    assert [held.met for held in finding.budgets] == [Met.INCONCLUSIVE, Met.MET]
    assert judgement.codes == {ExitCode.PASSED}
    assert judgement.headline == "1 new in 2 findings"


def test_only_new_benchmarks_are_nothing_compared():
    judgement = compare(a_baseline(a_run()), a_run(a_result(), a_result(benchmark="newcomer", budgets=PLUS_5)))
    assert judgement.codes == {ExitCode.INCONCLUSIVE}
    assert judgement.headline == "nothing was compared: no baseline value yet"


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"fingerprint": "f2"}, Reason.OTHER_DEFINITION),
        ({"metrics": (replace(CPU, method="cgroup"),)}, Reason.OTHER_METHOD),
        ({"metrics": (replace(CPU, unit="B"),)}, Reason.OTHER_METHOD),
    ],
)
def test_what_was_measured_otherwise_is_not_compared(changes, reason):
    finding, _ = one_finding(STEADY, PLUS_5, **changes)
    assert (finding.verdict, finding.reason) == (Verdict.INCONCLUSIVE, reason)
    assert "baseline save" in finding.advice


def test_another_machines_baseline_is_exit_5_with_what_to_do():
    base = a_run(machine=a_machine(identity="there"))
    judgement = compare(a_baseline(base), a_run(a_result(budgets=PLUS_5)))
    assert judgement.exit_code is ExitCode.OTHER_MACHINE
    assert judgement.findings[0].reason is Reason.OTHER_MACHINE
    assert "perfkit gate --against feature" in judgement.findings[0].advice


def test_sessions_of_this_machine_go_before_those_of_others():
    there = a_run(a_result({CPU: times(2)}), machine=a_machine(identity="there"), created=NOON + 1)
    judgement = compare(a_baseline(a_run(), there), a_run(a_result({CPU: shuffled()}, budgets=PLUS_5)))
    assert judgement.findings[0].verdict is Verdict.UNCHANGED
    assert judgement.findings[0].base.sessions == 1


def test_three_sessions_tell_how_far_sessions_lie_apart():
    base = a_baseline(*(a_run(a_result({CPU: times(f)}), id=str(f)) for f in (0.9, 1.0, 1.1)))
    (finding,) = compare(base, a_run(a_result({CPU: shuffled()}, budgets=PLUS_5))).findings
    assert finding.change.between_from == "baseline sessions"
    assert finding.change.between > 0.02
    assert (finding.base.n, finding.base.sessions, finding.base.low) == (30, 3, None)
    assert finding.base.median == pytest.approx(0.1, rel=0.01)


def test_steps_too_small_for_each_gate_are_caught_by_the_anchor():
    rolling = a_run(a_result({CPU: times(1.25)}), id="recent").recorded()
    anchor = replace(a_run(id="release").recorded(), anchor=True, created=NOON - DAY)
    run = a_run(a_result({CPU: times(1.27)}, budgets=PLUS_5))
    assert compare(Baseline("main", (rolling,)), run).exit_code is not ExitCode.REGRESSED
    judgement = compare(Baseline("main", (anchor, rolling)), run)
    assert [f.verdict for f in judgement.findings] == [Verdict.REGRESSED, Verdict.UNCHANGED]
    assert judgement.findings[0].why.startswith("against the anchor 0123456789: 27.0 % more")
    assert judgement.exit_code is ExitCode.REGRESSED
    (alone,) = compare(Baseline("main", (anchor,)), run).findings
    assert alone.why.startswith("27.0 % more")


# confirmation


def test_a_second_session_confirms_and_leads():
    base = a_baseline(a_run())
    run = a_run(a_result({CPU: times(1.3)}, budgets=PLUS_5))
    judgement = compare(base, run, confirmation=a_run(a_result({CPU: times(1.2)})))
    (finding,) = judgement.findings
    assert finding.verdict is Verdict.REGRESSED
    assert finding.change.estimate == pytest.approx(0.2)
    assert "confirmed (first session: 30.0 % more" in finding.why


def test_a_second_session_that_disagrees_leaves_it_open():
    run = a_run(a_result({CPU: times(1.3)}, budgets=PLUS_5))
    judgement = compare(a_baseline(a_run()), run, confirmation=a_run(a_result({CPU: shuffled()})))
    (finding,) = judgement.findings
    assert (finding.verdict, finding.reason) == (Verdict.INCONCLUSIVE, Reason.NOT_CONFIRMED)
    assert judgement.exit_code is ExitCode.INCONCLUSIVE
    assert suspects(judgement) == ()


def test_a_second_session_of_another_definition_confirms_nothing():
    run = a_run(a_result({CPU: times(1.3)}, budgets=PLUS_5))
    second = a_run(a_result({CPU: times(1.3)}, fingerprint="f2"))
    (finding,) = compare(a_baseline(a_run()), run, confirmation=second).findings
    assert finding.why.endswith("not confirmed by a second session")


# what was not measured


def test_a_benchmark_of_the_base_that_is_missing_fails():
    judgement = compare(a_baseline(a_run(a_result(), a_result(benchmark="gone"))), a_run(a_result(budgets=PLUS_5)))
    (missing,) = judgement.unmeasured
    assert (missing.benchmark, missing.outcome, missing.in_base) == ("gone", None, True)
    assert judgement.exit_code is ExitCode.NOT_MEASURED
    assert judgement.headline == "1 benchmark not measured in 1 finding"


def test_what_was_not_selected_is_not_missed():
    base = a_baseline(a_run(a_result(), a_result(benchmark="other"), a_result(benchmark="gone")))
    judgement = compare(base, a_run(a_result(budgets=PLUS_5)), selected=frozenset({"synth_startup", "gone"}))
    assert [one.benchmark for one in judgement.unmeasured] == ["gone"]


def test_a_benchmark_that_left_the_newest_session_is_not_missed():
    older = a_run(a_result(), a_result(benchmark="gone"), id="older")
    judgement = compare(a_baseline(older, a_run()), a_run(a_result(budgets=PLUS_5)))
    assert judgement.unmeasured == ()


@pytest.mark.parametrize(
    ("outcome", "in_base", "required", "fails"),
    [
        (Outcome.FAILED, False, False, True),
        (Outcome.TIMED_OUT, False, False, True),
        (Outcome.INVALID, False, False, True),
        (Outcome.SKIPPED, False, False, False),
        (Outcome.SKIPPED, True, False, True),
        (Outcome.SKIPPED, False, True, True),
    ],
)
def test_failures_fail_and_skips_fail_only_where_they_are_missed(outcome, in_base, required, fails):
    base = a_baseline(a_run(a_result(), *([a_result(benchmark="it")] if in_base else [])))
    run = a_run(a_result(budgets=PLUS_5), a_failed_result("no server", outcome, benchmark="it"))
    judgement = compare(base, run, Options(require_skips=required))
    assert [(one.reason, one.fails) for one in judgement.unmeasured] == [("no server", fails)]
    assert (ExitCode.NOT_MEASURED in judgement.codes) == fails


def test_a_benchmark_that_was_never_launched_is_no_skip():
    judgement = compare(a_baseline(a_run()), a_run(a_result({CPU: ()}, benchmark="late"), a_result(budgets=PLUS_5)))
    assert [(one.benchmark, one.outcome, one.fails) for one in judgement.unmeasured] == [("late", None, True)]


def test_a_failed_launch_among_measured_ones_fails_the_benchmark():
    launches = (*a_result().launches, a_launch(outcome=Outcome.FAILED, reason="exit code 1"))
    judgement = compare(a_baseline(a_run()), a_run(a_result(budgets=PLUS_5, launches=launches)))
    assert judgement.exit_code is ExitCode.NOT_MEASURED
    assert judgement.unmeasured[0].reason == "exit code 1 (1 of 11 launches)"


# the whole


def test_a_judgement_of_nothing_is_never_a_pass():
    judgement = compare(a_baseline(a_run()), a_run())
    assert [finding.verdict for finding in judgement.findings] == [Verdict.INFORMATIONAL]
    assert judgement.findings[0].change is not None
    assert judgement.codes == {ExitCode.INCONCLUSIVE}
    assert judgement.headline.startswith("nothing was judged")


def test_everything_is_compared_on_request_and_fails_nothing():
    judgement = compare(a_baseline(a_run()), a_run(a_result({CPU: times(1.3)})), Options(everything=True))
    assert [finding.verdict for finding in judgement.findings] == [Verdict.REGRESSED]
    assert not judgement.findings[0].gating
    assert judgement.codes == {ExitCode.PASSED}


@pytest.mark.parametrize(
    ("policy", "code"), [(None, ExitCode.INCONCLUSIVE), ("pass", ExitCode.PASSED), ("fail", ExitCode.REGRESSED)]
)
def test_the_policy_for_what_is_inconclusive(policy, code):
    budgets = {"cpu_time": ["< 1 s"], "wall_time": ["+5 %"]}
    both = {CPU: STEADY, WALL: STEADY}
    run = a_run(a_result({CPU: STEADY, WALL: times(1.2)}, budgets=budgets))
    judgement = compare(a_baseline(a_run(a_result(both))), run, Options(on_inconclusive=policy))
    assert judgement.codes == {code}


def test_the_policy_never_passes_what_judged_nothing():
    judgement = compare(None, a_run(a_result(budgets=PLUS_5)), Options(on_inconclusive="pass"))
    assert judgement.codes == {ExitCode.INCONCLUSIVE}


def test_findings_come_worst_first_then_by_size():
    base = a_baseline(a_run(*(a_result(benchmark=name) for name in "abcdef")))
    run = a_run(
        a_result({CPU: shuffled()}, benchmark="a", budgets=PLUS_5),
        a_result({CPU: times(1.3)}, benchmark="b", budgets=PLUS_5),
        a_result({CPU: times(1.6)}, benchmark="c", budgets=PLUS_5),
        a_result({CPU: times(2.0)}, benchmark="d", budgets=PLUS_5, level=Level.WARN),
        a_result({CPU: STEADY[:3]}, benchmark="e", budgets=PLUS_5),
        a_result({CPU: STEADY}, benchmark="f", budgets={"cpu_time": ["< 1 ms"]}),
    )
    judgement = compare(base, run)
    assert [finding.benchmark for finding in judgement.findings] == ["c", "b", "f", "d", "e", "a"]
    assert judgement.headline == (
        "2 regressions, 1 limit exceeded, 1 inconclusive and 1 regression that only warns in 6 findings"
    )


def test_warnings_name_age_conditions_disturbance_and_what_is_missing():
    old = a_run(conditions=Conditions({"kernel": "6.1", "python": "3.12.4"}), created=NOON - 12 * DAY)
    launches = (
        *(a_launch({"cpu_time": v}, order=i, contaminated=("steal",)) for i, v in enumerate(STEADY[:2])),
        *(a_launch({"cpu_time": v}, order=i) for i, v in enumerate(STEADY[2:], 2)),
        a_launch(outcome=Outcome.INVALID, reason="dropped requests"),
    )
    judgement = compare(a_baseline(old), a_run(a_result(launches=launches), complete=False))
    assert judgement.warnings == (
        "the newest baseline session is 12 days old; save a new one",
        "conditions differ from the baseline's: kernel 6.1 → 6.8",
        "the run is not complete: some benchmarks have fewer launches than planned",
        "the machine disturbed 2 of 10 launches (steal); they could not be replaced",
        "synth_startup: 1 of 11 launches was invalid and does not count (dropped requests)",
    )
    assert compare(a_baseline(a_run()), a_run()).warnings == ()


def test_unchanged_without_having_seen_the_tolerance_says_so_and_what_would():
    finding, _ = one_finding(shuffled(), {"cpu_time": ["+2 %"]})
    assert finding.verdict is Verdict.UNCHANGED
    assert finding.change.coarse
    assert "could be seen" in finding.why
    assert finding.advice == "to hold the tolerance use: perfkit gate --against feature"
    again, _ = one_finding(STEADY, {"cpu_time": ["+2 %"]})
    assert (again.change.coarse, again.advice) == (False, "")


@pytest.mark.parametrize(("size", "told"), [(1e6, True), (1e8, False)])
def test_where_small_differences_of_memory_widen_the_tolerance_the_sentence_says_so(size, told):
    budgets = {"peak_memory": ["+5 %"]}
    finding, _ = one_finding(times(size * 10, shuffled(1.5)), budgets, times(size * 10), MEMORY)
    assert finding.verdict is Verdict.REGRESSED
    assert ("(differences below 256 KiB are ignored)" in finding.why) is told
