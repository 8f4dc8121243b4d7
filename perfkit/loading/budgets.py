"""The `[scenario.budget]` table of one benchmark: metric → limits and tolerances.

A key such as `"streams=8"` holds budgets that apply only where the parameter has that value.
"""

import difflib
from collections.abc import Mapping
from typing import Any

from perfkit.model.budget import Budget, Level, Limit, Tolerance, parse_budget
from perfkit.model.errors import UsageError
from perfkit.model.metric import Kind, Metric
from perfkit.model.scenario import MayNotGate, Probe, SaysWhyMissing


def budgets_for(table: Mapping[str, Any], params: Mapping[str, Any], probe: Probe) -> dict[str, tuple[Budget, ...]]:
    """The budgets in force for one benchmark. Raises UsageError that names the key."""
    budgets: dict[str, tuple[Budget, ...]] = {}
    for key, value in table.items():
        if "=" in key:
            if _applies(key, params):
                for name, more in _table(key, value).items():
                    budgets[name] = budgets.get(name, ()) + _parse(name, more, probe)
            else:
                _table(key, value)
        else:
            budgets[key] = budgets.get(key, ()) + _parse(key, value, probe)
    return budgets


def _applies(condition: str, params: Mapping[str, Any]) -> bool:
    wanted = dict(part.strip().split("=", 1) for part in condition.split(",") if "=" in part)
    for name in wanted:
        if name not in params:
            raise UsageError(
                f"budget.{condition!r}: there is no parameter {name!r}",
                hint=f"parameters: {', '.join(params) or 'it has none'}",
            )
    return all(str(params[name]) == value for name, value in wanted.items())


def _table(key: str, value: Any) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise UsageError(f"budget.{key!r}: {value!r} is not a table", hint=f'write budget."{key}".cpu = "< 15 %"')
    return value


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
