"""A change held against a tolerance, and all budgets of a metric brought to one verdict."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from perfkit.judging import wording
from perfkit.judging.limits import Held
from perfkit.judging.refusal import Refusal
from perfkit.model.budget import Tolerance
from perfkit.model.change import IDENTICAL, Change
from perfkit.model.metric import Metric
from perfkit.model.verdict import BudgetVerdict, Met, Reason, Verdict

_WORST_FIRST = tuple(Verdict)


@dataclass(frozen=True, slots=True)
class Decision:
    """A verdict with its sentence; `reason` where it is inconclusive or new, `advice` where something can be done."""

    verdict: Verdict
    why: str
    reason: Reason | None = None
    advice: str = ""


def decide(metric: Metric, seen: Change | Refusal, against: str) -> Decision:
    """The verdict of a comparison: regressed, improved, unchanged, inconclusive, or new.

    `against` is the git reference that a comparison in pairs would take.
    """
    if isinstance(seen, Refusal):
        return Decision(Verdict.NEW if seen.new else Verdict.INCONCLUSIVE, seen.why, seen.reason, seen.advice)
    said = wording.described(metric, seen)
    if seen.suspected:
        return Decision(Verdict.REGRESSED, f"{said}, {how_much(metric, seen)}")
    if seen.improved:
        return Decision(Verdict.IMPROVED, said)
    if seen.unchanged:
        advice = f"to hold the tolerance use: {_pairs(against)}" if seen.coarse else ""
        return Decision(Verdict.UNCHANGED, f"{said}{_how_sure(metric, seen)}", advice=advice)
    return _undecided(metric, seen, said, against)


def confirmed(metric: Metric, first: Change, second: Change | Refusal | None, against: str) -> tuple[Change, Decision]:
    """A suspected regression with its second session's word; that one leads, as the first was selected.

    Exact changes need no confirmation.
    """
    decision = decide(metric, first, against)
    if first.method == "exact":
        return first, decision
    if not isinstance(second, Change):
        why = f"{decision.why}; not confirmed by a second session"
        return replace(first, note=_joined(first.note, "not confirmed by a second session")), replace(decision, why=why)
    before, now = wording.described(metric, first), wording.described(metric, second)
    if second.suspected:
        note = _joined(second.note, f"confirmed by a second session (the first: {before})")
        return replace(second, note=note), Decision(
            Verdict.REGRESSED, f"{now}, {how_much(metric, second)}; confirmed (first session: {before})"
        )
    why = f"suspected in the first session ({before}), not confirmed by the second ({now})"
    return first, Decision(Verdict.INCONCLUSIVE, why, Reason.NOT_CONFIRMED, _pairs(against))


def settled(
    metric: Metric, stored: Change, paired: Change | None, decision: Decision
) -> tuple[Change | None, Decision]:
    """What pairs decided, beside the change against the stored sessions that they were measured for."""
    before = f"against the stored sessions {wording.described(metric, stored)}"
    if paired is not None:
        paired = replace(paired, note=_joined(paired.note, before))
    return paired, replace(decision, why=f"{decision.why}; {before}")


def combine(decision: Decision, held: Sequence[Held]) -> Decision:
    """The worst of the comparison and the limits; a limit's inconclusive reason stands for it."""
    candidates = [decision, *(Decision(_of_limit(one), one.verdict.why, one.reason, one.advice) for one in held)]
    return min(candidates, key=lambda one: _WORST_FIRST.index(one.verdict))


def hold_tolerance(tolerance: Tolerance, decision: Decision) -> Held:
    """What the comparison says of the tolerance."""
    met = {
        Verdict.REGRESSED: Met.EXCEEDED,
        Verdict.INCONCLUSIVE: Met.INCONCLUSIVE,
        Verdict.NEW: Met.INCONCLUSIVE,
    }.get(decision.verdict, Met.MET)
    is_new = decision.verdict is Verdict.NEW
    return Held(BudgetVerdict(tolerance, met, decision.why), decision.reason, decision.advice, is_new)


def _of_limit(held: Held) -> Verdict:
    return {
        Met.MET: Verdict.WITHIN_LIMIT,
        Met.EXCEEDED: Verdict.OVER_LIMIT,
        Met.INCONCLUSIVE: Verdict.INCONCLUSIVE,
    }[held.verdict.met]


def how_much(metric: Metric, change: Change) -> str:
    """What a regression exceeds."""
    limit = wording.allowed(metric, change)
    if change.low is None or change.low > change.tolerance or change.method in {"exact", "counts"}:
        return f"more than the allowed {limit}"
    ignored = wording.amount(change.ignore, metric, relative=change.relative)
    if change.estimate > change.tolerance:
        return f"proven to be more than the ignored {ignored} and likely more than the allowed {limit}"
    return f"proven to be more than the ignored {ignored}, though less than {limit}"


def _how_sure(metric: Metric, change: Change) -> str:
    if change.method == "exact":
        return f", within the allowed {wording.allowed(metric, change)}" if change.estimate else ""
    if change.method == "counts":
        return f"; a rise of {wording.allowed(metric, change)} or more a launch is excluded"
    if change.note == IDENTICAL:
        return ""
    if change.coarse:
        return f"; {wording.visible(metric, change)}"
    return f"; a regression of {wording.allowed(metric, change)} or more is excluded"


def _undecided(metric: Metric, change: Change, said: str, against: str) -> Decision:
    if change.method == "counts":
        why = f"{said}; too few launches to exclude a rise of {wording.allowed(metric, change)} a launch"
        advice = "measure more launches (perfkit gate --processes 40), or give it a limit such as '== 0'"
        return Decision(Verdict.INCONCLUSIVE, why, Reason.EXPOSURE, advice)
    why = f"{said}; {wording.visible(metric, change)}"
    advice = f"to hold +{wording.allowed(metric, change)} use: {_pairs(against)}"
    return Decision(Verdict.INCONCLUSIVE, why, Reason.NOISE, advice)


def _pairs(against: str) -> str:
    return f"perfkit gate --against {against}"


def _joined(*notes: str) -> str:
    return "; ".join(note for note in notes if note)
