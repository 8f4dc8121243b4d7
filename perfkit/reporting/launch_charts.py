"""The two pictures of a finding: every launch along the value axis (strip plot), and every launch in order."""

from bisect import bisect_left
from collections.abc import Sequence

from perfkit.model.units import counted
from perfkit.reporting import drawing
from perfkit.reporting.drawing import Chart, Label, Shape, Table, number
from perfkit.reporting.pictures import Centre, Mark, Picture, Point, Series
from perfkit.reporting.scales import Axis, linear, tick_texts

_LEFT, _RIGHT = 8.0, 452.0
_JITTER = (0.0, -4.0, 3.0, -2.0, 5.0, 1.0, -5.0, 4.0, -3.0, 2.0)
_KEPT = 1.6
"""A limit is drawn to scale if it widens the axis to at most this many times the span of the launches."""

Spot = tuple[float, float, Point]


def _span(picture: Picture) -> tuple[float, float, tuple[Mark, ...], tuple[Mark, ...]]:
    """The value range with the marks inside it, and the marks too far off to be drawn to scale."""
    values = [point.value for series in picture.series for point in series.points]
    for centre in picture.centres:
        values += [bound for bound in (centre.median, centre.low, centre.high) if bound is not None]
    low, high = min(values), max(values)
    near: list[Mark] = []
    far: list[Mark] = []
    for mark in picture.marks:
        wider = max(high, mark.value) - min(low, mark.value)
        (near if wider <= _KEPT * (max(values) - min(values)) else far).append(mark)
    low = min([low, *(mark.value for mark in near)])
    high = max([high, *(mark.value for mark in near)])
    return low, high, tuple(near), tuple(far)


def strip(picture: Picture) -> Chart:
    """Each session is a row of dots; under each side stands its median with the interval."""
    low, high, near, far = _span(picture)
    axis = linear(low, high, _LEFT + 6, _RIGHT - 6, count=6, pad=0.04)
    top = 4.0 + drawing.LINE * len(picture.marks)
    y, spots, labels, shapes = top + 6.0, [], [], []
    for centre in picture.centres:
        for series in (one for one in picture.series if one.side == centre.side):
            labels.append(Label(number(_LEFT), number(y + 8), f"{series.label} · {len(series.points)}", "r"))
            spots += _dots(series, axis, y + 23)
            y += 35
        shapes += _centre(centre, axis, y + 4)
        labels.append(_centre_label(centre, axis, y + 8))
        y += 24
    texts, unit = tick_texts(axis.ticks, picture.metric.unit)
    grid = Shape(drawing.upright((axis.at(tick) for tick in axis.ticks), top, y), "g")
    return Chart(
        title="Every launch",
        description=_described(picture),
        height=y + 24,
        shapes=(grid, *_mark_lines(near, axis, y), *_spot_shapes(spots, picture), *shapes),
        labels=(*labels, *_mark_labels(near, far, axis), *drawing.below(axis, drawing.united(texts, unit), y + 16)),
        points=drawing.place((x, height) for x, height, _ in spots),
        table=_launch_table(picture),
    )


def in_order(picture: Picture) -> Chart:
    """Each launch at its place in its session; a line joins those of a side that count.

    Sessions stand beside each other, the base's first; sides that were measured in turn stand as they were measured.
    Its points are in the order of the strip's, whose table tells about both.
    """
    low, high, near, _ = _span(picture)
    left, top, bottom = 46.0, 22.0, 168.0
    values = linear(low, high, bottom - 4, top, count=5, pad=0.06)
    texts, unit = tick_texts(values.ticks, picture.metric.unit)
    places, stretches = _placed(picture)
    order = linear(0.0, max(1.0, *(place for row in places for place in row)), left + 8, _RIGHT - 6)
    spots, shapes = [], []
    for series, row in zip(picture.series, places, strict=True):
        own = [(order.at(at), values.at(point.value), point) for at, point in zip(row, series.points, strict=True)]
        spots += own
        shapes.append(Shape(drawing.line([(x, y) for x, y, point in own if point.counts]), f"l {series.side}"))
    marks = tuple(Shape(drawing.level([values.at(mark.value)], left, _RIGHT), "m") for mark in near)
    grid = Shape(drawing.level((values.at(tick) for tick in values.ticks), left, _RIGHT), "g")
    return Chart(
        title="Launches in order",
        description=_described(picture),
        height=bottom + 24,
        shapes=drawing.visible(grid, *marks, *shapes, *_spot_shapes(spots, picture)),
        labels=(
            *drawing.beside(values, texts, left - 6),
            Label(number(left - 6), "12", unit, "t", "end"),
            *(Label(number(left + 4), number(values.at(mark.value) - 4), mark.label, "k") for mark in near),
            *(drawing.under(order.at(middle), text, bottom + 16) for middle, text in stretches),
        ),
        points=drawing.place((x, y) for x, y, _ in spots),
        table=None,
        legend=_legend(picture),
        series=(("base", "base"), ("candidate", "candidate")) if picture.paired else (),
    )


def _placed(picture: Picture) -> tuple[list[list[int]], list[tuple[float, str]]]:
    """Where each launch of each series stands, from 0 on, and the middle and the name of what stands together.

    A place stays free between sessions.
    """
    moments = [
        [
            (series.session or 0, point.order or 0) if picture.paired else (row, i)
            for i, point in enumerate(series.points)
        ]
        for row, series in enumerate(picture.series)
    ]
    taken = sorted(moment for row in moments for moment in row)
    groups = sorted({group for group, _ in taken})
    places = [[bisect_left(taken, moment) + groups.index(moment[0]) for moment in row] for row in moments]
    stretches = []
    for gap, group in enumerate(groups):
        first, after = bisect_left(taken, (group, -1)), bisect_left(taken, (group + 1, -1))
        name = f"session {group + 1}" if len(groups) > 1 else "as measured"
        stretches.append((gap + (first + after - 1) / 2, name if picture.paired else picture.series[group].side))
    return places, stretches


def _launch_table(picture: Picture) -> Table:
    """One row a launch, in the order of both pictures' points."""
    rows = tuple(
        (series.label, f"launch {index}", point.text, point.remark)
        for series in picture.series
        for index, point in enumerate(series.points, 1)
    )
    return Table(("session", "launch", picture.metric.name, "remark"), rows)


def _dots(series: Series, axis: Axis, y: float) -> list[Spot]:
    """Rows of dots with a fixed pattern of small shifts, so that equal values do not hide each other."""
    return [(axis.at(point.value), y + _JITTER[i % len(_JITTER)], point) for i, point in enumerate(series.points)]


def _spot_shapes(spots: Sequence[Spot], picture: Picture) -> tuple[Shape, ...]:
    """Dots for undisturbed launches, rings for contaminated ones, crosses for those that were run again."""
    sides = [series.side for series in picture.series for _ in series.points]
    drawn = []
    for side in ("base", "candidate"):
        own = [spot for spot, owner in zip(spots, sides, strict=True) if owner == side]
        clean = [(x, y) for x, y, point in own if point.counts and not point.remark]
        disturbed = [(x, y) for x, y, point in own if point.counts and point.remark]
        again = [(x, y) for x, y, point in own if not point.counts]
        drawn.append(Shape(drawing.dots(clean), f"d {side}"))
        drawn.append(Shape(drawing.rings(disturbed) + drawing.crosses(again), f"o {side}"))
    return drawing.visible(*drawn)


def _centre(centre: Centre, axis: Axis, y: float) -> list[Shape]:
    x = axis.at(centre.median)
    median = Shape(drawing.upright([x], y - 6, y + 6), f"c {centre.side}")
    if centre.low is None or centre.high is None:
        return [median]
    left, right = axis.at(centre.low), axis.at(centre.high)
    return [Shape(drawing.box(left, y - 3, right, y + 3), f"b {centre.side}"), median]


def _centre_label(centre: Centre, axis: Axis, y: float) -> Label:
    """Beside the interval, on the side with more room."""
    left, right = (axis.at(centre.median if end is None else end) for end in (centre.low, centre.high))
    text = f"median {centre.text}"
    if axis.end - right > left - axis.start:
        return Label(number(right + 8), number(y), text, f"v {centre.side}")
    return Label(number(left - 8), number(y), text, f"v {centre.side}", "end")


def _mark_lines(near: Sequence[Mark], axis: Axis, bottom: float) -> tuple[Shape, ...]:
    return tuple(
        Shape(drawing.upright([axis.at(mark.value)], 6 + drawing.LINE * index, bottom), "m")
        for index, mark in enumerate(near)
    )


def _mark_labels(near: Sequence[Mark], far: Sequence[Mark], axis: Axis) -> tuple[Label, ...]:
    """One line a mark; a mark off the axis is told with an arrow to its side."""
    labels = []
    for index, mark in enumerate(near):
        labels.append(drawing.flag(axis.at(mark.value), 12 + drawing.LINE * index, mark.label))
    for index, mark in enumerate(far, len(near)):
        if mark.value > axis.high:
            labels.append(Label(number(_RIGHT), number(12 + drawing.LINE * index), f"{mark.label} →", "k", "end"))
        else:
            labels.append(Label(number(_LEFT), number(12 + drawing.LINE * index), f"← {mark.label}", "k"))
    return tuple(labels)


def _described(picture: Picture) -> str:
    sides = [f"{centre.side} median {centre.text}" for centre in picture.centres]
    launches = sum(len(series.points) for series in picture.series)
    return f"{picture.metric.name}, {counted(launches, 'launch')}; {', '.join(sides)}"


def _legend(picture: Picture) -> tuple[tuple[str, str], ...]:
    points = [point for series in picture.series for point in series.points]
    told = []
    if any(point.remark and point.counts for point in points):
        told.append(("○", "contaminated"))
    if not all(point.counts for point in points):
        told.append(("×", "run again, does not count"))
    return tuple(told)
