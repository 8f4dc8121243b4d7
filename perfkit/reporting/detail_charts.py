"""Pictures of what one launch saw inside: histograms and curves."""

from collections.abc import Sequence

from perfkit.model.launch import Curve, Histogram
from perfkit.model.units import format_quantity
from perfkit.reporting import drawing
from perfkit.reporting.drawing import Chart, Label, Shape, Table, number
from perfkit.reporting.scales import Axis, linear, log, nines_texts, spacing, tick_texts

_LEFT, _RIGHT, _PLOT = 46.0, 452.0, 130.0
_LINE = 15.0
_MOST_BARS = 90
_MOST_POINTS = 240
_MOST_ROWS = 30
_TALL = 400
"""Counts that differ by more than this factor are drawn on a logarithmic axis, so that a rare slow mode is seen."""
NINES = "1 / (1 − percentile)"
"""How a curve's x label begins whose x is 1 / (1 - share): it is drawn as percentiles by orders of nines."""


def histogram(detail: Histogram) -> Chart:
    """Bars between the edges; a logarithmic axis where the edges widen."""
    edges, counts = _merged(detail.edges, detail.counts)
    top = 8.0 + _LINE * len(detail.marks)
    bottom = top + _PLOT
    ends = [*edges, *(value for _, value in detail.marks)]
    across = _axis(min(ends), max(ends), spacing(edges) == "log", _LEFT, _RIGHT)
    up = _counts_axis(counts, bottom, top)
    bars = [(across.at(a), across.at(b), up.at(n)) for a, b, n in zip(edges, edges[1:], counts, strict=False) if n]
    rows = [
        (f"{format_quantity(a, detail.unit)} to {format_quantity(b, detail.unit)}", f"{n:,}".replace(",", " "))
        for a, b, n in zip(edges, edges[1:], counts, strict=False)
        if n
    ]
    texts, unit = tick_texts(across.ticks, detail.unit)
    heights, _ = tick_texts(up.ticks, "1")
    grid = Shape(drawing.level((up.at(tick) for tick in up.ticks), _LEFT, _RIGHT), "g")
    return Chart(
        title=detail.title,
        description=f"histogram of {sum(counts)} readings, {rows[0][0] if rows else 'none'} upwards",
        height=bottom + 24,
        shapes=drawing.visible(
            grid,
            Shape("".join(_bar(left, right, y, bottom) for left, right, y in bars), "h"),
            Shape(_mark_lines([value for _, value in detail.marks], across, bottom), "m"),
        ),
        labels=(
            *(_mark(label, value, across, i, detail.unit) for i, (label, value) in enumerate(detail.marks)),
            *drawing.beside(up, heights, _LEFT - 6),
            *_under(across, texts, unit, bottom),
        ),
        points=drawing.place(((left + right) / 2, y) for left, right, y in bars),
        table=Table((f"{detail.title}", "count"), tuple(rows)),
        legend=(("", "counts on a logarithmic axis"),) if up.kind == "log" else (),
    )


def curve(detail: Curve) -> Chart:
    """A line through the points; logarithmic across where x widens, percentiles by orders of nines where asked."""
    pairs = list(zip(detail.x, detail.y, strict=True))
    drawn = _thinned(pairs)
    top, bottom = 24.0, 24.0 + _PLOT
    nines = detail.x_label.startswith(NINES)
    across = _axis(min(detail.x), max(detail.x), nines or spacing(detail.x) == "log", _LEFT, _RIGHT)
    levels = [*detail.y, *(value for _, value in detail.lines)]
    low, high = min(levels), max(levels)
    up = linear(0.0 if 0 <= low < high / 2 else low, high, bottom, top, count=5, pad=0.0 if low < high / 2 else 0.05)
    texts, unit = (nines_texts(across.ticks), "") if nines else tick_texts(across.ticks, detail.x_unit)
    heights, tall = tick_texts(up.ticks, detail.y_unit)
    flagged = [(across.at(pairs[i][0]), up.at(pairs[i][1])) for i in detail.flagged if i < len(pairs)]
    shown = _selected(pairs, detail.flagged)
    x_name = "percentile" if nines else detail.x_label
    return Chart(
        title=detail.title,
        description=f"{detail.y_label} over {x_name}, {len(pairs)} points",
        height=bottom + 40,
        shapes=drawing.visible(
            Shape(drawing.level((up.at(tick) for tick in up.ticks), _LEFT, _RIGHT), "g"),
            Shape(drawing.level((up.at(value) for _, value in detail.lines), _LEFT, _RIGHT), "m"),
            Shape(drawing.line([(across.at(x), up.at(y)) for x, y in drawn]), "l candidate"),
            Shape(drawing.rings(flagged), "f"),
        ),
        labels=(
            *drawing.beside(up, heights, _LEFT - 6),
            Label(number(_LEFT - 6), "12", tall, "t", "end"),
            *(_level_label(label, value, up, detail.y_unit) for label, value in detail.lines),
            *_under(across, texts, unit, bottom),
            Label(number((_LEFT + _RIGHT) / 2), number(bottom + 32), x_name, "t", "middle"),
        ),
        points=drawing.place((across.at(x), up.at(y)) for x, y, _ in shown),
        table=_curve_table(detail, shown, len(pairs), nines),
        legend=(("○", f"{len(flagged)} flagged"),) if flagged else (),
    )


def _axis(low: float, high: float, logarithmic: bool, start: float, end: float) -> Axis:
    return log(low, high, start, end, 7) if logarithmic and low > 0 else linear(low, high, start, end, 6)


def _counts_axis(counts: Sequence[int], bottom: float, top: float) -> Axis:
    tall, small = max(counts, default=0), min((n for n in counts if n), default=1)
    if tall >= _TALL * small:
        return log(0.5, float(tall), bottom, top, 5)
    return linear(0.0, float(max(tall, 1)), bottom, top, 4)


def _bar(left: float, right: float, y: float, bottom: float) -> str:
    gap = 0.5 if right - left > 3 else 0.0
    return drawing.box(left + gap, min(y, bottom - 1), right - gap, bottom)


def _mark(label: str, value: float, axis: Axis, line: int, unit: str) -> Label:
    return drawing.flag(axis.at(value), 12 + _LINE * line, f"{label} {format_quantity(value, unit)}")


def _mark_lines(values: Sequence[float], axis: Axis, bottom: float) -> str:
    """Each line begins beside its own label."""
    return "".join(drawing.upright([axis.at(value)], 3 + _LINE * line, bottom) for line, value in enumerate(values))


def _level_label(label: str, value: float, axis: Axis, unit: str) -> Label:
    return Label(number(_RIGHT), number(axis.at(value) - 4), f"{label} {format_quantity(value, unit)}", "k", "end")


def _under(axis: Axis, texts: Sequence[str], unit: str, bottom: float) -> tuple[Label, ...]:
    united = (*texts[:-1], f"{texts[-1]} {unit}".rstrip()) if texts else ()
    return drawing.below(axis, united, bottom + 16)


def _merged(edges: Sequence[float], counts: Sequence[int]) -> tuple[tuple[float, ...], tuple[int, ...]]:
    """Neighbouring bins added together until there are few enough to be seen."""
    width = -(-len(counts) // _MOST_BARS) or 1
    starts = range(0, len(counts), width)
    return (
        tuple([edges[i] for i in starts] + [edges[-1]]),
        tuple(sum(counts[i : i + width]) for i in starts),
    )


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


def _selected(pairs: Sequence[tuple[float, float]], flagged: Sequence[int]) -> list[tuple[float, float, bool]]:
    """The points told in the table: evenly taken, and the flagged ones."""
    step = -(-len(pairs) // _MOST_ROWS)
    marked = set(flagged[:_MOST_ROWS])
    return [(x, y, i in marked) for i, (x, y) in enumerate(pairs) if i % step == 0 or i in marked]


def _curve_table(detail: Curve, shown: Sequence[tuple[float, float, bool]], total: int, nines: bool) -> Table:
    rows = tuple(
        (
            nines_texts([x])[0] if nines else format_quantity(x, detail.x_unit, 4),
            format_quantity(y, detail.y_unit, 4),
            "flagged" if marked else "",
        )
        for x, y, marked in shown
    )
    note = f"{len(rows)} of {total} points" if len(rows) < total else ""
    return Table(("percentile" if nines else detail.x_label, detail.y_label, ""), rows, note)
