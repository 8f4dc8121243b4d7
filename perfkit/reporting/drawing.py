"""What a chart is made of: paths, texts and a table, all placed; the template only writes them down."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from perfkit.model.units import format_quantity
from perfkit.reporting.scales import Axis

WIDTH = 460.0
LETTER = 7.0
"""How wide a letter of a label is at most, on average."""
LINE = 15.0
"""The height of a line of text."""
Anchor = Literal["start", "middle", "end"]


@dataclass(frozen=True, slots=True)
class Shape:
    """An SVG path of one CSS class."""

    path: str
    style: str


@dataclass(frozen=True, slots=True)
class Label:
    """A text at a point."""

    x: str
    y: str
    text: str
    style: str = ""
    anchor: Anchor = "start"


@dataclass(frozen=True, slots=True)
class Table:
    """The chart's data in words; row i tells about point i of the chart."""

    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    note: str = ""


@dataclass(frozen=True, slots=True)
class Chart:
    """One picture; `description` says what it shows.

    `points` holds `x,y` of each row of the table, for the pointer. `table` is None where the picture before it has it.
    `legend` holds signs with what they mean, `series` the classes of lines with their names.
    """

    title: str
    description: str
    height: float
    shapes: tuple[Shape, ...]
    labels: tuple[Label, ...]
    points: str
    table: Table | None
    legend: tuple[tuple[str, str], ...] = ()
    series: tuple[tuple[str, str], ...] = ()


def number(value: float) -> str:
    """A coordinate to a tenth of a pixel, without a needless zero."""
    return f"{value:.1f}".removesuffix(".0")


def dots(points: Iterable[tuple[float, float]]) -> str:
    """Zero-length strokes, which round caps turn into dots."""
    return "".join(f"M{number(x)} {number(y)}h0" for x, y in points)


def rings(points: Iterable[tuple[float, float]]) -> str:
    """Small open circles."""
    return "".join(f"M{number(x - 3)} {number(y)}a3 3 0 1 0 6 0a3 3 0 1 0-6 0" for x, y in points)


def crosses(points: Iterable[tuple[float, float]]) -> str:
    """Small diagonal crosses."""
    return "".join(f"M{number(x - 3)} {number(y - 3)}l6 6m0-6l-6 6" for x, y in points)


def line(points: Sequence[tuple[float, float]]) -> str:
    """One stroke through the points; nothing for a single one."""
    if len(points) < 2:
        return ""
    return "M" + "L".join(f"{number(x)} {number(y)}" for x, y in points)


def upright(xs: Iterable[float], top: float, bottom: float) -> str:
    """Vertical lines."""
    return "".join(f"M{number(x)} {number(top)}V{number(bottom)}" for x in xs)


def level(ys: Iterable[float], left: float, right: float) -> str:
    """Horizontal lines."""
    return "".join(f"M{number(left)} {number(y)}H{number(right)}" for y in ys)


def box(left: float, top: float, right: float, bottom: float) -> str:
    """A closed rectangle."""
    return f"M{number(left)} {number(top)}H{number(right)}V{number(bottom)}H{number(left)}z"


def place(points: Iterable[tuple[float, float]]) -> str:
    """Coordinates for the pointer."""
    return " ".join(f"{number(x)},{number(y)}" for x, y in points)


def under(x: float, text: str, y: float) -> Label:
    """A text centred under `x`, but kept inside the chart."""
    reach = LETTER / 2 * len(text)
    anchor: Anchor = "start" if x - reach < 0 else "end" if x + reach > WIDTH else "middle"
    return Label(number(x), number(y), text, "t", anchor)


def flag(x: float, y: float, text: str) -> Label:
    """The label of a vertical line at `x`: right of it, or left where it would leave the chart."""
    if x + LETTER * len(text) + 5 > WIDTH:
        return Label(number(x - 5), number(y), text, "k", "end")
    return Label(number(x + 5), number(y), text, "k")


def flagged(marks: Sequence[tuple[str, float]], axis: Axis, unit: str) -> tuple[tuple[float, Label], ...]:
    """Where each vertical line stands and its label, in an order in which no line crosses a label below its own.

    Labels that lean to the left come first, from the right; then the others, from the left.
    """
    placed = [(axis.at(value), f"{label} {format_quantity(value, unit)}") for label, value in marks]
    leaning = [(x, text) for x, text in placed if flag(x, 0, text).anchor == "end"]
    standing = [(x, text) for x, text in placed if flag(x, 0, text).anchor == "start"]
    rows = (*sorted(leaning, reverse=True), *sorted(standing))
    return tuple((x, flag(x, 12 + LINE * row, text)) for row, (x, text) in enumerate(rows))


def flagpoles(flags: Sequence[tuple[float, Label]], bottom: float) -> str:
    """The vertical lines of `flagged`; each begins beside its own label."""
    return "".join(upright([x], 3 + LINE * row, bottom) for row, (x, _) in enumerate(flags))


def below(axis: Axis, texts: Sequence[str], y: float) -> tuple[Label, ...]:
    """Tick texts under a horizontal axis."""
    return tuple(under(axis.at(tick), text, y) for tick, text in zip(axis.ticks, texts, strict=True))


def united(texts: Sequence[str], unit: str) -> tuple[str, ...]:
    """Tick texts with the unit once, at the last."""
    return (*texts[:-1], f"{texts[-1]} {unit}".rstrip()) if texts else ()


def beside(axis: Axis, texts: Sequence[str], x: float) -> tuple[Label, ...]:
    """Tick texts left of a vertical axis."""
    return tuple(
        Label(number(x), number(axis.at(tick) + 4), text, "t", "end")
        for tick, text in zip(axis.ticks, texts, strict=True)
    )


def visible(*shapes: Shape) -> tuple[Shape, ...]:
    """The shapes that have anything to draw."""
    return tuple(shape for shape in shapes if shape.path)
