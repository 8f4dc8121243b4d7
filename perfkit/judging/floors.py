"""Peaks that could not be read, since the launcher itself needs more: they bound the program's own from above."""

from typing import Final

from perfkit.judging.limits import Held
from perfkit.judging.verdict import Decision
from perfkit.model.budget import Limit
from perfkit.model.change import Change
from perfkit.model.verdict import BudgetVerdict, Met, Reason, Verdict

WHY: Final = "it needs less memory than can be read: the value is what the launcher itself needs"
ADVICE: Final = 'use the probe `memory` with method = "cgroup", which has no such floor (it needs root or delegation)'


def below_reading(
    decision: Decision, limits: list[Held], change: Change | None, values: tuple[float, ...], *, base: bool, own: bool
) -> tuple[Decision, list[Held]]:
    """What still holds where the `base`, or the candidate with its `own` values, is at the floor.

    A limit above the floor is kept all the same. Of changes only those are proven that a smaller value of that side
    would prove as well: worse from a base at the floor, not worse to a candidate at it.
    """
    if own:
        limits = [_limited(one, values) for one in limits]
    if not (base or own):
        return decision, limits
    if decision.verdict is Verdict.INFORMATIONAL:
        return Decision(decision.verdict, f"{decision.why}; {WHY}"), limits
    if change is None or decision.verdict in _still_proven(base=base, own=own):
        return decision, limits
    return Decision(Verdict.INCONCLUSIVE, WHY, Reason.BELOW_READING, ADVICE), limits


def _still_proven(*, base: bool, own: bool) -> set[Verdict]:
    if base and own:
        return set()
    return {Verdict.INCONCLUSIVE, *({Verdict.REGRESSED} if base else {Verdict.UNCHANGED, Verdict.IMPROVED})}


def _limited(held: Held, values: tuple[float, ...]) -> Held:
    limit = held.verdict.budget
    assert isinstance(limit, Limit)
    if limit.operator.startswith("<") and all(map(limit.holds, values)):
        return held
    return Held(BudgetVerdict(limit, Met.INCONCLUSIVE, WHY), Reason.BELOW_READING, ADVICE)
