"""Where labels find room: each takes the first of its places that covers no label before it."""

from collections.abc import Iterable

from perfkit.reporting.drawing import LETTER, WIDTH, Label

_ABOVE, _BELOW = 10.0, 3.0

Box = tuple[float, float, float, float]


class Places:
    """The boxes that labels of a chart cover so far: left, top, right, bottom."""

    def __init__(self, taken: Iterable[Label] = ()) -> None:
        self._taken = [_box(label) for label in taken]

    def first_free(self, places: Iterable[Label]) -> Label | None:
        """The first of `places` within the chart that is free, which is taken by that; None if none is."""
        for label in places:
            box = _box(label)
            if box[0] >= 0 and box[2] <= WIDTH and not any(_overlap(box, other) for other in self._taken):
                self._taken.append(box)
                return label
        return None


def _box(label: Label) -> Box:
    x, y, width = float(label.x), float(label.y), LETTER * len(label.text)
    left = {"start": x, "middle": x - width / 2, "end": x - width}[label.anchor]
    return (left, y - _ABOVE, left + width, y + _BELOW)


def _overlap(one: Box, other: Box) -> bool:
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]
