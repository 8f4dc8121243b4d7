"""Positions and round values on a linear or logarithmic axis, and how its ticks are written. Pure; no drawing."""

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from perfkit.model.units import UNITS, format_quantity, parse_quantity

Kind = Literal["linear", "log"]

_STEPS = (1.0, 2.0, 2.5, 5.0, 10.0)
_WIDENING = 8.0
_FEW_DECADES = 4
"""Of so many there is room for the median between 0 and 90 %."""


@dataclass(frozen=True, slots=True)
class Axis:
    """A value axis from `low` to `high` drawn from pixel `start` to pixel `end`; `ticks` are values inside it."""

    kind: Kind
    low: float
    high: float
    start: float
    end: float
    ticks: tuple[float, ...]

    def at(self, value: float) -> float:
        """The pixel of `value`; what lies outside the axis is held at its edge."""
        low, high, held = self.low, self.high, min(max(value, self.low), self.high)
        if self.kind == "log":
            low, high, held = math.log10(low), math.log10(high), math.log10(held)
        share = (held - low) / (high - low)
        return self.start + share * (self.end - self.start)

    def holds(self, value: float) -> bool:
        """Whether `value` lies on the axis."""
        return self.low <= value <= self.high


def linear(low: float, high: float, start: float, end: float, count: int = 5, pad: float = 0.0) -> Axis:
    """An axis over the values, widened by `pad` of their span on both sides; a single value gets room around it."""
    span = high - low
    if span <= abs(low) * 1e-9:
        span, pad = abs(low) * 0.1 or 1.0, 0.5
    low, high = low - pad * span, high + pad * span
    return Axis("linear", low, high, start, end, nice_ticks(low, high, count))


def log(low: float, high: float, start: float, end: float, count: int = 5) -> Axis:
    """A logarithmic axis over positive values. Raises ValueError if `low` is not positive."""
    if low <= 0:
        raise ValueError("a logarithmic axis needs positive values")
    if high <= low * (1 + 1e-9):
        low, high = low / 1.1, high * 1.1
    return Axis("log", low, high, start, end, log_ticks(low, high, count))


def spread(low: float, high: float, start: float, end: float, *, logarithmic: bool) -> Axis:
    """The axis across a picture of what one launch saw; linear where values are not positive."""
    return log(low, high, start, end, 7) if logarithmic and low > 0 else linear(low, high, start, end, 6)


def nice_ticks(low: float, high: float, count: int = 5) -> tuple[float, ...]:
    """At most `count` round values in [low, high], an equal step of 1, 2, 2.5 or 5 times a power of ten apart."""
    span = high - low
    if not (span > 0 and math.isfinite(span)):
        return (low,)
    power = 10.0 ** math.floor(math.log10(span / count))
    for step in (factor * power * scale for scale in (1.0, 10.0) for factor in _STEPS):
        first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
        if last - first + 1 <= count:
            return tuple(float(f"{index * step:.12g}") for index in range(first, last + 1))
    return (low,)


def log_ticks(low: float, high: float, count: int = 5) -> tuple[float, ...]:
    """At most `count` values on a logarithmic axis: decades, or 1-2-5 within few decades, or round steps within one."""
    first, last = math.floor(math.log10(low)), math.ceil(math.log10(high))
    for mantissas in ((1, 2, 5), (1, 3), (1,)):
        ticks = [m * 10.0**power for power in range(first, last + 1) for m in mantissas]
        inside = tuple(float(f"{tick:.12g}") for tick in ticks if low * (1 - 1e-9) <= tick <= high * (1 + 1e-9))
        if 2 <= len(inside) <= count:
            return inside
        if len(inside) < 2:
            return nice_ticks(low, high, count)
    return inside[:: math.ceil(len(inside) / count)]


def spacing(values: Sequence[float]) -> Kind:
    """`log` where rising positive values lie ever wider apart (powers of two, logarithmic bins), else `linear`."""
    gaps = [after - before for before, after in itertools.pairwise(values)]
    if len(gaps) < 2 or min(values) <= 0 or min(gaps) <= 0:
        return "linear"
    return "log" if gaps[-1] >= _WIDENING * gaps[0] or _geometric(values) else "linear"


def _geometric(values: Sequence[float]) -> bool:
    ratios = [after / before for before, after in itertools.pairwise(values)]
    return max(ratios) < 1.05 * min(ratios) and min(ratios) >= 1.5


def tick_texts(ticks: Sequence[float], unit: str) -> tuple[tuple[str, ...], str]:
    """The ticks as bare numbers in one common unit, and that unit: (.25, .5) s is ("250", "500") in ms."""
    largest = max((abs(tick) for tick in ticks), default=0.0)
    if unit == "1" or unit not in UNITS or largest == 0:
        return tuple(_plain(tick) for tick in ticks), "" if unit == "1" else unit
    name = format_quantity(largest, unit).partition(" ")[2]
    factor = parse_quantity(f"1 {name}", unit)
    return tuple(_plain(tick / factor) for tick in ticks), name


def nines_ticks(high: float) -> tuple[float, ...]:
    """1 / (1 - share) up to `high` for the shares that people name: 0, 50, 90, 99, 99.9 % and so on."""
    decades = math.floor(math.log10(high) + 1e-9) if high > 1 else 0
    half = (2.0,) if 1 <= decades <= _FEW_DECADES and high >= 2 else ()
    return (1.0, *half, *(10.0**power for power in range(1, decades + 1)))


def nines_texts(ticks: Sequence[float]) -> tuple[str, ...]:
    """Ticks of 1 / (1 - share) as percentiles, what is left of 100 % to three digits: 10 is `90 %`, 1000 `99.9 %`."""
    return tuple(f"{100 - float(f'{100 / tick:.2e}'):.10g} %" for tick in ticks)


def _plain(value: float) -> str:
    return f"{value:,.6g}".replace(",", " ") if abs(value) < 1e9 else f"{value:.3g}"
