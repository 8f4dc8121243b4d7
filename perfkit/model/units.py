"""Quantities as people write them: `10 ms`, `100 MB`, `15 %`, and back.

A number is brought to its base unit where it is read and scaled only where it is drawn.
"""

import math
import re
from typing import Self

_PREFIXES: dict[str, dict[str, float]] = {
    "s": {"ns": 1e-9, "us": 1e-6, "µs": 1e-6, "μs": 1e-6, "ms": 1e-3, "s": 1.0, "min": 60.0, "h": 3600.0},
    "B": {
        "B": 1.0, "kB": 1e3, "MB": 1e6, "GB": 1e9, "TB": 1e12,
        "KiB": 1024.0, "MiB": 1024.0**2, "GiB": 1024.0**3, "TiB": 1024.0**4,
    },
    "1/s": {"1/s": 1.0, "/s": 1.0, "per s": 1.0, "Hz": 1.0, "k/s": 1e3, "kHz": 1e3, "M/s": 1e6},
    "B/s": {"B/s": 1.0, "kB/s": 1e3, "MB/s": 1e6, "KiB/s": 1024.0, "MiB/s": 1024.0**2},
    "cores": {"%": 0.01, "cores": 1.0, "core": 1.0},
    "1": {"": 1.0, "%": 0.01, "k": 1e3, "M": 1e6},
    "dB": {"dB": 1.0},
    "ppm": {"ppm": 1.0},
    "frames": {"frames": 1.0, "frame": 1.0},
}  # fmt: skip

UNITS: tuple[str, ...] = tuple(_PREFIXES)
"""The base units a metric may have."""

_SHOWN: dict[str, tuple[tuple[str, float], ...]] = {
    "s": (("s", 1.0), ("ms", 1e-3), ("µs", 1e-6), ("ns", 1e-9)),
    "B": (("GB", 1e9), ("MB", 1e6), ("kB", 1e3), ("B", 1.0)),
    "1/s": (("M/s", 1e6), ("k/s", 1e3), ("/s", 1.0)),
    "B/s": (("MB/s", 1e6), ("kB/s", 1e3), ("B/s", 1.0)),
}

_BINARY = (("GiB", 1024.0**3), ("MiB", 1024.0**2), ("KiB", 1024.0))

_QUANTITY = re.compile(r"\s*([+-]?(?:\d+(?:[_ ]\d{3})*(?:\.\d+)?|\.\d+)(?:[eE][+-]?\d+)?)\s*([^\d\s].*?)?\s*")


def parse_quantity(text: str, unit: str) -> float:
    """The value of `text` in the base unit `unit`; a bare number is already in it.

    Raises ValueError with a sentence that says what would be accepted.
    """
    match = _QUANTITY.fullmatch(text)
    if match is None:
        raise ValueError(f"{text!r} is not a number with a unit, such as {_example(unit)!r}")
    number, suffix = float(re.sub(r"[_ ]", "", match[1])), match[2] or ""
    if not suffix:
        return number
    factors = _PREFIXES.get(unit, {unit: 1.0})
    if suffix in factors:
        return number * factors[suffix]
    if suffix in {"KB", "Kb", "kb", "K"} and unit == "B":
        raise ValueError(f"{text!r} is ambiguous: write kB for 1000 bytes or KiB for 1024 bytes")
    raise ValueError(f"{suffix!r} is not a unit of this metric; use {', '.join(u for u in factors if u)}")


def base_unit(unit: str) -> tuple[str, float]:
    """The base unit that `unit` belongs to and its factor: `ms` is .001 of `s`, `%` is .01 of `1`.

    Raises ValueError that names what is known.
    """
    for base in ("1", *UNITS):
        factors = {base: 1.0} | _PREFIXES[base]
        if unit in factors:
            return base, factors[unit]
    raise ValueError(f"{unit!r} is not a unit; use one such as {', '.join((*UNITS, 'ms', 'MB', '%'))}")


def parse_duration(text: str | float) -> float:
    """Seconds from `2`, `2 s`, `300 ms` or `5 min`; must be positive."""
    seconds = parse_quantity(text, "s") if isinstance(text, str) else float(text)
    if not (seconds > 0 and math.isfinite(seconds)):
        raise ValueError(f"{text!r} is not a positive duration")
    return seconds


def format_quantity(value: float, unit: str, digits: int = 3) -> str:
    """`value` with its unit for people, to `digits` significant digits; rounded first, so 999.999 µs is `1.00 ms`."""
    if not math.isfinite(value):
        return "-"
    if unit == "cores":
        return f"{_significant(value * 100, digits)} %"
    scales = _SHOWN.get(unit)
    if scales is None:
        number = _count(value) if unit in {"1", "frames"} else _significant(value, digits)
        return number if unit == "1" else f"{number} {unit}"
    if value == 0:
        return f"0 {'s' if unit == 's' else scales[-1][0]}"
    rounded = abs(float(f"{value:.{digits - 1}e}"))
    name, factor = next(((n, f) for n, f in scales if rounded >= f), scales[-1])
    return f"{_significant(value / factor, digits)} {name}"


def format_plain(value: float, unit: str) -> str:
    """`value` as people write it in a budget: `2 s`, `10 ms`, `100 MB`, `12 MiB`, `15 %`; no digit is made up."""
    if unit == "cores":
        return f"{value * 100:.6g} %"
    scales = [*_SHOWN.get(unit, ()), *(_BINARY if unit == "B" else ())]
    fitting = [(f"{value / factor:.6g}", name) for name, factor in scales if abs(value) >= factor] or [
        (f"{value:.6g}", unit)
    ]
    number, name = min(fitting, key=lambda written: len(written[0]))
    return number if name == "1" else f"{number} {name}"


def format_percent(fraction: float, digits: int = 1) -> str:
    """A signed share in per cent, such as `+4.2 %` for .042."""
    return f"{fraction * 100:+.{digits}f} %" if math.isfinite(fraction) else "-"


def format_change(value: float, unit: str, *, relative: bool) -> str:
    """A change, oriented so that positive is worse: per cent where relative, else in the metric's unit."""
    if relative:
        return format_percent(value)
    return ("+" if value >= 0 else "") + format_quantity(value, unit)


def counted(number: int, noun: str, plural: str = "") -> str:
    """`1 launch`, `2 launches`; a plural that is not made with `s` or `es` is given."""
    return f"{number} {noun if number == 1 else plural or noun + ('es' if noun.endswith(('ch', 's')) else 's')}"


def _significant(value: float, digits: int) -> str:
    if value == 0:
        return "0"
    rounded = float(f"{value:.{digits - 1}e}")
    places = max(0, digits - 1 - math.floor(math.log10(abs(rounded))))
    return f"{rounded:.{places}f}"


def _count(value: float) -> str:
    whole = math.isclose(value, round(value), rel_tol=1e-12) or abs(value) >= 1000  # a quantile's weights round
    return f"{value:,.0f}".replace(",", " ") if whole else _significant(value, 4)


def _example(unit: str) -> str:
    return {"s": "10 ms", "B": "100 MB", "cores": "15 %", "1/s": "200 /s", "1": "5 %", "dB": "0.5 dB"}.get(
        unit, f"1 {unit}"
    )


class Duration(float):
    """Seconds, written in scenario files as `2`, `"2 s"` or `"300 ms"`. Raises ValueError unless positive."""

    __slots__ = ()

    def __new__(cls, value: str | float) -> Self:
        """Read `value` as `parse_duration` does."""
        return super().__new__(cls, parse_duration(value))


class ByteSize(float):
    """Bytes, written in scenario files as `"500 MB"`, `"64 MiB"` or a number. Raises ValueError unless positive."""

    __slots__ = ()

    def __new__(cls, value: str | float) -> Self:
        """Read `value`, in B without a unit."""
        size = parse_quantity(value, "B") if isinstance(value, str) else float(value)
        if not (size > 0 and math.isfinite(size)):
            raise ValueError(f"{value!r} is not a positive amount of memory")
        return super().__new__(cls, size)
