"""What is allowed: limits such as `< 10 ms` and tolerances such as `+5 %`."""

import math
import operator
import re
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from perfkit.model.metric import Metric, Scale
from perfkit.model.units import format_plain, parse_quantity


class Level(StrEnum):
    """Whether a broken budget fails the gate or is only said."""

    ERROR = "error"
    WARN = "warn"


_COMPARE: dict[str, Callable[[float, float], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "==": operator.eq,
}


@dataclass(frozen=True, slots=True)
class Limit:
    """An absolute bound in the metric's base unit."""

    operator: str
    value: float
    unit: str
    level: Level = Level.ERROR

    def holds(self, value: float) -> bool:
        """Whether `value` (base unit) is allowed."""
        return _COMPARE[self.operator](value, self.value)

    def __str__(self) -> str:
        return f"{self.operator} {format_plain(self.value, self.unit)}"


@dataclass(frozen=True, slots=True)
class Tolerance:
    """How much worse than the base is allowed: a fraction where `relative`, else in the metric's unit."""

    amount: float
    unit: str
    relative: bool
    level: Level = Level.ERROR

    def __str__(self) -> str:
        if self.relative:
            return f"+{self.amount * 100:g} %"
        return f"+{format_plain(self.amount, self.unit)}"


Budget = Limit | Tolerance

_LIMIT = re.compile(r"\s*(<=|>=|==|<|>)\s*(.+)")
_TOLERANCE = re.compile(r"\s*\+\s*(.+)")


def parse_budget(text: str | float, metric: Metric, level: Level = Level.ERROR) -> Budget:
    """One budget of `metric`. Raises ValueError with what is wrong and what would be accepted."""
    if isinstance(text, bool) or not isinstance(text, str | int | float):
        raise ValueError(f"{text!r} is not a budget; write for example '< 10 ms' or '+5 %'")  # noqa: TRY004
    if not isinstance(text, str):
        return Limit("==", _finite(float(text)), metric.unit, level)
    if limit := _LIMIT.fullmatch(text):
        return Limit(limit[1], _finite(parse_quantity(limit[2], metric.unit)), metric.unit, level)
    if tolerance := _TOLERANCE.fullmatch(text):
        return _tolerance(tolerance[1], metric, level)
    if text.strip().startswith("-"):
        raise ValueError(f"{text!r}: a tolerance says how much worse is allowed, so it begins with +")
    try:
        return Limit("==", _finite(parse_quantity(text, metric.unit)), metric.unit, level)
    except ValueError as error:
        raise ValueError(f"{text!r} is not a budget; write for example '< 10 ms' or '+5 %' ({error})") from None


def _tolerance(text: str, metric: Metric, level: Level) -> Tolerance:
    if text.rstrip().endswith("%") and metric.scale is Scale.RATIO:
        amount = parse_quantity(text, "1")
        return Tolerance(_finite(amount), metric.unit, relative=True, level=level)
    if metric.scale is Scale.RATIO:
        raise ValueError(f"'+{text}': {metric.name} is compared by ratio, so its tolerance is in %, such as '+5 %'")
    return Tolerance(_finite(parse_quantity(text, metric.unit)), metric.unit, relative=False, level=level)


def _finite(value: float) -> float:
    if not math.isfinite(value):
        raise ValueError(f"{value} is not a finite number")
    return value
