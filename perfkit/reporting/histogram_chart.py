"""The picture of a histogram."""

from collections.abc import Sequence
from itertools import pairwise

from perfkit.model.detail import Histogram
from perfkit.model.units import counted, format_quantity
from perfkit.reporting import drawing
from perfkit.reporting.drawing import Chart, Shape, Table
from perfkit.reporting.scales import Axis, linear, log, spacing, spread, tick_texts

_LEFT, _RIGHT, _PLOT = 46.0, 452.0, 130.0
_MOST_BARS = 90
_MOST_DIGITS = 7
_TALL = 400
"""Counts that differ by more than this factor are drawn on a logarithmic axis, so that a rare slow mode is seen."""


def histogram(detail: Histogram) -> Chart:
    """Bars between the edges; a logarithmic axis where the edges widen."""
    edges, counts = _merged(detail.edges, detail.counts)
    top = 8.0 + drawing.LINE * len(detail.marks)
    bottom = top + _PLOT
    ends = [*edges, *(value for _, value in detail.marks)]
    across = spread(min(ends), max(ends), _LEFT, _RIGHT, logarithmic=spacing(edges) == "log")
    up = _counts_axis(counts, bottom, top)
    bars = [(across.at(a), across.at(b), up.at(n)) for a, b, n in zip(edges, edges[1:], counts, strict=False) if n]
    ends_told = _told(edges, detail.unit)
    rows = [
        (f"{a} to {b}", f"{n:,}".replace(",", " "))
        for a, b, n in zip(ends_told, ends_told[1:], counts, strict=False)
        if n
    ]
    texts, unit = tick_texts(across.ticks, detail.unit)
    heights, _ = tick_texts(up.ticks, "1")
    flags = drawing.flagged(detail.marks, across, detail.unit)
    grid = Shape(drawing.level((up.at(tick) for tick in up.ticks), _LEFT, _RIGHT), "g")
    return Chart(
        title=detail.title,
        description=f"histogram of {counted(sum(counts), 'reading')}, {rows[0][0] if rows else 'none'} upwards",
        height=bottom + 24,
        shapes=drawing.visible(
            grid,
            Shape("".join(_bar(left, right, y, bottom) for left, right, y in bars), "h"),
            Shape(drawing.flagpoles(flags, bottom), "m"),
        ),
        labels=(
            *(label for _, label in flags),
            *drawing.beside(up, heights, _LEFT - 6),
            *drawing.below(across, drawing.united(texts, unit), bottom + 16),
        ),
        points=drawing.place(((left + right) / 2, y) for left, right, y in bars),
        table=Table((f"{detail.title}", "count"), tuple(rows)),
        legend=(("", "counts on a logarithmic axis"),) if up.kind == "log" else (),
    )


def _told(edges: Sequence[float], unit: str) -> tuple[str, ...]:
    """The edges for people, with as many digits as tell each from the next."""
    for digits in range(3, _MOST_DIGITS):
        texts = tuple(format_quantity(edge, unit, digits) for edge in edges)
        if all(a != b for a, b in pairwise(texts)):
            return texts
    return tuple(format_quantity(edge, unit, _MOST_DIGITS) for edge in edges)


def _counts_axis(counts: Sequence[int], bottom: float, top: float) -> Axis:
    tall, small = max(counts, default=0), min((n for n in counts if n), default=1)
    if tall >= _TALL * small:
        return log(0.5, float(tall), bottom, top, 5)
    return linear(0.0, float(max(tall, 1)), bottom, top, 4)


def _bar(left: float, right: float, y: float, bottom: float) -> str:
    gap = 0.5 if right - left > 3 else 0.0
    return drawing.box(left + gap, min(y, bottom - 1), right - gap, bottom)


def _merged(edges: Sequence[float], counts: Sequence[int]) -> tuple[tuple[float, ...], tuple[int, ...]]:
    """Neighbouring bins added together until there are few enough to be seen."""
    width = -(-len(counts) // _MOST_BARS) or 1
    starts = range(0, len(counts), width)
    return (
        tuple([edges[i] for i in starts] + [edges[-1]]),
        tuple(sum(counts[i : i + width]) for i in starts),
    )
