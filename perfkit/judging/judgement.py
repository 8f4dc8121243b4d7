"""A run held against a baseline and its budgets: every finding, every code, one headline."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from perfkit.judging.cases import Case, Judged, cases, judged
from perfkit.judging.codes import codes
from perfkit.judging.headline import headline
from perfkit.judging.options import Options
from perfkit.judging.past import Past
from perfkit.judging.settling import answers
from perfkit.judging.warning import warnings
from perfkit.judging.wording import described
from perfkit.model.launch import Outcome
from perfkit.model.run import Baseline, Recorded, Run
from perfkit.model.verdict import Finding, Judgement, Unmeasured, Verdict

_WORST_FIRST = {verdict: place for place, verdict in enumerate(Verdict)}


def compare(
    base: Baseline | None,
    candidate: Run,
    options: Options | None = None,
    *,
    confirmation: Run | None = None,
    pairs: Run | None = None,
    selected: frozenset[str] | None = None,
) -> Judgement:
    """Judge a run against the stored sessions of a base.

    `confirmation` is a second session of the suspects, `pairs` are those that settle what the baseline cannot (with its
    newest commit, so they say nothing of an anchor). `selected` are the benchmarks that were meant to be measured;
    without it every benchmark of the base is missed if it is not in the run.
    """
    options = options or Options()
    rolling, anchors = _split(base.sessions if base else ())
    past = Past(rolling, candidate.machine)
    guard = Past(anchors, candidate.machine)
    answered = answers(pairs, options) if pairs else {}
    main = list(cases(candidate, past, options, confirmation, answered))
    creep = [case for case in cases(candidate, guard, options, confirmation) if case.tolerance] if anchors else []
    share = replace(options, alpha=options.alpha / max(1, sum(case.takes_alpha for case in (*main, *creep))))
    found = [judged(case, share) for case in main]
    found += _crept([judged(case, share) for case in creep], found, anchors)
    findings = tuple(sorted((one.finding for one in found), key=severity))
    held = [budget for one in found for budget in one.held]
    unmeasured = tuple(_unmeasured(candidate, past, options, selected))
    return Judgement(
        headline=headline(findings, unmeasured),
        findings=findings,
        unmeasured=unmeasured,
        codes=codes(findings, held, unmeasured, options),
        base_name=base.name if base and base.sessions else "",
        warnings=(*warnings(candidate, past), *(pairs.notes if pairs else ()), *_acquitted(main, share)),
    )


def suspects(judgement: Judgement) -> tuple[str, ...]:
    """Benchmarks to be measured once more: their regression rests on one session's chance, and no pairs could tell."""
    waiting = [
        finding.benchmark
        for finding in judgement.findings
        if finding.verdict is Verdict.REGRESSED
        and finding.change
        and finding.change.method != "exact"
        and not finding.change.pairs
    ]
    return tuple(dict.fromkeys(waiting))


def _split(sessions: Sequence[Recorded]) -> tuple[Sequence[Recorded], Sequence[Recorded]]:
    """The rolling sessions and the anchor; an anchor alone is the base."""
    rolling = [session for session in sessions if not session.anchor]
    anchors = [session for session in sessions if session.anchor]
    return (rolling, anchors) if rolling else (anchors, [])


def _acquitted(cases: Sequence[Case], options: Options) -> Iterator[str]:
    """What looks worse than the stored sessions, though the commits between do not make it so."""
    for case in cases:
        if case.answer is None or case.answer.decision.verdict in {Verdict.REGRESSED, Verdict.INCONCLUSIVE}:
            continue
        stored = judged(replace(case, answer=None), options).finding.change
        if stored is not None and stored.suspected:
            yield (
                f"{case.result.benchmark} {case.metric.name}: {described(case.metric, stored)} than in the stored "
                "sessions, but pairs with their commit say that it is not the program's change: the machine, or what "
                "is installed, was different"
            )


def _crept(against: list[Judged], found: list[Judged], anchors: Sequence[Recorded]) -> Iterator[Judged]:
    """Regressions that only the anchor shows: steps too small for each gate, too many together."""
    known = {_place(one.finding) for one in found if one.finding.verdict is Verdict.REGRESSED}
    for one in against:
        finding = one.finding
        if finding.verdict is Verdict.REGRESSED and _place(finding) not in known:
            anchor = anchors[-1].commit.id[:10] or anchors[-1].id
            yield replace(one, finding=replace(finding, why=f"against the anchor {anchor}: {finding.why}"))


def _place(finding: Finding) -> tuple[str, str]:
    return finding.benchmark, finding.metric.name


def _unmeasured(run: Run, past: Past, options: Options, selected: frozenset[str] | None) -> Iterator[Unmeasured]:
    in_base = frozenset(past.benchmarks)
    for result in run.results:
        if result.outcome is not Outcome.MEASURED:
            outcome = result.outcome if result.launches else None
            required = options.require_skips
            yield Unmeasured(
                result.benchmark, outcome, result.reason, result.benchmark in in_base, result.source, required
            )
    present = {result.benchmark for result in run.results}
    for benchmark in past.benchmarks:
        if benchmark not in present and (selected is None or benchmark in selected):
            yield Unmeasured(benchmark, None, "the baseline has it, the run does not", in_base=True)


def severity(finding: Finding) -> tuple[float, float]:
    """Worst first, then by size, else as the run has them; what only warns comes after all that fails."""
    place = _WORST_FIRST[finding.verdict]
    failing = {Verdict.REGRESSED, Verdict.OVER_LIMIT}
    size = finding.change.estimate if finding.change else 0.0
    return (place / 10 + 1.5 if finding.only_warns and finding.verdict in failing else place, -abs(size))
