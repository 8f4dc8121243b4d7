"""`parameter=value`, as ids, selections and conditional budgets write it."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from perfkit.model.errors import UsageError

_BETWEEN = re.compile(r",(?=[^=,]*=)")  # a comma within a value stays there


def spelled(value: Any) -> str:
    """A parameter's value as ids have it: text and numbers as they are, truth as TOML writes it."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def holds(condition: str, params: Mapping[str, Any]) -> bool:
    """Whether `name=value, name=value` is true of these parameters; of truth Python's own spelling counts as well."""
    return all(name in params and _is(text, params[name]) for name, text in _parts(condition))


def check_condition(condition: str, values: Mapping[str, Sequence[Any]]) -> None:
    """Raises UsageError unless some benchmark of a scenario with these parameter values meets the condition."""
    parts = _parts(condition)
    for name, text in parts:
        if name not in values:
            hint = f"parameters: {', '.join(values) or 'it has none'}"
            raise UsageError(f"budget.{condition!r}: there is no parameter {name!r}", hint=hint)
        if not any(_is(text, value) for value in values[name]):
            shown = ", ".join(map(spelled, values[name]))
            raise UsageError(
                f"budget.{condition!r}: {name} has no value {text}; values: {shown}",
                hint="take one of these, or add it to params",
            )
    if len({name for name, _ in parts}) < len(parts):
        raise UsageError(f"budget.{condition!r}: names a parameter twice", hint="write a table for each value")


def _parts(condition: str) -> list[tuple[str, str]]:
    pairs = (part.partition("=") for part in _BETWEEN.split(condition))
    return [(name.strip(), text.strip()) for name, _, text in pairs]


def _is(text: str, value: Any) -> bool:
    return text == spelled(value).strip() or (isinstance(value, bool) and text == str(value))
