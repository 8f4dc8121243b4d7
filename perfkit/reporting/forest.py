"""The small picture in each row: the change with its interval on one scale for the whole report."""

from collections.abc import Iterable
from dataclasses import dataclass

from perfkit.model.budget import Tolerance
from perfkit.reporting.drawing import number
from perfkit.reporting.view import Row

_HALF = 60.0
_WIDEST = 0.5


@dataclass(frozen=True, slots=True)
class Forest:
    """Paths in a box of 120 by 20: the interval, the estimate, and where the tolerance ends (empty if none)."""

    interval: str
    estimate: str
    tolerance: str
    description: str


def reach(rows: Iterable[Row]) -> float:
    """The largest change that is drawn to scale; at most 50 %."""
    widest = 0.01
    for row in rows:
        change = row.finding.change
        if change is not None and change.relative:
            ends = [abs(end) for end in (change.estimate, change.low, change.high) if end is not None]
            widest = max([widest, *ends, *_tolerances(row)])
    return min(widest * 1.05, _WIDEST)


def forest(row: Row, largest: float) -> Forest | None:
    """The row's change on the scale from -`largest` to +`largest`; None where it is not relative."""
    change = row.finding.change
    if change is None or row.change is None or not change.relative:
        return None

    def at(value: float) -> str:
        return number(_HALF + (_HALF - 3) * max(-1.0, min(1.0, value / largest)))

    interval = "" if change.low is None or change.high is None else f"M{at(change.low)} 10H{at(change.high)}"
    tolerance = "".join(f"M{at(amount)} 3V17" for amount in _tolerances(row))
    return Forest(interval, f"M{at(change.estimate)} 10h0", tolerance, f"change {row.change.compact}")


def _tolerances(row: Row) -> list[float]:
    budgets = [held.budget for held in row.finding.budgets]
    return [budget.amount for budget in budgets if isinstance(budget, Tolerance) and budget.relative]
