"""How a benchmark of two sides stands, by how its launches ended: the outcome itself can be a verdict."""

from collections.abc import Sequence
from enum import Enum

from perfkit.judging.limits import hold
from perfkit.judging.summaries import summarise
from perfkit.model.budget import Limit
from perfkit.model.launch import Launch, Outcome, Side
from perfkit.model.metric import Kind
from perfkit.model.run import Result
from perfkit.model.verdict import Met

BASE_FAILURES = 2
"""Failures of the base after which there is no base to compare with."""
VOID = 8
"""Invalid launches of a side that has no other after which it counts as not measured."""
LIMIT_LAUNCHES = 7
"""Launches after which a limit is judged as it is."""

_FAILED = (Outcome.FAILED, Outcome.TIMED_OUT)


class Standing(Enum):
    """What its launches make of a benchmark."""

    PAIRED = "paired"
    NEW = "new"
    CRASHED = "crashed"
    UNMEASURED = "unmeasured"


def standing(launches: Sequence[Launch]) -> Standing:
    """Where a benchmark stands after whole pairs, in the order launched.

    One that fails on the candidate alone has crashed; one that the base cannot run, in its first pair or repeatedly,
    while the candidate can, is new; one that fails on both sides is not measured.
    """
    base = [launch.outcome for launch in launches if launch.side is Side.BASE]
    candidate = [launch.outcome for launch in launches if launch.side is Side.CANDIDATE]
    if not candidate:
        return Standing.PAIRED if not any(outcome in _FAILED for outcome in base) else Standing.UNMEASURED
    base_failures = sum(outcome in _FAILED for outcome in base)
    if any(outcome in _FAILED for outcome in candidate):
        return Standing.CRASHED if _works(base) and not base_failures else Standing.UNMEASURED
    if Outcome.MEASURED not in candidate:
        waiting = Outcome.SKIPPED not in candidate and len(candidate) < VOID
        return Standing.PAIRED if waiting else Standing.UNMEASURED
    if base_failures >= BASE_FAILURES or (base and not _works(base) and not _only_void(base)):
        return Standing.NEW
    return Standing.UNMEASURED if _only_void(base) and len(base) >= VOID else Standing.PAIRED


def _works(outcomes: Sequence[Outcome]) -> bool:
    return Outcome.MEASURED in outcomes


def _only_void(outcomes: Sequence[Outcome]) -> bool:
    return bool(outcomes) and all(outcome is Outcome.INVALID for outcome in outcomes)


def limits_settled(result: Result) -> bool:
    """Whether the limits of a benchmark need no further launch of the candidate; without any budget seven will do."""
    count = len(result.measured)
    if count >= LIMIT_LAUNCHES:
        return True
    exact = all(metric.kind is Kind.DETERMINISTIC for metric in result.metrics)
    if count < (3 if exact else 5):
        return False
    if not any(result.budgets.values()):
        return exact
    held = [
        hold(budget, metric, values, summarise(metric, (values,)))
        for metric in result.metrics
        for budget in result.budgets.get(metric.name, ())
        if isinstance(budget, Limit) and (values := result.values(metric.name))
    ]
    return all(one.verdict.met is not Met.INCONCLUSIVE for one in held)
