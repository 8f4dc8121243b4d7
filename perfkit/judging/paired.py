"""A run of pairs judged: every finding replayed from its pairs, as often and by whatever rules one likes."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Final

from perfkit.judging.batches import Batch, family
from perfkit.judging.cases import Case, Judged, judged, unreported
from perfkit.judging.codes import codes
from perfkit.judging.headline import headline
from perfkit.judging.judgement import severity
from perfkit.judging.options import Options
from perfkit.judging.pair_findings import Pairs, crashed, paired_finding
from perfkit.judging.past import Past
from perfkit.judging.refusal import Refusal
from perfkit.judging.standing import Standing, standing
from perfkit.judging.warning import warnings
from perfkit.model.budget import Limit, Tolerance
from perfkit.model.launch import Outcome
from perfkit.model.reasons import adding, said
from perfkit.model.run import Result, Run
from perfkit.model.units import counted
from perfkit.model.verdict import ExitCode, Finding, Judgement, Reason, Unmeasured, Verdict
from perfkit.stats.multiplicity import benjamini_hochberg

LISTED: Final = 0.10
"""The share of false ones among the informational changes that are listed."""


def judge_pairs(run: Run, options: Options | None = None) -> Judgement:
    """Judge a run whose launches are pairs of two sides, by replaying them."""
    options = options or Options()
    pairs = Pairs.of(run, options)
    found = [one for result in run.results for one in _of_benchmark(pairs, result)]
    findings = _listed(sorted((one.finding for one in found), key=severity))
    unmeasured = tuple(_unmeasured(run, options))
    held = [budget for one in found for budget in one.held]
    exits = codes(findings, held, unmeasured, options)
    if any(finding.reason is Reason.CRASH for finding in findings):
        exits = exits - {ExitCode.PASSED} | {ExitCode.REGRESSED}
    return Judgement(
        headline=headline(findings, unmeasured),
        findings=findings,
        unmeasured=unmeasured,
        codes=exits,
        base_name=str(run.against) if run.against else "",
        warnings=(*warnings(run, Past((), run.machine)), *_warnings(run)),
    )


def pair_suspects(run: Run, options: Options) -> dict[str, tuple[str, ...]]:
    """Benchmark → its metrics that the first batch calls regressed: to be measured in a second one."""
    share = replace(options, alpha=options.alpha / family(result.budgets for result in run.results))
    first = Batch.of(run, confirming=False)
    found: dict[str, tuple[str, ...]] = {}
    for result in run.results:
        if standing(result.launches) is Standing.PAIRED:
            named = tuple(
                metric.name
                for metric in result.metrics
                for tolerance in result.budgets.get(metric.name, ())
                if isinstance(tolerance, Tolerance)
                and getattr(first.replay(result, metric, tolerance, share), "outcome", "") == "regressed"
            )
            found |= {result.benchmark: named} if named else {}
    return found


def _of_benchmark(pairs: Pairs, result: Result) -> Iterator[Judged]:
    stands = standing(result.launches)
    if stands is Standing.UNMEASURED:
        return
    metrics = (*result.metrics, *unreported(result))
    if stands is Standing.CRASHED:
        gating = [metric for metric in metrics if result.budgets.get(metric.name)]
        yield from (crashed(result, metric) for metric in gating or metrics[:1])
        return
    for metric in metrics:
        if result.values(metric.name) or result.budgets.get(metric.name):
            yield _new(pairs, result, metric.name) if stands is Standing.NEW else paired_finding(pairs, result, metric)


def _new(pairs: Pairs, result: Result, name: str) -> Judged:
    """A metric of a benchmark that the base cannot run: its limits are judged, its tolerances have nothing to hold."""
    metric = next(one for one in (*result.metrics, *unreported(result)) if one.name == name)
    budgets = result.budgets.get(name, ())
    why = f"the base cannot run it: {said(result.base.reason) or 'it gave no values'}"
    advice = "it is compared as soon as the base can run it"
    case = Case(
        result=result,
        metric=metric,
        values=result.values(name),
        second=(),
        base=Refusal(Reason.NO_BASELINE, why, advice, new=True),
        tolerance=next((budget for budget in budgets if isinstance(budget, Tolerance)), None),
        limits=tuple(budget for budget in budgets if isinstance(budget, Limit)),
        everything=False,
        against=pairs.ref,
    )
    return judged(case, pairs.options)


def _listed(findings: Sequence[Finding]) -> tuple[Finding, ...]:
    """The informational changes that are more than chance, marked as such (Benjamini & Hochberg)."""
    informed = [
        index
        for index, one in enumerate(findings)
        if one.verdict is Verdict.INFORMATIONAL and one.change and one.change.p_worse is not None
        and one.change.method == "pairs"
    ]  # fmt: skip
    marked = list(findings)
    adjusted = benjamini_hochberg([_p(findings[index]) for index in informed])
    for index, p in zip(informed, adjusted, strict=True):
        change = findings[index].change
        if p <= LISTED and change is not None:
            note = f"{change.note}; p = {p:.2g} among {len(informed)}: informational, 10 % of such are false"
            marked[index] = replace(findings[index], change=replace(change, note=note))
    return tuple(marked)


def _p(finding: Finding) -> float:
    return finding.change.p_worse if finding.change and finding.change.p_worse is not None else 1.0


def _unmeasured(run: Run, options: Options) -> Iterator[Unmeasured]:
    for result in run.results:
        if standing(result.launches) is not Standing.UNMEASURED:
            continue
        base, required = result.base, options.require_skips
        works = any(launch.outcome is Outcome.MEASURED for launch in base.launches)
        shown = base if result.outcome is Outcome.MEASURED else result
        both = "; so does the base" if shown is result and base.outcome is result.outcome else ""
        yield Unmeasured(result.benchmark, shown.outcome, adding(shown.reason, both), works, result.source, required)


def _warnings(run: Run) -> Iterator[str]:
    if halves := sum(result.half_pairs for result in run.results):
        yield f"{counted(halves, 'pair')} had a launch on one side only and did not count"
    if run.against is None:
        return
    if run.against.in_place:
        yield "measured in place, layout not confirmed: the paths of the two sides differ, and that may move times"
    if run.against.identical:
        yield "both builds made the same bytes"
