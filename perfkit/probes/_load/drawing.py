"""What a load saw inside, for reports."""

from itertools import accumulate

from perfkit.model.detail import Curve, Detail
from perfkit.model.units import format_plain
from perfkit.probes._load.pace import Pace
from perfkit.probes._load.reading import StreamReading
from perfkit.probes._load.slices import Slices
from perfkit.probes._load.tally import Tally

_MOST_PHASES = 8
"""Steps that are named in a picture; of more, the names would be taller than the picture."""


def request_details(tally: Tally, pace: Pace) -> tuple[Detail, ...]:
    """Response times by orders of nines and over time, and the three histograms that keep every reading."""
    response = tally.response.histogram
    p50, p99 = response.percentiles((0.5, 0.99))
    return (
        response.by_nines("response time by percentile"),
        over_time("slowest response", "response time", tally.slowest, moments=phases(pace, tally.duration)),
        response.drawing("response times", marks=(("p50", p50), ("p99", p99))),
        tally.service.histogram.drawing("service times, from when requests were sent"),
        tally.lag.histogram.drawing("send lag: how late requests were sent"),
    )


def over_time(
    what: str,
    name: str,
    slices: Slices,
    *,
    lines: tuple[tuple[str, float], ...] = (),
    moments: tuple[tuple[str, float], ...] = (),
) -> Curve:
    """The largest duration of each slice of the window."""
    times, largest = slices.points
    title = f"{what} in each {format_plain(slices.width, 's')}"
    return Curve(title, "time since the window opened", "s", name, "s", times, largest, lines=lines, moments=moments)


def phases(pace: Pace, duration: float) -> tuple[tuple[str, float], ...]:
    """Where the rate becomes another, s since the window opened; none where it stays."""
    if pace.arrivals == "ramp":
        return (f"{pace.rate:g}/s at", 0.0), (f"{pace.rate_end:g}/s at", duration)
    if len(pace.steps) > _MOST_PHASES:
        return ()
    begins = accumulate((seconds for _, seconds in pace.steps), initial=0.0)
    return tuple((f"{rate:g}/s from", at) for (rate, _), at in zip(pace.steps, begins, strict=False))


def stream_details(reading: StreamReading, period: float) -> tuple[Detail, ...]:
    """The gaps between messages, against the expected one."""
    if not reading.gaps.count:
        return ()
    expected = (("expected", period),)
    return (
        reading.gaps.histogram.drawing("gaps between messages", marks=expected),
        over_time("longest gap between messages", "gap", reading.longest, lines=expected),
    )
