"""Budgets as text and back, to the last bit."""

import math

from perfkit.model.budget import Budget, Limit, parse_budget
from perfkit.model.metric import Metric, Scale
from perfkit.storage.structs import StoredBudget


def to_stored(budget: Budget) -> StoredBudget:
    """The budget as people write it where that is exact, else with every digit in the base unit."""
    relative = not isinstance(budget, Limit) and budget.relative
    level = budget.level
    candidates = [StoredBudget(text, budget.unit, relative, level) for text in _texts(budget)]
    return next((stored for stored in candidates if _reads_as(stored, budget)), candidates[-1])


def to_budget(stored: StoredBudget) -> Budget:
    """The budget that `stored` spells. Raises ValueError if it spells none."""
    scale = Scale.RATIO if stored.relative else Scale.DIFFERENCE
    budget = parse_budget(stored.text, Metric("", stored.unit, scale=scale), stored.level)
    if stored.relative and isinstance(budget, Limit):
        raise ValueError(f"{stored.text!r} is no tolerance in %")
    return budget


def _texts(budget: Budget) -> list[str]:
    if isinstance(budget, Limit):
        bare = f"{budget.operator} {float(budget.value)!r}"
    elif not budget.relative:
        bare = f"+{float(budget.amount)!r}"
    else:
        # the amount was once n/100; n is this product or one of its neighbours
        near = budget.amount * 100
        around = (near, math.nextafter(near, 0), math.nextafter(near, math.inf))
        return [str(budget), *(f"+{number!r} %" for number in around), f"+{near!r} %"]
    return [str(budget), f"{bare} {budget.unit}", bare]


def _reads_as(stored: StoredBudget, budget: Budget) -> bool:
    try:
        return to_budget(stored) == budget
    except ValueError:
        return False
