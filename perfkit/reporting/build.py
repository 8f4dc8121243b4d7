"""From a judgement and what it was made of to the one view: formatting, nothing is computed."""

from collections.abc import Callable

from perfkit.model.change import Change, Summary
from perfkit.model.detail import Detail
from perfkit.model.launch import Launch, Outcome, Side
from perfkit.model.metric import Kind, Metric
from perfkit.model.run import Baseline, Recorded, Result, Run
from perfkit.model.units import counted, format_change, format_quantity
from perfkit.model.verdict import Finding, Judgement
from perfkit.reporting.environments import base_sessions, commit_text, side_by_side
from perfkit.reporting.pictures import picture
from perfkit.reporting.view import (
    BenchmarkView,
    BudgetText,
    ChangeText,
    Row,
    SideText,
    UnmeasuredRow,
    View,
    unit_once,
)
from perfkit.reporting.wording import HOW_TO_READ, OUTCOMES, budget_wording, finding_wording, moment, overall

ReadDetails = Callable[[Launch], tuple[Detail, ...]]


def build_view(
    judgement: Judgement,
    candidate: Run,
    base: Baseline | Recorded | None,
    details: ReadDetails,
    *,
    generated: float,
    identity: str = "gate",
) -> View:
    """The view of one judged run.

    `details` reads what a launch saw inside (empty where nothing was kept), `generated` is seconds since the epoch,
    and `identity` names the PR comment that later runs of the same gate update.
    """
    sessions = base_sessions(base)
    results = {result.benchmark: result for result in candidate.results}
    label = f"candidate {candidate.commit}"
    return View(
        judgement=judgement,
        identity=identity,
        run=candidate.id,
        wording=overall(judgement),
        headline=judgement.headline,
        compared=any(finding.base is not None for finding in judgement.findings),
        base_name=judgement.base_name,
        summary=_summary(candidate, judgement, sessions),
        rows=tuple(
            _row(number, finding, results.get(finding.benchmark), sessions, label)
            for number, finding in enumerate(judgement.findings, 1)
        ),
        unmeasured=tuple(UnmeasuredRow(one, OUTCOMES[one.outcome]) for one in judgement.unmeasured),
        benchmarks=tuple(_benchmark(result, details) for result in candidate.results if result.launches),
        environment=side_by_side(candidate, base),
        warnings=_warnings(judgement, candidate),
        caveats=_caveats(candidate),
        notes=(*candidate.notes, *HOW_TO_READ),
        machine=str(candidate.machine),
        candidate_commit=commit_text(candidate.commit),
        base_commits=tuple(dict.fromkeys(commit_text(session.commit) for session in sessions)),
        generated=moment(generated),
        version=candidate.version,
    )


def _warnings(judgement: Judgement, run: Run) -> tuple[str, ...]:
    """Those of the judgement, and once that the run is not complete."""
    told = "the run is not complete"
    known = run.complete or any(warning.startswith(told) for warning in judgement.warnings)
    return judgement.warnings if known else (*judgement.warnings, told)


def _summary(run: Run, judgement: Judgement, sessions: tuple[Recorded, ...]) -> tuple[tuple[str, str], ...]:
    launches = sum(len(result.launches) for result in run.results)
    spent = sum(session.ended - session.started for session in run.sessions)
    facts = [("run", run.id), ("commit", commit_text(run.commit)), ("machine", str(run.machine))]
    if judgement.base_name or sessions:
        told = counted(len(sessions), "session")
        facts.append(("base", f"{judgement.base_name}, {told}" if judgement.base_name else told))
    took = f"{counted(launches, 'launch', 'launches')} of {counted(len(run.results), 'benchmark')}"
    facts.append(("measured", f"{moment(run.created)}, {took} in {format_quantity(spent, 's')}"))
    return tuple(facts)


def _row(number: int, finding: Finding, result: Result | None, sessions: tuple[Recorded, ...], run_label: str) -> Row:
    change = _change(finding.change, finding.metric.unit) if finding.change else None
    seen = change.detectable.lstrip("+") if change and finding.change and finding.change.coarse else ""
    return Row(
        finding=finding,
        anchor=f"f{number}",
        wording=finding_wording(finding),
        candidate=_side(finding.candidate, finding.metric),
        base=_side(finding.base, finding.metric) if finding.base else None,
        change=change,
        budgets=tuple(BudgetText(str(held.budget), budget_wording(held, seen), held.why) for held in finding.budgets),
        picture=picture(finding, result, sessions, run_label),
        unit=finding.metric.unit,
        declared=bool(finding.budgets or (result and result.budgets.get(finding.metric.name))),
    )


def _side(summary: Summary, metric: Metric) -> SideText:
    if metric.kind is Kind.COUNT:
        return SideText(format_quantity(summary.total, metric.unit), "in total", summary.n, summary.sessions)
    interval = ""
    if summary.low is not None and summary.high is not None:
        low, high = (format_quantity(bound, metric.unit) for bound in (summary.low, summary.high))
        interval = unit_once(low, high, " to ")
    return SideText(format_quantity(summary.median, metric.unit), interval, summary.n, summary.sessions)


def _change(change: Change, unit: str) -> ChangeText:
    def text(value: float | None) -> str:
        if value is None:
            return ""
        # A mean of counts has digits that say nothing.
        return (
            f"{value:+.2g}"
            if unit == "1" and not change.relative
            else format_change(value, unit, relative=change.relative)
        )

    bounded = change.low is not None and change.high is not None
    return ChangeText(
        estimate=text(change.estimate),
        low=text(change.low) if bounded else "",
        high=text(change.high) if bounded else "",
        confidence=f"{change.confidence * 100:g} %" if bounded else "",
        detectable=text(change.detectable),
        method=change.method,
        note=change.note,
    )


def _benchmark(result: Result, read: ReadDetails) -> BenchmarkView:
    leading = next((metric for metric in result.metrics if result.budgets.get(metric.name)), None)
    launch = _representative(result, leading or (result.metrics[0] if result.metrics else None))
    return BenchmarkView(
        id=result.benchmark,
        kind=result.kind,
        launches=_launches_text(result.launches),
        duration=sum(launch.duration for launch in result.launches),
        caveats=_result_caveats(result),
        details=read(launch) if launch else (),
        details_from=f"launch {result.launches.index(launch) + 1} of {len(result.launches)}" if launch else "",
        metrics=result.metrics,
    )


def _representative(result: Result, leading: Metric | None) -> Launch | None:
    """The counting launch with details whose leading value is the middle one (the lower of two)."""
    kept = [launch for launch in result.measured if launch.details]
    if leading is not None:
        kept = sorted(
            (launch for launch in kept if leading.name in launch.values), key=lambda one: one.values[leading.name]
        )
    return kept[(len(kept) - 1) // 2] if kept else None


def _launches_text(launches: tuple[Launch, ...]) -> str:
    """`10 launches, 1 contaminated, 1 run again, 1 failed`."""
    parts = [counted(len(launches), "launch")]
    if bases := sum(launch.side is Side.BASE for launch in launches):
        parts.append(f"{bases} of them of the base")
    for number, word in (
        (sum(bool(launch.contaminated) for launch in launches), "contaminated"),
        (sum(launch.replaced for launch in launches), "run again"),
        *((sum(one.outcome is outcome for one in launches), outcome.value) for outcome in Outcome),
    ):
        if number and word != Outcome.MEASURED.value:
            parts.append(f"{number} {word}")
    return ", ".join(parts)


def _result_caveats(result: Result) -> tuple[str, ...]:
    return tuple(dict.fromkeys(caveat for launch in result.measured for caveat in launch.caveats))


def _caveats(run: Run) -> tuple[str, ...]:
    """Each caveat once, with the benchmarks that it holds for."""
    owners: dict[str, list[str]] = {}
    for result in run.results:
        for caveat in _result_caveats(result):
            owners.setdefault(caveat, []).append(result.benchmark)
    return tuple(f"{caveat}: {', '.join(names)}" for caveat, names in owners.items())
