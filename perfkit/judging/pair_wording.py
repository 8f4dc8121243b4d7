"""Verdicts of pairs in sentences: what was seen, how sure that is, and what to do next."""

from dataclasses import dataclass

from perfkit.judging import wording
from perfkit.judging.pair_gates import Settled
from perfkit.judging.refusal import Refusal
from perfkit.judging.verdict import Decision, how_much
from perfkit.model.change import Change
from perfkit.model.metric import Metric
from perfkit.model.units import counted, format_quantity
from perfkit.model.verdict import Reason, Verdict

_VERDICTS = {"improved": Verdict.IMPROVED, "unchanged": Verdict.UNCHANGED}


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What the sentences need besides the numbers: the ref, β, what a pair takes in s, and how the batch ended."""

    ref: str
    beta: float
    seconds: float
    interrupted: bool


def decided(metric: Metric, seen: Settled | Refusal, around: Circumstances) -> Decision:
    """The verdict of one batch; a regression is only suspected by it."""
    if isinstance(seen, Refusal):
        if around.interrupted:
            return Decision(Verdict.INCONCLUSIVE, "interrupted before it was decided", Reason.INTERRUPTED, _go_on())
        return Decision(Verdict.INCONCLUSIVE, seen.why, seen.reason, seen.advice)
    said = wording.described(metric, seen.change)
    if seen.outcome == "inconclusive":
        return _open(metric, seen, said, around)
    if seen.outcome == "regressed":
        return Decision(Verdict.REGRESSED, f"{said}, {how_much(metric, seen.change)}")
    sure = _how_sure(metric, seen.change, around) if seen.outcome == "unchanged" else ""
    return Decision(_VERDICTS[seen.outcome], said + sure)


def confirmed(
    metric: Metric, first: Settled, second: Settled | Refusal | None, around: Circumstances
) -> tuple[Decision, str]:
    """The verdict on a suspected regression after the second batch, and that batch's word in one."""
    before = f"{wording.described(metric, first.change)}, {_pairs(first.change)}"
    if not isinstance(second, Settled):
        reason = Reason.INTERRUPTED if around.interrupted else Reason.NOT_DECIDED_AGAIN
        cause = "interrupted" if around.interrupted else "no pair of a second batch" if second is None else second.why
        why = f"suspected in the first batch ({before}) and not measured again: {cause}"
        return Decision(Verdict.INCONCLUSIVE, why, reason, _more_time(around, "")), "undecided"
    now = wording.described(metric, second.change)
    if second.outcome == "regressed":
        why = (
            f"{now}, {how_much(metric, second.change)}; confirmed in {_pairs(second.change)} of a second batch "
            f"(first batch: {before})"
        )
        return Decision(Verdict.REGRESSED, why), "confirmed"
    if second.outcome in {"unchanged", "improved"}:
        why = f"suspected in the first batch ({before}), but not in a second one from other builds ({now}): an effect "
        advice = "look at how code and data are laid out, or measure more in a launch; the same code may go either way"
        decision = Decision(Verdict.INCONCLUSIVE, f"{why}of layout is suspected", Reason.DISAGREED, advice)
        return decision, "disagreed"
    reason = Reason.INTERRUPTED if around.interrupted else Reason.NOT_DECIDED_AGAIN
    why = f"suspected in the first batch ({before}); {_pairs(second.change)} of a second one do not decide it ({now})"
    return Decision(Verdict.INCONCLUSIVE, why, reason, _more_time(around, _price(second.further, around))), "undecided"


def circumstances(change: Change) -> str:
    """How much a change rests on, for its note: `18 pairs, p = 0.0012`."""
    p = "" if change.p_worse is None or not change.suspected else f", p = {change.p_worse:.2g}"
    return f"{_pairs(change)}{p}"


def _open(metric: Metric, seen: Settled, said: str, around: Circumstances) -> Decision:
    change, reason = seen.change, seen.reason or Reason.NOISE
    told = f"{said}; {_pairs(change)}"
    if around.interrupted and reason is Reason.NOISE:
        return Decision(Verdict.INCONCLUSIVE, f"{told}, then interrupted", Reason.INTERRUPTED, _go_on())
    if reason is Reason.TOO_FEW:
        return Decision(Verdict.INCONCLUSIVE, f"{told}; too few to decide", reason, _more_time(around, ""))
    if reason is Reason.TOO_COARSE:
        why = f"{told}, of which fewer than 8 differ at all: the values are too coarse"
        return Decision(Verdict.INCONCLUSIVE, why, reason, "give each launch more to do")
    if change.method == "counts":
        why = f"{told} do not exclude a rise of {wording.allowed(metric, change)} a launch"
        advice = "give each launch more to do, allow more, or give it a limit such as '== 0'"
        return Decision(Verdict.INCONCLUSIVE, why, reason, advice)
    visible = f"only changes of {_size(metric, change)} or more could be seen"
    when = "when the time was up" if reason is Reason.OUT_OF_TIME else ""
    why = f"{told} {when}".rstrip() + f"; {visible}"
    price = _price(seen.further, around)
    if reason is Reason.OUT_OF_TIME or price:
        return Decision(Verdict.INCONCLUSIVE, why, reason, _more_time(around, price))
    advice = f"it lies too close to +{wording.allowed(metric, change)} to be told apart: allow more or less than that"
    return Decision(Verdict.INCONCLUSIVE, why, reason, advice)


def _how_sure(metric: Metric, change: Change, around: Circumstances) -> str:
    if change.method == "exact":
        return f", within the allowed {wording.allowed(metric, change)}" if change.estimate else ""
    if change.method == "counts":
        return f"; a rise of {wording.allowed(metric, change)} or more a launch is excluded"
    if change.low is not None and change.low == change.high:
        return ""
    level = f"{(1 - around.beta) * 100:g} %"
    return f"; below {wording.allowed(metric, change)}, shown at {level}"


def _pairs(change: Change) -> str:
    return counted(change.pairs, "pair")


def _size(metric: Metric, change: Change) -> str:
    return wording.amount(change.detectable or 0.0, metric, relative=change.relative)


def _price(further: int, around: Circumstances) -> str:
    if not further:
        return ""
    return f"about {further} more pairs ({format_quantity(further * around.seconds, 's', 2)}) would decide it"


def _more_time(around: Circumstances, price: str) -> str:
    wanted = f"{price}: " if price else ""
    return f"{wanted}perfkit gate --against {around.ref} with a larger --max-time, or on a quieter machine"


def _go_on() -> str:
    return "perfkit gate --resume last goes on with it"
