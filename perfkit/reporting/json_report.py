"""The judgement as JSON for programs, and the JSON Schema of it: one set of types makes both."""

import math
from typing import Any, Literal

import msgspec

from perfkit.model.change import Change, Summary
from perfkit.model.verdict import BudgetVerdict, ExitCode, Finding, Unmeasured
from perfkit.reporting.view import Row, View

SCHEMA_ID: Literal["perfkit-judgement/1"] = "perfkit-judgement/1"


class SideOut(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One side in the metric's base unit; `low` and `high` are null where `note` says why."""

    n: int
    sessions: int
    median: float | None
    low: float | None
    high: float | None
    confidence: float
    note: str


class ChangeOut(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Positive is worse; fractions where `relative`, else the metric's unit. A null number has its reason in `note`.

    `pairs` is how many pairs of launches it rests on; a null `p` is above its level.
    """

    estimate: float | None
    low: float | None
    high: float | None
    confidence: float
    relative: bool
    pairs: int
    p: float | None
    note: str


class BudgetOut(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One budget as written, whether it is kept, and why that is said."""

    text: str
    met: Literal["met", "exceeded", "inconclusive"]
    why: str
    level: Literal["error", "warn"]


class FindingOut(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One benchmark and metric. `change`, `base`, `detectable` are null where `why` says why nothing was compared.

    What pairs suspect is measured twice: `change` is then of the second batch, `first` of the one that was suspected,
    and `confirmation` is confirmed, disagreed or undecided.
    """

    benchmark: str
    metric: str
    unit: str
    better: Literal["lower", "higher"]
    verdict: str
    reason: str
    why: str
    advice: str
    change: ChangeOut | None
    budgets: tuple[BudgetOut, ...]
    base: SideOut | None
    candidate: SideOut
    method: str
    detectable: float | None
    first: ChangeOut | None
    confirmation: str
    source: str


class UnmeasuredOut(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A benchmark without values."""

    benchmark: str
    outcome: str
    reason: str
    in_base: bool
    fails: bool
    source: str


class MachineOut(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where the candidate was measured."""

    fingerprint: str
    description: str


class CommitsOut(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What was compared; `base` holds one commit a session."""

    candidate: str
    base: tuple[str, ...]


class JudgementOut(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The whole judgement; `exit_codes` are all that hold, `exit_code` the one that wins."""

    schema: Literal["perfkit-judgement/1"] = SCHEMA_ID
    perfkit: str
    run: str
    generated: str
    verdict: str
    exit_code: int
    exit_codes: tuple[int, ...]
    headline: str
    base_name: str
    findings: tuple[FindingOut, ...]
    unmeasured: tuple[UnmeasuredOut, ...]
    warnings: tuple[str, ...]
    caveats: tuple[str, ...]
    machine: MachineOut
    commits: CommitsOut


def render(view: View) -> str:
    """The judgement as indented JSON that ends with a line break."""
    return msgspec.json.format(msgspec.json.encode(judgement_out(view)), indent=2).decode() + "\n"


def schema() -> dict[str, Any]:
    """The JSON Schema (2020-12) of what `render` writes."""
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **msgspec.json.schema(JudgementOut)}


def judgement_out(view: View) -> JudgementOut:
    """The view's numbers as the types of the file."""
    judged = view.judgement
    return JudgementOut(
        perfkit=view.version,
        run=view.run,
        generated=view.generated,
        verdict=judged.verdict,
        exit_code=int(judged.exit_code),
        exit_codes=tuple(sorted(int(code) for code in judged.codes | _passed(judged.codes))),
        headline=judged.headline,
        base_name=judged.base_name,
        findings=tuple(_finding(row.finding, row) for row in view.rows),
        unmeasured=tuple(_unmeasured(one) for one in judged.unmeasured),
        warnings=view.warnings,
        caveats=view.caveats,
        machine=_machine(view),
        commits=CommitsOut(candidate=view.candidate_commit, base=view.base_commits),
    )


def _passed(codes: frozenset[ExitCode]) -> frozenset[ExitCode]:
    return frozenset() if codes else frozenset({ExitCode.PASSED})


def _machine(view: View) -> MachineOut:
    fingerprint = next(fact.candidate for fact in view.environment if fact.name == "fingerprint")
    return MachineOut(fingerprint=fingerprint, description=view.machine)


def _finding(finding: Finding, row: Row) -> FindingOut:
    change = finding.change
    return FindingOut(
        benchmark=finding.benchmark,
        metric=finding.metric.name,
        unit=finding.metric.unit,
        better=finding.metric.better.value,
        verdict=finding.verdict.value,
        reason=finding.reason.value if finding.reason else "",
        why=finding.why,
        advice=finding.advice,
        change=_change(change) if change else None,
        budgets=tuple(_budget(held, text.text) for held, text in zip(finding.budgets, row.budgets, strict=True)),
        base=_side(finding.base) if finding.base else None,
        candidate=_side(finding.candidate),
        method=change.method if change else finding.metric.method,
        detectable=_finite(change.detectable) if change else None,
        first=_change(finding.first) if finding.first else None,
        confirmation=finding.confirmation,
        source=finding.source,
    )


def _side(summary: Summary) -> SideOut:
    bounds = (_finite(summary.low), _finite(summary.high))
    return SideOut(
        n=summary.n,
        sessions=summary.sessions,
        median=_finite(summary.median),
        low=bounds[0],
        high=bounds[1],
        confidence=summary.confidence,
        note="too few launches for an interval" if None in bounds else "",
    )


def _change(change: Change) -> ChangeOut:
    numbers = (_finite(change.estimate), _finite(change.low), _finite(change.high))
    unknown = "no finite interval" if None in numbers else ""
    return ChangeOut(
        estimate=numbers[0],
        low=numbers[1],
        high=numbers[2],
        confidence=change.confidence,
        relative=change.relative,
        pairs=change.pairs,
        p=_finite(change.p_worse),
        note=change.note or unknown,
    )


def _budget(held: BudgetVerdict, text: str) -> BudgetOut:
    return BudgetOut(text=text, met=held.met.value, why=held.why, level=held.budget.level.value)


def _unmeasured(one: Unmeasured) -> UnmeasuredOut:
    return UnmeasuredOut(
        benchmark=one.benchmark,
        outcome=one.outcome.value if one.outcome else "missing",
        reason=one.reason or "no launch was made",
        in_base=one.in_base,
        fails=one.fails,
        source=one.source,
    )


def _finite(number: float | None) -> float | None:
    return number if number is not None and math.isfinite(number) else None
