"""Where labels find room: each takes that of its places that covers no label before it and least of the lines."""

from collections.abc import Iterable, Sequence
from itertools import pairwise
from math import ceil, hypot

from perfkit.reporting.drawing import LETTER, WIDTH, Label

_ABOVE, _BELOW = 10.0, 3.0
_STEP = 5.0

Box = tuple[float, float, float, float]
Point = tuple[float, float]


class Places:
    """The boxes that labels of a chart cover so far (left, top, right, bottom), and the points of its lines."""

    def __init__(self, taken: Iterable[Label], lines: Iterable[Sequence[Point]]) -> None:
        self._taken = [_box(label) for label in taken]
        self._points = [point for line in lines for point in _filled(line)]

    def take(self, places: Sequence[Label]) -> Label | None:
        """The first of those `places` within the chart and beside other labels that cover least of the lines, if any.

        It is then taken.
        """
        free = [label for label in places if self._is_free(_box(label))]
        if not free:
            return None
        chosen = min(free, key=lambda label: sum(_holds(_box(label), point) for point in self._points))
        self._taken.append(_box(chosen))
        return chosen

    def _is_free(self, box: Box) -> bool:
        return box[0] >= 0 and box[2] <= WIDTH and not any(_overlap(box, other) for other in self._taken)


def _filled(line: Sequence[Point]) -> list[Point]:
    """The points of a line and, where they lie far apart, others between them."""
    points = list(line[:1])
    for (x, y), (to_x, to_y) in pairwise(line):
        steps = max(1, ceil(hypot(to_x - x, to_y - y) / _STEP))
        points += [(x + (to_x - x) * k / steps, y + (to_y - y) * k / steps) for k in range(1, steps + 1)]
    return points


def _box(label: Label) -> Box:
    x, y, width = float(label.x), float(label.y), LETTER * len(label.text)
    left = {"start": x, "middle": x - width / 2, "end": x - width}[label.anchor]
    return (left, y - _ABOVE, left + width, y + _BELOW)


def _overlap(one: Box, other: Box) -> bool:
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]


def _holds(box: Box, point: Point) -> bool:
    return box[0] <= point[0] <= box[2] and box[1] <= point[1] <= box[3]
