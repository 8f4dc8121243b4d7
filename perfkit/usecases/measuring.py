"""`run` and `gate`: select, measure, compare, judge."""

from collections.abc import Sequence
from dataclasses import replace

from perfkit.instruments.machine import read_machine
from perfkit.judging.judgement import compare as judge
from perfkit.judging.judgement import suspects
from perfkit.loading.recorded import find_base
from perfkit.loading.selecting import Selection
from perfkit.model.budget import Limit
from perfkit.model.events import RunObserver
from perfkit.model.verdict import ExitCode, Judgement
from perfkit.running.gating import Comparison, measure_pairs
from perfkit.running.measuring import Measured, measure
from perfkit.running.plan import draw_seed
from perfkit.running.sides import Build
from perfkit.usecases.judged import Judged, judged_pairs
from perfkit.usecases.request import Against, Policy, Request, options_of, run_folder, surroundings


def run(request: Request, observer: RunObserver) -> Judged:
    """Measure, and hold limits against what was measured; tolerances wait for a gate."""
    measured = _measure(request, observer)
    once = request.plan.most == 1
    held = measured.run.keeping() if once else measured.run.keeping(Limit)
    judgement = _without_base(judge(None, held, options_of(request.config)), once=once)
    return Judged(measured.run, judgement, None, measured.folder, measured.interrupted)


def gate(request: Request, observer: RunObserver, *, baseline: str, on_inconclusive: Policy) -> Judged:
    """Measure, compare with the baseline or pair by pair with a ref, measure the suspects once more, judge."""
    if request.against:
        return _gate_pairs(request, request.against, observer, on_inconclusive)
    options = options_of(request.config, on_inconclusive=on_inconclusive)
    base = find_base(request.config, baseline, read_machine().fingerprint)
    measured = _measure(request, observer)
    selected = frozenset(result.benchmark for result in measured.run.results)
    everything = None if request.selection.everything else selected
    judgement = judge(base, measured.run, options, selected=everything)
    judged = Judged(measured.run, judgement, base, measured.folder, measured.interrupted)
    suspected = suspects(judgement)
    if measured.interrupted or not suspected:
        return judged
    second = _measure(_again(request, suspected), observer)
    judgement = judge(base, measured.run, options, selected=everything, confirmation=second.run)
    return replace(judged, judgement=judgement, interrupted=second.interrupted)


def _without_base(judgement: Judgement, *, once: bool) -> Judgement:
    """What a plain run says: limits that are broken and what was not measured, but nothing is inconclusive."""
    codes = judgement.codes & {ExitCode.NOT_MEASURED, ExitCode.REGRESSED} or {ExitCode.PASSED}
    works = f"{len({finding.benchmark for finding in judgement.findings})} benchmarks work"
    missed = f", {len(judgement.unmeasured)} do not" if judgement.unmeasured else ""
    return replace(judgement, codes=frozenset(codes), headline=works + missed if once else judgement.headline)


def _gate_pairs(request: Request, against: Against, observer: RunObserver, on_inconclusive: Policy) -> Judged:
    """Measure pairs of two sides, once more what looks regressed, and judge them by replaying the pairs."""
    config, build = request.config, request.config.tables.build
    options = options_of(config, on_inconclusive=on_inconclusive)
    benchmarks, around = surroundings(request)
    asked = Comparison(
        ref=against.ref,
        seed=request.plan.seed,
        options=options,
        exact=against.exact,
        in_place=against.in_place,
        build=Build(build.command, build.timeout) if build.command else None,
        python=config.tables.project.python,
        max_time=request.plan.hard_limit,
    )
    folder = run_folder(config, request.resume)
    measured = measure_pairs(benchmarks, asked, around, folder, request.arguments, observer)
    return judged_pairs(measured.run, folder, options, interrupted=measured.interrupted)


def _again(request: Request, benchmarks: Sequence[str]) -> Request:
    """The same measurement of the suspects only, in a run of its own."""
    plan = replace(request.plan, seed=draw_seed())
    return replace(request, selection=Selection(tuple(benchmarks)), plan=plan, resume="")


def _measure(request: Request, observer: RunObserver) -> Measured:
    folder = run_folder(request.config, request.resume)
    benchmarks, around = surroundings(request)
    return measure(benchmarks, request.plan, around, folder, request.arguments, observer)
