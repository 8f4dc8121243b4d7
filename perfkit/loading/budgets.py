"""The `[scenario.budget]` table of one benchmark: metric → limits and tolerances.

A key such as `"streams=8"` holds budgets that apply only where the parameter has that value. A value that no benchmark
has is refused, so every such table is in force somewhere, and checked there. What it says takes the place of what is
said of the same metric without a condition: a tolerance of the tolerance, an upper limit of the upper limit.
"""

import difflib
from collections.abc import Mapping, Sequence
from typing import Any

from perfkit.loading.conditions import check_condition, holds
from perfkit.model.budget import Budget, Level, Limit, Tolerance, parse_budget
from perfkit.model.errors import UsageError
from perfkit.model.metric import Kind, Metric
from perfkit.model.scenario import MayNotGate, Probe, SaysWhyMissing


def budgets_for(table: Mapping[str, Any], params: Mapping[str, Any], probe: Probe) -> dict[str, tuple[Budget, ...]]:
    """The budgets in force for one benchmark of a scenario with checked conditions.

    Raises UsageError that names the key.
    """
    budgets = {key: _parse(key, value, probe) for key, value in table.items() if "=" not in key}
    for key, value in table.items():
        for name, more in value.items() if "=" in key and holds(key, params) else ():
            budgets[name] = _replaced(budgets.get(name, ()), _parse(name, more, probe))
    return budgets


def _replaced(general: tuple[Budget, ...], special: tuple[Budget, ...]) -> tuple[Budget, ...]:
    forms = {_form(budget) for budget in special}
    return (*(budget for budget in general if _form(budget) not in forms), *special)


def _form(budget: Budget) -> tuple[str, str]:
    return (budget.operator[0], budget.level) if isinstance(budget, Limit) else ("+", "")


def check_conditions(table: Mapping[str, Any], values: Mapping[str, Sequence[Any]]) -> None:
    """Raises UsageError for a conditional table that no benchmark of these parameter values can meet."""
    for key, value in table.items():
        if "=" in key:
            check_condition(key, values)
            if not isinstance(value, Mapping):
                hint = f'write budget."{key}".cpu_time = "+5 %"'
                raise UsageError(f"budget.{key!r}: {value!r} is not a table", hint=hint)


def _parse(name: str, value: Any, probe: Probe) -> tuple[Budget, ...]:
    known = {metric.name: metric for metric in probe.metrics}
    if name not in known:
        raise _unknown(name, known, probe)
    if isinstance(probe, MayNotGate) and (why := probe.why_no_budget(name)):
        raise UsageError(f"budget.{name}: {why}", hint="leave out this budget; the value is reported all the same")
    entries = value if isinstance(value, list | tuple) else [value]
    try:
        budgets = tuple(_one(entry, known[name]) for entry in entries)
    except ValueError as error:
        raise UsageError(f"budget.{name}: {error}") from None
    if sum(isinstance(budget, Tolerance) for budget in budgets) > 1:
        raise UsageError(f"budget.{name}: more than one tolerance", hint="give the one that holds")
    return budgets


def _unknown(name: str, known: Mapping[str, Metric], probe: Probe) -> UsageError:
    if isinstance(probe, SaysWhyMissing) and (why := probe.why_missing(name)):
        return UsageError(f"budget.{name}: {why}", hint=f"its metrics: {', '.join(known)}")
    near = difflib.get_close_matches(name, known, n=1)
    hint = f"did you mean {near[0]!r}?" if near else f"its metrics: {', '.join(known)}"
    return UsageError(f"budget.{name}: the probe has no such metric", hint=hint)


def _one(entry: Any, metric: Metric) -> Budget:
    if not isinstance(entry, Mapping):
        return _sensible(parse_budget(entry, metric), metric)
    if not {"allow"} <= set(entry) <= {"allow", "level"}:
        raise ValueError(f"{dict(entry)!r} is not a budget; write {{ allow = '< 10 ms', level = 'warn' }}")
    level = entry.get("level", "error")
    if level not in set(Level):
        raise ValueError(f"level {level!r} is neither 'warn' nor 'error'")
    return _sensible(parse_budget(entry["allow"], metric, Level(level)), metric)


def _sensible(budget: Budget, metric: Metric) -> Budget:
    if isinstance(budget, Limit) and budget.operator == "==" and metric.kind is Kind.NOISY:
        raise ValueError(f"'{budget}' can hardly ever hold for what scatters; write '< {str(budget)[3:]}'")
    return budget
