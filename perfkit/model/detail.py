"""What a launch saw inside, for reports: pictures and facts."""

from dataclasses import dataclass
from typing import Final

RESULT: Final = "result"
"""The name of a fact that says in one sentence what a launch came to, for people to paste; every report prints it."""


@dataclass(frozen=True, slots=True)
class Histogram:
    """Counts between edges (n + 1 edges, n counts). `marks` are labelled positions on the value axis.

    `encoded` keeps durations losslessly beside the drawn bins, as HdrHistogram's V2 base64 in ns; empty where there
    is none.
    """

    title: str
    unit: str
    edges: tuple[float, ...]
    counts: tuple[int, ...]
    marks: tuple[tuple[str, float], ...] = ()
    encoded: str = ""


@dataclass(frozen=True, slots=True)
class Curve:
    """One value over another, drawn as a line.

    `lines` are labelled horizontal levels, `moments` labelled positions on the x axis. `flagged` are the indices of
    points to ring and `flag` says what those are (`missed`); `marks` are indices of points with a label of their own.
    `beside` are further named rows of values over the same x, in the same unit.
    """

    title: str
    x_label: str
    x_unit: str
    y_label: str
    y_unit: str
    x: tuple[float, ...]
    y: tuple[float, ...]
    lines: tuple[tuple[str, float], ...] = ()
    flagged: tuple[int, ...] = ()
    flag: str = "flagged"
    marks: tuple[tuple[int, str], ...] = ()
    moments: tuple[tuple[str, float], ...] = ()
    beside: tuple[tuple[str, tuple[float, ...]], ...] = ()


@dataclass(frozen=True, slots=True)
class Facts:
    """Named facts in words, such as the audio server used; a row named RESULT sums the launch up in one sentence."""

    title: str
    rows: tuple[tuple[str, str], ...]


Detail = Histogram | Curve | Facts
