"""`run` and `gate`: select, measure, compare, look again, judge."""

from dataclasses import replace
from math import inf
from pathlib import Path

from perfkit.instruments.machine import read_machine
from perfkit.judging.judgement import compare as judge
from perfkit.judging.judgement import suspects
from perfkit.judging.settling import open_questions
from perfkit.loading.recorded import find_named
from perfkit.model.events import RunObserver
from perfkit.model.verdict import Judgement
from perfkit.running.gating import Comparison, measure_pairs
from perfkit.running.measuring import Measured, measure
from perfkit.running.plan import shortages
from perfkit.running.sides import Build
from perfkit.storage.journal import read_journal
from perfkit.usecases.judged import Judged, judged_alone, judged_pairs
from perfkit.usecases.request import Against, Policy, Request, options_of, run_folder, surroundings
from perfkit.usecases.settling import (
    AGAIN,
    PAIRS,
    SecondLook,
    again,
    buildable,
    expect,
    folder_of,
    forget_expected,
    measure_answers,
)


def run(request: Request, observer: RunObserver) -> Judged:
    """Measure, and hold limits against what was measured; tolerances wait for a gate."""
    measured = _measure(request, observer)
    judged = judged_alone(
        measured.run,
        measured.folder,
        options_of(request.config, measured.run.machine.fingerprint),
        interrupted=measured.interrupted,
    )
    return judged.warned(shortages(measured.run, request.plan))


def gate(request: Request, observer: RunObserver, *, baseline: str, on_inconclusive: Policy) -> Judged:
    """Measure, compare with the baseline or pair by pair with a ref, measure the suspects once more, judge."""
    if request.against:
        return _gate_pairs(request, request.against, observer, on_inconclusive)
    options = options_of(request.config, on_inconclusive=on_inconclusive)
    base = find_named(request.config, baseline, read_machine().fingerprint)
    measured = _measure(request, observer)
    selected = frozenset(result.benchmark for result in measured.run.results)
    everything = None if request.selection.everything else selected

    def judged(look: SecondLook) -> Judgement:
        return judge(base, measured.run, options, selected=everything, confirmation=look.again, pairs=look.pairs)

    judgement, failed, interrupted = judged(SecondLook()), "", measured.interrupted
    if not interrupted and (questions := open_questions(judgement)):
        look = SecondLook()
        commit = buildable(base, measured.run.machine.fingerprint) if request.pairs else None
        under_way = PAIRS if commit else AGAIN
        forget_expected(measured.folder)
        try:
            paired = measure_answers(request, questions, commit, measured.folder, options, observer) if commit else ""
            if isinstance(paired, str):
                failed = paired
            else:
                look, interrupted = SecondLook(pairs=paired.run), paired.interrupted
            judgement, under_way = judged(look), AGAIN
            if not interrupted and (suspected := suspects(judgement)):
                second = _measure(again(request, suspected), observer, folder_of(measured.folder, AGAIN))
                judgement, interrupted = judged(replace(look, again=second.run)), second.interrupted
        except KeyboardInterrupt:
            expect(measured.folder, under_way)
            interrupted = True
    notes = (*shortages(measured.run, request.plan), *((failed,) if failed else ()))
    return Judged(measured.run, judgement, base, measured.folder, interrupted).warned(notes)


def _gate_pairs(request: Request, against: Against, observer: RunObserver, on_inconclusive: Policy) -> Judged:
    """Measure pairs of two sides, once more what looks regressed, and judge them by replaying the pairs."""
    config, build = request.config, request.config.tables.build
    benchmarks, around = surroundings(request)
    folder = run_folder(config, request.resume)
    before = read_journal(folder).run.created if request.resume else inf
    options = options_of(config, before=before, on_inconclusive=on_inconclusive)
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
    measured = measure_pairs(benchmarks, asked, around, folder, request.arguments, observer)
    return judged_pairs(measured.run, folder, options, interrupted=measured.interrupted)


def _measure(request: Request, observer: RunObserver, folder: Path | None = None) -> Measured:
    folder = folder or run_folder(request.config, request.resume)
    benchmarks, around = surroundings(request)
    return measure(benchmarks, request.plan, around, folder, request.arguments, observer)
