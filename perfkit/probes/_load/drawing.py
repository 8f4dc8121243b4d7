"""What a load saw inside, for reports."""

import numpy as np

from perfkit.instruments.histogram import LatencyHistogram
from perfkit.model.detail import Curve, Detail
from perfkit.model.units import format_quantity
from perfkit.probes._load.reading import StreamReading
from perfkit.probes._load.tally import Tally


def request_details(tally: Tally) -> tuple[Detail, ...]:
    """Response times by orders of nines and over time, and the three histograms that keep every reading."""
    response = tally.response.histogram
    p50, p99 = response.percentiles((0.5, 0.99))
    return (
        response.by_nines("response time by percentile"),
        over_time(tally),
        response.drawing("response times", marks=(("p50", p50), ("p99", p99))),
        tally.service.histogram.drawing("service times, from when requests were sent"),
        tally.lag.histogram.drawing("send lag: how late requests were sent"),
    )


def over_time(tally: Tally) -> Curve:
    """The slowest response of each 50 ms (more in long loads) by the time it was due: no stall is averaged away."""
    width = tally.slice_width
    used = np.flatnonzero(tally.slowest)
    return Curve(
        f"slowest response in each {format_quantity(width, 's')}",
        "time since the window opened", "s", "response time", "s",
        tuple(((used + 0.5) * width).tolist()), tuple(tally.slowest[used].tolist()),
    )  # fmt: skip


def stream_details(reading: StreamReading, period: float) -> tuple[Detail, ...]:
    """The gaps between messages, against the expected one."""
    if not reading.gaps.size:
        return ()
    gaps = LatencyHistogram()
    gaps.record(reading.gaps)
    return (gaps.drawing("gaps between messages", marks=(("expected", period),)),)
