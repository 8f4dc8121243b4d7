"""Plain data, from TOML or from a described Python file, becomes a checked Scenario."""

import math
import re
from collections.abc import Mapping
from typing import Any

from perfkit.loading.conditions import spelled
from perfkit.model.errors import UsageError
from perfkit.model.scenario import Scenario, Source
from perfkit.model.units import parse_duration

_NAME = re.compile(r"[A-Za-z_][\w.-]*")


def scenario_from(declared: Mapping[str, Any], source: Source) -> Scenario:
    """One scenario from `{kind, settings, params, budget, tags, timeout}`.

    Raises UsageError that names file, line and key.
    """

    def wrong(key: str, message: str, hint: str = "") -> UsageError:
        return UsageError(f"{source.where}: [{source.name}] {key}: {message}", hint=hint)

    if not _NAME.fullmatch(source.name):
        raise wrong("name", f"{source.name!r} is not a name", "use letters, digits, _ . and -, a letter first")
    if not isinstance(declared["kind"], str):
        raise wrong("probe", f"{declared['kind']!r} is not a probe's name")
    params = declared.get("params", {})
    if not isinstance(params, Mapping):
        raise wrong("params", f"{params!r} is not a table", "write params.size = [1, 10]")
    tags = declared.get("tags", [])
    if not isinstance(tags, list | tuple) or not all(isinstance(tag, str) for tag in tags):
        raise wrong("tags", f"{tags!r} is not a list of words", 'write tags = ["audio"]')
    budget = declared.get("budget", {})
    if not isinstance(budget, Mapping):
        raise wrong("budget", f"{budget!r} is not a table", 'write budget.wall_time = "+5 %"')
    try:
        timeout = parse_duration(declared.get("timeout", 60.0))
    except (ValueError, TypeError) as error:
        raise wrong("timeout", str(error), 'write timeout = "60 s"') from None
    bound = {name: _values(name, values, wrong) for name, values in params.items()}
    return Scenario(
        source.name, declared["kind"], source, dict(declared["settings"]), bound, dict(budget), tuple(tags), timeout
    )


def _values(name: str, values: Any, wrong: Any) -> tuple[Any, ...]:
    if not name.isidentifier() or name in {"port", "root", "tmp"}:
        raise wrong(
            f"params.{name}", "is not a usable name", "port, root and tmp are perfkit's own; use a word like size"
        )
    values = values if isinstance(values, list | tuple) else [values]
    if not values:
        raise wrong(f"params.{name}", "has no values", "give at least one, such as [1, 10]")
    for value in values:
        if not isinstance(value, str | int | float) or (isinstance(value, float) and not math.isfinite(value)):
            raise wrong(f"params.{name}", f"{value!r} is neither text nor a number")
    if len(set(map(spelled, values))) < len(values):
        raise wrong(f"params.{name}", f"{values!r} names a value twice")
    return tuple(values)
