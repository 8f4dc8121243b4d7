"""What the pictures of a finding show: every launch of both sides, their centres, and where the budgets lie."""

import math
from dataclasses import dataclass
from typing import Literal

from perfkit.model.budget import Limit, Tolerance
from perfkit.model.change import Summary
from perfkit.model.launch import Launch, Outcome
from perfkit.model.launch import Side as LaunchSide
from perfkit.model.metric import Better, Metric
from perfkit.model.run import Recorded, Result
from perfkit.model.units import format_quantity
from perfkit.model.verdict import Finding
from perfkit.reporting.wording import day

_MOST_SESSIONS = 5

Side = Literal["base", "candidate"]


@dataclass(frozen=True, slots=True)
class Point:
    """One launch in a picture: its value in the base unit, as text, and what is to be said about it.

    `counts` is False for a launch that was run again; `remark` names the rules a contaminated one broke. `order` is
    its place among all launches of its session, where that is known.
    """

    value: float
    text: str
    remark: str = ""
    counts: bool = True
    order: int | None = None


@dataclass(frozen=True, slots=True)
class Series:
    """The launches of one side in one session, in order; sessions are numbered in the run that measured them."""

    side: Side
    label: str
    points: tuple[Point, ...]
    session: int | None = None


@dataclass(frozen=True, slots=True)
class Centre:
    """A side's median with its interval (None where there is none), in the base unit and as text."""

    side: Side
    median: float
    low: float | None
    high: float | None
    text: str


@dataclass(frozen=True, slots=True)
class Mark:
    """A labelled value on an axis: a limit, or how far a tolerance reaches from the base."""

    label: str
    value: float


@dataclass(frozen=True, slots=True)
class Picture:
    """All launches of a finding, base sessions first: for the strip plot and for launches over time."""

    metric: Metric
    series: tuple[Series, ...]
    centres: tuple[Centre, ...]
    marks: tuple[Mark, ...]

    @property
    def paired(self) -> bool:
        """Whether both sides were measured in turn, in one run."""
        measured_here = all(series.session is not None for series in self.series)
        return measured_here and len({series.side for series in self.series}) > 1


def picture(finding: Finding, result: Result | None, sessions: tuple[Recorded, ...], run_label: str) -> Picture | None:
    """The picture of one finding; None where the candidate has no launch with a finite value."""
    if result is None:
        return None
    candidate = _launches("candidate", finding.metric, result, run_label)
    if not candidate:
        return None
    base: tuple[Series, ...] = ()
    if finding.base and result.base.launches:
        base = _launches("base", finding.metric, result.base, f"base {sessions[-1].commit}" if sessions else "base")
    elif finding.base:
        base = _recorded(finding, result.fingerprint, sessions)
    centres = [_centre("base", finding.base, finding.metric)] if finding.base else []
    centres.append(_centre("candidate", finding.candidate, finding.metric))
    return Picture(finding.metric, base + candidate, tuple(centres), _marks(finding))


def _launches(side: Side, metric: Metric, result: Result, label: str) -> tuple[Series, ...]:
    """One series a session of a side; a resumed run has several, and so have pairs that were measured twice."""
    own = [one for one in result.launches if one.side is LaunchSide.CANDIDATE]
    launches = [one for one in own if one.outcome is Outcome.MEASURED and _has(one, metric.name)]
    numbers = list(dict.fromkeys(launch.session for launch in launches))
    counting = {(launch.session, launch.order) for launch in result.measured}
    return tuple(
        Series(
            side,
            label if len(numbers) == 1 else f"{label}, session {number + 1}",
            tuple(
                _point(one, metric, counts=(one.session, one.order) in counting)
                for one in launches
                if one.session == number
            ),
            number,
        )
        for number in numbers
    )


def _has(launch: Launch, metric: str) -> bool:
    return metric in launch.values and math.isfinite(launch.values[metric])


def _point(launch: Launch, metric: Metric, *, counts: bool) -> Point:
    value = launch.values[metric.name]
    remarks = [f"contaminated: {', '.join(launch.contaminated)}"] if launch.contaminated else []
    if not counts:
        remarks.append("run again, does not count")
    return Point(value, format_quantity(value, metric.unit, 4), "; ".join(remarks), counts, launch.order)


def _recorded(finding: Finding, fingerprint: str, sessions: tuple[Recorded, ...]) -> tuple[Series, ...]:
    """The base's newest sessions that measured the same thing in the same way."""
    return tuple(
        Series("base", f"base {session.commit}, {day(session.created)}", _points(sample.values, finding.metric.unit))
        for session in sessions[-_MOST_SESSIONS:]
        for sample in session.samples
        if sample.benchmark == finding.benchmark
        and sample.fingerprint == fingerprint
        and sample.metric.identity == finding.metric.identity
    )


def _points(values: tuple[float, ...], unit: str) -> tuple[Point, ...]:
    return tuple(Point(value, format_quantity(value, unit, 4)) for value in values if math.isfinite(value))


def _centre(side: Side, summary: Summary, metric: Metric) -> Centre:
    text = format_quantity(summary.median, metric.unit)
    return Centre(side, summary.median, summary.low, summary.high, text)


def _marks(finding: Finding) -> tuple[Mark, ...]:
    marks = []
    for held in finding.budgets:
        if isinstance(held.budget, Limit):
            marks.append(Mark(f"limit {held.budget}", held.budget.value))
        elif finding.base is not None:
            marks.append(Mark(f"budget {held.budget}", _reach(held.budget, finding.base.median, finding.metric.better)))
    return tuple(mark for mark in marks if math.isfinite(mark.value))


def _reach(tolerance: Tolerance, base: float, better: Better) -> float:
    """The candidate's value at which a change is as large as the tolerance."""
    if tolerance.relative:
        return base * (1 + tolerance.amount) if better is Better.LOWER else base / (1 + tolerance.amount)
    return base + tolerance.amount if better is Better.LOWER else base - tolerance.amount
