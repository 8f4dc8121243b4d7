"""A metric that a program prints: where its value stands in the output, and what it is."""

import json
import math
import re
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

from perfkit.model.errors import Failed
from perfkit.model.metric import Better, Kind, Metric, Resource, Scale
from perfkit.model.units import base_unit, parse_quantity
from perfkit.probes._json_path import parse_path, value_at

_RESOURCES = {
    "s": Resource.WALL,
    "1/s": Resource.WALL,
    "B/s": Resource.WALL,
    "B": Resource.MEMORY,
    "cores": Resource.CPU,
}
_TAIL = 1500


@dataclass(frozen=True, slots=True, kw_only=True)
class Printed:
    """Where a metric stands: `regex`, whose only group is the number, or `json`, a path such as `$.latency.p99`.

    Of several lines that match, the last one counts. `unit` is the unit of the number where it has none of its own
    (`12.3 ms` has), such as `ms`, `MB`, `1/s`; values are kept in its base unit. `better`, `scale` and `kind` are those
    of the metric, `resource` is what it draws on, which follows from the unit where it is not said.
    """

    regex: str = ""
    json: str = ""
    unit: str = "1"
    better: Literal["lower", "higher"] = "lower"
    scale: Literal["ratio", "difference"] = "ratio"
    kind: Literal["noisy", "deterministic", "count"] = "noisy"
    resource: Literal["", "wall", "cpu", "memory", "other"] = ""

    def __post_init__(self) -> None:
        base_unit(self.unit)
        if bool(self.regex) == bool(self.json):
            raise ValueError("where it stands is one of regex and json")
        if self.json:
            parse_path(self.json)
            return
        try:
            groups = re.compile(self.regex).groups
        except re.error as error:
            raise ValueError(f"regex {self.regex!r} is not a regular expression: {error}") from None
        if groups != 1:
            raise ValueError(f"regex {self.regex!r} has {groups} groups; put one, ( ), around the number alone")

    def metric(self, name: str) -> Metric:
        """Its definition under `name`, in the base unit."""
        unit = base_unit(self.unit)[0]
        resource = Resource(self.resource) if self.resource else _RESOURCES.get(unit, Resource.OTHER)
        return Metric(name, unit, Better(self.better), Scale(self.scale), Kind(self.kind), resource)


class Output:
    """What a program gave out; `source` is what that is called in an error."""

    def __init__(self, text: str, source: str) -> None:
        self._text, self._source = text, source

    def value(self, name: str, printed: Printed) -> float:
        """A metric's value in its base unit. Raises Failed, with the output's end, where there is none."""
        try:
            found = value_at(self._document, parse_path(printed.json)) if printed.json else self._matched(printed.regex)
            return _number(found, printed.unit)
        except (LookupError, ValueError) as error:
            said = error.args[0] if isinstance(error, LookupError) else str(error)
            raise self._failed(name, said) from None

    @cached_property
    def _document(self) -> Any:
        """All of it as JSON, else its last line. Raises ValueError where neither is."""
        lines = self._text.strip().splitlines()
        for text in (self._text, lines[-1] if lines else ""):
            try:
                return json.loads(text)
            except ValueError:
                continue
        raise ValueError(f"neither {self._source} nor its last line is JSON")

    def _matched(self, regex: str) -> str:
        found = [match for line in self._text.splitlines() if (match := re.search(regex, line))]
        if not found:
            raise LookupError(f"no line of {self._source} matches {regex!r}")
        return found[-1][1] or ""

    def _failed(self, name: str, said: str) -> Failed:
        """One sentence that ends with the last line; the lines before it stand below."""
        tail = self._text.strip()[-_TAIL:]
        last = tail.splitlines()[-1].strip()[:200] if tail else ""
        ends = f"its last line is: {last}" if tail else f"{self._source} is empty"
        return Failed(f"metric {name!r}: {said}; {ends}" + (f"\n{tail}" if tail != last else ""))


def _number(found: Any, unit: str) -> float:
    """`found`, a number or a text with one, in the base unit of `unit`. Raises ValueError where it is none."""
    base, factor = base_unit(unit)
    number = math.nan
    if isinstance(found, int | float) and not isinstance(found, bool):
        number = found * factor
    elif isinstance(found, str):
        try:
            number = float(found) * factor
        except ValueError:
            number = parse_quantity(found, base)
    if not math.isfinite(number):
        raise ValueError(f"{found!r} is not a finite number")
    return number
