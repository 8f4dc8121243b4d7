"""The picture of one value over another: lines with their levels, moments, and the points that were marked."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from perfkit.model.detail import Curve
from perfkit.model.units import counted, format_quantity
from perfkit.reporting import drawing
from perfkit.reporting.drawing import Chart, Label, Shape, Table, number
from perfkit.reporting.placing import Places
from perfkit.reporting.scales import Axis, linear, nines_texts, nines_ticks, spacing, spread, tick_texts

_LEFT, _RIGHT, _PLOT = 46.0, 452.0, 130.0
_MOST_POINTS = 240
_MOST_ROWS = 30
_STYLES = 4
_DOTTED = 40
"""Up to so many points are drawn as dots on their line."""
NINES = "1 / (1 − percentile)"
"""How a curve's x label begins whose x is 1 / (1 - share): it is drawn as percentiles by orders of nines."""


@dataclass(frozen=True, slots=True)
class _Plot:
    """A curve's axes."""

    detail: Curve
    across: Axis
    up: Axis

    @property
    def nines(self) -> bool:
        return self.detail.x_label.startswith(NINES)

    @property
    def x_name(self) -> str:
        return "percentile" if self.nines else self.detail.x_label

    def at(self, index: int) -> tuple[float, float]:
        return self.across.at(self.detail.x[index]), self.up.at(self.detail.y[index])

    def line(self, values: Sequence[float]) -> list[tuple[float, float]]:
        pairs = _thinned(list(zip(self.detail.x, values, strict=True)))
        return [(self.across.at(x), self.up.at(y)) for x, y in pairs]

    @property
    def flags(self) -> tuple[tuple[float, Label], ...]:
        return drawing.flagged(self.detail.moments, self.across, self.detail.x_unit)

    @property
    def lines(self) -> list[list[tuple[float, float]]]:
        return [self.line(row) for row in (self.detail.y, *(row for _, row in self.detail.beside))]


def curve(detail: Curve) -> Chart:
    """A line through the points; logarithmic across where x widens, percentiles by orders of nines where asked."""
    plot = _plot(detail)
    bottom = plot.up.start
    flagged = [plot.at(index) for index in detail.flagged if index < len(detail.x)]
    shown = _told(detail)
    labels = _labels(plot)
    return Chart(
        title=detail.title,
        description=_described(plot),
        height=bottom + 40,
        shapes=_shapes(plot, flagged),
        labels=(*labels, Label(number((_LEFT + _RIGHT) / 2), number(bottom + 32), plot.x_name, "t", "middle")),
        points=drawing.place(plot.at(index) for index in shown),
        table=_table(plot, shown),
        legend=(("○", detail.flag),) if flagged else (),
        series=_series(detail),
    )


def _plot(detail: Curve) -> _Plot:
    top = 24.0 + drawing.LINE * len(detail.moments)
    nines = detail.x_label.startswith(NINES)
    ends = [*detail.x, *(value for _, value in detail.moments)]
    across = spread(min(ends), max(ends), _LEFT, _RIGHT, logarithmic=nines or spacing(detail.x) == "log")
    across = replace(across, ticks=nines_ticks(max(ends))) if nines else across
    levels = [*detail.y, *(value for _, value in detail.lines), *(value for _, row in detail.beside for value in row)]
    low, high = min(levels), max(levels)
    start, pad = (0.0, 0.0) if 0 <= low < high / 2 else (low, 0.0 if low < high / 2 else 0.05)
    return _Plot(detail, across, linear(start, high, top + _PLOT, top, count=5, pad=pad))


def _shapes(plot: _Plot, flagged: Sequence[tuple[float, float]]) -> tuple[Shape, ...]:
    detail, up = plot.detail, plot.up
    few = [plot.at(index) for index in range(len(detail.x))] if len(detail.x) <= _DOTTED else []
    return drawing.visible(
        Shape(drawing.level((up.at(tick) for tick in up.ticks), _LEFT, _RIGHT), "g"),
        Shape(drawing.level((up.at(value) for _, value in detail.lines), _LEFT, _RIGHT), "m"),
        Shape(drawing.flagpoles(plot.flags, up.start), "m"),
        *reversed([Shape(drawing.line(points), f"l {_style(k)}") for k, points in enumerate(plot.lines)]),
        Shape(drawing.dots(few), f"d {_style(0)}"),
        Shape(drawing.rings(flagged), "f"),
        Shape(drawing.rings(plot.at(index) for index, _ in detail.marks), "p"),
    )


def _labels(plot: _Plot) -> tuple[Label, ...]:
    """Ticks and moments first; then levels and marked points, each where there is room for it."""
    detail, across, up = plot.detail, plot.across, plot.up
    texts, unit = (nines_texts(across.ticks), "") if plot.nines else tick_texts(across.ticks, detail.x_unit)
    heights, tall = tick_texts(up.ticks, detail.y_unit)
    moments = [label for _, label in plot.flags]
    below = drawing.below(across, drawing.united(texts, unit), up.start + 16)
    ticks = (*drawing.beside(up, heights, _LEFT - 6), *below)
    drawn = [[(_LEFT, up.at(value)), (_RIGHT, up.at(value))] for _, value in detail.lines]
    drawn += [[(x, up.end), (x, up.start)] for x, _ in plot.flags]
    places = Places((*ticks, *moments), (*plot.lines, *drawn))
    beside = [_beside_level(plot, label, value) for label, value in detail.lines]
    levels = [places.take(spots) or spots[0] for spots in beside]  # a level is never without its name
    marks = [places.take(_around(plot.at(index), label)) for index, label in detail.marks]
    named = (label for label in (*levels, *moments, *marks) if label is not None)
    return (*ticks, Label(number(_LEFT - 6), number(up.end - 12), tall, "t", "end"), *named)


def _beside_level(plot: _Plot, name: str, value: float) -> tuple[Label, ...]:
    """Above its line or below, further above where no other level lies between; at the right end or the left."""
    text, y = f"{name} {format_quantity(value, plot.detail.y_unit)}", plot.up.at(value)
    others = [plot.up.at(level) for _, level in plot.detail.lines if level != value]
    above = [y + away for away in (-18, -32) if not any(y + away - 12 < other < y for other in others)]
    heights = [height for height in (y - 4, y + 13, *above) if plot.up.end - 14 <= height <= plot.up.start + 4]
    return tuple(
        label
        for height in map(number, heights or [y - 4])
        for label in (Label(number(_RIGHT), height, text, "k", "end"), Label(number(_LEFT + 4), height, text, "k"))
    )


def _around(at: tuple[float, float], text: str) -> tuple[Label, ...]:
    x, y = at
    return (
        Label(number(x), number(y - 8), text, "n", "middle"),
        Label(number(x + 8), number(y - 4), text, "n"),
        Label(number(x - 8), number(y - 4), text, "n", "end"),
        Label(number(x + 8), number(y + 12), text, "n"),
        Label(number(x - 8), number(y + 12), text, "n", "end"),
    )


def _series(detail: Curve) -> tuple[tuple[str, str], ...]:
    """The class and the name of each line, where there are several."""
    if not detail.beside:
        return ()
    return tuple((_style(k), name) for k, name in enumerate((detail.y_label, *(name for name, _ in detail.beside))))


def _style(index: int) -> str:
    return f"s{(index - 1) % _STYLES + 1}" if index else "candidate"


def _described(plot: _Plot) -> str:
    detail = plot.detail
    named = [f"{label} {format_quantity(value, detail.y_unit)}" for label, value in detail.lines]
    named += [f"{len(detail.flagged)} {detail.flag}"] if detail.flagged else []
    beside = [f"beside it {', '.join(name for name, _ in detail.beside)}"] if detail.beside else []
    return "; ".join((f"{detail.y_label} over {plot.x_name}, {counted(len(detail.x), 'point')}", *named, *beside))


def _thinned(pairs: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
    """At most _MOST_POINTS points: of each stretch its lowest and its highest, so that no peak is lost."""
    if len(pairs) <= _MOST_POINTS:
        return list(pairs)
    width = -(-2 * len(pairs) // _MOST_POINTS)
    kept: list[tuple[float, float]] = []
    for start in range(0, len(pairs), width):
        stretch = pairs[start : start + width]
        lowest, highest = min(stretch, key=lambda pair: pair[1]), max(stretch, key=lambda pair: pair[1])
        kept += sorted({lowest, highest})
    return kept


def _told(detail: Curve) -> list[int]:
    """The points told in the table: evenly taken, and those that are marked."""
    step = -(-len(detail.x) // _MOST_ROWS)
    marked = {*detail.flagged[:_MOST_ROWS], *(index for index, _ in detail.marks)}
    return [index for index in range(len(detail.x)) if index % step == 0 or index in marked]


def _table(plot: _Plot, shown: Sequence[int]) -> Table:
    detail, marks = plot.detail, dict(plot.detail.marks)
    rows = tuple(
        (
            nines_texts([detail.x[i]])[0] if plot.nines else format_quantity(detail.x[i], detail.x_unit, 4),
            *(format_quantity(row[i], detail.y_unit, 4) for row in (detail.y, *(row for _, row in detail.beside))),
            ", ".join(filter(None, (marks.get(i, ""), detail.flag if i in detail.flagged else ""))),
        )
        for i in shown
    )
    note = f"{len(rows)} of {len(detail.x)} points" if len(rows) < len(detail.x) else ""
    return Table((plot.x_name, detail.y_label, *(name for name, _ in detail.beside), ""), rows, note)
