from dataclasses import replace

import pytest

from perfkit.judging.options import Options
from perfkit.judging.paired import judge_pairs
from perfkit.model.events import RunObserver
from perfkit.model.launch import Outcome, Side
from perfkit.model.verdict import ExitCode, Reason, Verdict
from perfkit.running.pair_track import PairTrack
from perfkit.storage.schema import run_from_bytes, run_to_bytes
from tests.unit.running.paired_world import BYTES, CPU, ERRORS, World, benchmark, ended, measured, noisy


def finding(judgement, name="a", metric="cpu_time"):
    return next(one for one in judgement.findings if (one.benchmark, one.metric.name) == (name, metric))


def test_sides_that_do_not_differ_are_unchanged_in_few_pairs():
    judgement = World(noisy()).judge(benchmark())
    one = finding(judgement)
    assert one.verdict is Verdict.UNCHANGED
    assert 8 <= one.change.pairs <= 12
    assert judgement.exit_code is ExitCode.PASSED
    assert "below 5 %, shown at 95 %" in one.why
    assert one.change.detectable > 0


def test_identical_values_are_unchanged():
    one = finding(World(lambda *asked: 1.0).judge(benchmark()))
    assert (one.verdict, one.change.p_worse) == (Verdict.UNCHANGED, 1.0)


def test_a_regression_is_found_and_confirmed_and_both_batches_are_told():
    world = World(noisy(a=0.10))
    judgement = world.judge(benchmark("a"), benchmark("b"))
    one = finding(judgement)
    assert one.verdict is Verdict.REGRESSED
    assert one.confirmation == "confirmed"
    assert one.first.estimate == pytest.approx(0.10, abs=0.02)
    assert one.change.estimate == pytest.approx(0.10, abs=0.02)
    assert one.change.pairs >= 6
    assert finding(judgement, "b").verdict is Verdict.UNCHANGED
    assert judgement.exit_code is ExitCode.REGRESSED
    again = {name for name, launch in world.recorded if launch.session == 1}
    assert again == {"a"}


def test_an_improvement_is_told():
    one = finding(World(noisy(a=-0.12)).judge(benchmark()))
    assert one.verdict is Verdict.IMPROVED
    assert one.change.estimate == pytest.approx(-0.12, abs=0.02)


def test_a_regression_that_a_second_build_does_not_show_is_layout():
    slower, calm = noisy(a=0.10), noisy()
    judgement = World(lambda name, side, batch: (calm if batch else slower)(name, side, batch)).judge(benchmark())
    one = finding(judgement)
    assert (one.verdict, one.reason, one.confirmation) == (Verdict.INCONCLUSIVE, Reason.DISAGREED, "disagreed")
    assert abs(one.change.estimate) < 0.03
    assert one.first.estimate > 0.05
    assert judgement.exit_code is ExitCode.INCONCLUSIVE


def test_noise_alone_is_never_called_regressed():
    """50 gates at sd 4 %: each may be wrong with 1 % · 5 %, so even one has a chance of 2.5 %."""
    verdicts = [finding(World(noisy(0.04, seed), seed).judge(benchmark())).verdict for seed in range(50)]
    assert Verdict.REGRESSED not in verdicts
    assert verdicts.count(Verdict.UNCHANGED) >= 40


def test_a_benchmark_costs_nothing_once_it_is_decided():
    spread = {"quiet": noisy(0.005), "loud": noisy(0.08)}
    world = World(lambda name, side, batch: spread[name](name, side, batch))
    run = world.gate(benchmark("quiet"), benchmark("loud"))
    quiet, loud = (len(result.complete_pairs({0})) for result in run.results)
    assert quiet <= 12 < loud


def test_coins_and_seeds_are_drawn_anew_and_the_same_seed_draws_them_again():
    def orders(seed):
        run = World(noisy(0.05), seed).gate(benchmark())
        (result,) = run.results
        pairs = result.complete_pairs({0})
        assert len({launch.seed for pair in pairs for launch in pair}) == 2 * len(pairs)
        return [base.order < candidate.order for base, candidate in pairs]

    assert orders(1) == orders(1)
    assert orders(1) != orders(2)
    assert 0.2 < sum(orders(3)) / len(orders(3)) < 0.8


def test_a_disturbed_launch_makes_the_whole_pair_be_run_again():
    calls = []

    def script(name, side, batch):
        calls.append(side)
        return measured({"cpu_time": 1.0}, steal=0.5 if len(calls) in {4, 9} else 0.0)

    run = World(script).gate(benchmark())
    (result,) = run.results
    replaced = [launch for launch in result.launches if launch.replaced]
    assert len(result.complete_pairs({0})) == 8
    assert {launch.pair for launch in replaced} == {1, 4}
    assert len({launch.pair for launch in result.launches}) == 10
    assert result.half_pairs == 0


def test_on_a_machine_that_is_always_disturbed_pairs_are_kept_and_labelled():
    run = World(lambda *asked: measured({"cpu_time": 1.0}, run_delay=0.2)).gate(benchmark())
    (result,) = run.results
    assert len({launch.pair for launch in result.launches}) == 16
    assert all(launch.contaminated for pair in result.complete_pairs({0}) for launch in pair)
    assert any("disturbed" in warning for warning in judge_pairs(run).warnings)


@pytest.mark.parametrize("outcome", [Outcome.FAILED, Outcome.TIMED_OUT])
def test_a_candidate_that_fails_where_the_base_works_has_regressed(outcome):
    judgement = World(lambda name, side, batch: ended(outcome) if side is Side.CANDIDATE else 1.0).judge(benchmark())
    one = finding(judgement)
    assert (one.verdict, one.reason) == (Verdict.REGRESSED, Reason.CRASH)
    assert "why" in one.why
    assert judgement.exit_code is ExitCode.REGRESSED


def test_a_crash_needs_no_budget_to_fail():
    asked = benchmark(budget_of_nothing=())
    assert not any(asked.budgets.values())
    judgement = World(lambda name, side, batch: ended(Outcome.FAILED) if side is Side.CANDIDATE else 1.0).judge(asked)
    assert judgement.exit_code is ExitCode.REGRESSED


def test_what_fails_on_both_sides_is_not_measured():
    judgement = World(lambda *asked: ended(Outcome.FAILED, "broken")).judge(benchmark())
    assert judgement.exit_code is ExitCode.NOT_MEASURED
    assert judgement.unmeasured[0].reason.startswith("broken")
    assert not judgement.findings


@pytest.mark.parametrize("outcome", [Outcome.FAILED, Outcome.SKIPPED, Outcome.TIMED_OUT])
def test_what_the_base_cannot_run_is_new_and_measured_on_the_candidate_alone(outcome):
    def script(name, side, batch):
        return ended(outcome) if side is Side.BASE and name == "a" else 1.0

    world = World(script)
    judgement = world.judge(benchmark("a", cpu_time=["+5 %", "< 2 s"]), benchmark("b"))
    one = finding(judgement)
    assert one.verdict in {Verdict.NEW, Verdict.WITHIN_LIMIT}
    assert [budget.met.value for budget in one.budgets] == ["inconclusive", "met"]
    assert sum(launch.side is Side.BASE for name, launch in world.recorded if name == "a") == 1
    assert judgement.exit_code is ExitCode.PASSED


def test_what_is_skipped_on_both_sides_is_no_failure_by_itself():
    def script(name, side, batch):
        return ended(Outcome.SKIPPED) if name == "a" else 1.0

    judgement = World(script).judge(benchmark("a"), benchmark("b"))
    assert judgement.exit_code is ExitCode.PASSED
    assert [one.outcome for one in judgement.unmeasured] == [Outcome.SKIPPED]


def test_the_time_limit_brings_a_last_look():
    run = World(noisy(0.08), limits=(20.0, None)).gate(benchmark())
    assert run.sessions[0].out_of_time == ("a",)
    assert run.sessions[0].ended <= 21.0
    one = finding(judge_pairs(run))
    assert (one.verdict, one.reason) == (Verdict.INCONCLUSIVE, Reason.OUT_OF_TIME)
    assert "more pairs" in one.advice
    assert "s) would decide it" in one.advice


def test_without_time_for_the_second_batch_a_suspect_is_inconclusive():
    one = finding(World(noisy(a=0.10), limits=(None, 2.0)).judge(benchmark()))
    assert (one.verdict, one.reason) == (Verdict.INCONCLUSIVE, Reason.NOT_DECIDED_AGAIN)
    assert one.first.pairs >= 8


def test_an_interruption_gives_no_verdict_and_no_last_look():
    world = World(noisy(0.08))
    world.interrupt_after = 10.0
    one = finding(judge_pairs(world.gate(benchmark())))
    assert (one.verdict, one.reason) == (Verdict.INCONCLUSIVE, Reason.INTERRUPTED)


def test_a_stored_run_replays_to_the_same_findings():
    world = World(noisy(0.03, a=0.06, b=0.02))
    run = world.gate(benchmark("a"), benchmark("b"), benchmark("c"))
    again = run_from_bytes(run_to_bytes(run), "run.json")
    assert judge_pairs(again, world.options) == judge_pairs(run, world.options)
    tracks = {result.benchmark: result for result in run.results}
    for one in judge_pairs(run).findings:
        pairs = len(tracks[one.benchmark].pairs("cpu_time", {0}))
        assert pairs == (one.first or one.change).pairs


def test_other_rules_give_other_verdicts_of_the_same_pairs():
    run = World(noisy(0.01, a=0.03)).gate(benchmark())
    assert finding(judge_pairs(run)).verdict is not Verdict.INCONCLUSIVE
    ignoring = finding(judge_pairs(run, Options(ignore=0.04)))
    strict = finding(judge_pairs(run, Options(alpha=1e-6, beta=1e-6)))
    assert ignoring.change.ignore == 0.04
    assert ignoring.verdict is Verdict.UNCHANGED
    assert strict.verdict is Verdict.INCONCLUSIVE


def test_deterministic_values_take_three_pairs_and_one_to_confirm():
    def script(name, side, batch):
        return measured({"raw": 1010.0 if side is Side.CANDIDATE and name == "grown" else 1000.0})

    world = World(script)
    asked = [benchmark(name, metrics=(BYTES,), raw=["+0 %"]) for name in ("grown", "same")]
    run = world.gate(*asked)
    judgement = judge_pairs(run)
    assert [len(result.complete_pairs({0, 1})) for result in run.results] == [4, 3]
    assert finding(judgement, "grown", "raw").verdict is Verdict.REGRESSED
    assert finding(judgement, "grown", "raw").confirmation == "confirmed"
    assert finding(judgement, "same", "raw").verdict is Verdict.UNCHANGED


def test_deterministic_values_that_vary_are_judged_as_noisy():
    script = noisy(0.01)
    one = finding(
        World(lambda *asked: measured({"raw": 1000 * script(*asked)})).judge(benchmark(metrics=(BYTES,), raw=["+5 %"])),
        metric="raw",
    )
    assert one.verdict is Verdict.UNCHANGED
    assert "differ within a side" in one.change.note


def test_more_errors_are_found_and_none_on_both_sides_are_unchanged():
    def script(name, side, batch):
        return measured({"errors": 5.0 if side is Side.CANDIDATE and name == "bad" else 0.0})

    asked = [benchmark(name, metrics=(ERRORS,), errors=["+1"]) for name in ("bad", "good")]
    judgement = World(script).judge(*asked)
    assert finding(judgement, "bad", "errors").verdict is Verdict.REGRESSED
    assert finding(judgement, "good", "errors").verdict is Verdict.UNCHANGED


def test_all_metrics_walk_on_the_same_pairs():
    other = replace(CPU, name="other")
    quiet, loud = noisy(0.005), noisy(0.1, 2)

    def script(*asked):
        return measured({"cpu_time": quiet(*asked), "other": loud(*asked)})

    run = World(script).gate(benchmark(metrics=(CPU, other), cpu_time=["+5 %"], other=["+5 %"]))
    (result,) = run.results
    assert len(result.pairs("cpu_time", {0})) == len(result.pairs("other", {0})) == len(result.complete_pairs({0}))
    assert finding(judge_pairs(run)).change.pairs < finding(judge_pairs(run), metric="other").change.pairs


def test_limits_alone_take_up_to_seven_launches_of_the_candidate():
    run = World(noisy(0.01)).gate(benchmark("far", cpu_time=["< 2 s"]), benchmark("near", cpu_time=["< 1.001 s"]))
    far, near = run.results
    assert (len(far.measured), len(near.measured)) == (5, 7)
    assert finding(judge_pairs(run), "far").verdict is Verdict.WITHIN_LIMIT


def test_a_metric_that_is_never_reported_does_not_hold_the_gate_up():
    judgement = World(noisy()).judge(benchmark(cpu_time=["+5 %"], other=["+5 %"]))
    assert finding(judgement, metric="other").reason is Reason.TOO_FEW
    assert finding(judgement).verdict is Verdict.UNCHANGED


def test_informational_metrics_are_marked_only_beyond_chance():
    other = replace(CPU, name="other")
    script = noisy(0.005, a=0.2)

    def both(*asked):
        return measured({"cpu_time": 1.0, "other": script(*asked)})

    judgement = World(both).judge(benchmark("a", (CPU, other), cpu_time=["+5 %"]), benchmark("b", (CPU, other)))
    assert "informational" in finding(judgement, "a", "other").change.note
    assert "informational" not in finding(judgement, "b", "other").change.note


def test_launches_of_an_earlier_session_are_gone_on_with_and_a_half_pair_is_not_counted():
    world = World(noisy(0.01))
    world.interrupt_after = 4.6
    first = PairTrack(benchmark())
    world.session(0, [first])
    second = PairTrack(benchmark())
    second.go_on(first.launches, closed=False)
    world.interrupt_after = None
    assert not second.is_decided
    world.session(2, [second])
    result = second.result()
    assert result.half_pairs == 1
    assert len(result.complete_pairs({0})) == 4
    assert len(result.complete_pairs({0, 2})) == second.pairs == 8


class Listening(RunObserver):
    def __init__(self):
        self.heard = []

    def launch_ended(self, benchmark, launch, progress):
        self.heard.append((progress.pairs, progress.state, progress.settled, progress.estimate is not None))


def test_the_observer_hears_how_far_each_decision_is():
    world = World(noisy(0.01, a=0.1))
    world.observer = Listening()
    world.gate(benchmark())
    assert world.observer.heard[0] == (1, "deciding", False, True)
    states = [state for _, state, _, _ in world.observer.heard]
    assert states.index("suspected") == max(i for i, state in enumerate(states) if state == "suspected")
    assert states[-1] == "regressed"
    assert world.observer.heard[-1][2]
