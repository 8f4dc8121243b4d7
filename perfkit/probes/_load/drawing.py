"""What a load saw inside, for reports."""

import numpy as np

from perfkit.model.launch import Curve, Detail, Facts
from perfkit.model.units import format_quantity
from perfkit.probes._load.ledger import Ledger
from perfkit.probes._load.reading import HttpReading, StreamReading, histogram_of, quantile
from perfkit.probes._load.settings import Plan

_SLICE = 0.05
_MOST_POINTS = 400


def http_details(reading: HttpReading, duration: float) -> tuple[Detail, ...]:
    """Response times by orders of nines, over time, and as a histogram."""
    histogram = histogram_of(reading.response)
    marks = (("p50", histogram.percentile(0.5)), ("p99", histogram.percentile(0.99)))
    return (
        histogram.by_nines("response time by percentile"),
        over_time(reading, duration),
        histogram.drawing("response times", marks=marks),
    )


def over_time(reading: HttpReading, duration: float) -> Curve:
    """The slowest response of each 50 ms (more in long loads) by the time it was due: no stall is averaged away."""
    width = max(_SLICE, duration / _MOST_POINTS)
    slices = (reading.due / width).astype(int)
    used = np.unique(slices)
    slowest = np.zeros(used.size)
    np.maximum.at(slowest, np.searchsorted(used, slices), reading.response)
    return Curve(
        f"slowest response in each {format_quantity(width, 's')}",
        "time since the window opened", "s", "response time", "s",
        tuple(((used + 0.5) * width).tolist()), tuple(slowest.tolist()),
    )  # fmt: skip


def stream_details(reading: StreamReading, period: float) -> tuple[Detail, ...]:
    """The gaps between messages, against the expected one."""
    if not reading.gaps.size:
        return ()
    return (histogram_of(reading.gaps).drawing("gaps between messages", marks=(("expected", period),)),)


def facts(plan: Plan, ledger: Ledger, http: HttpReading | None, streams: StreamReading | None, pinning: str) -> Facts:
    """The circumstances of the load in words."""
    rows = [("event loop", ledger.loop), ("pinning", pinning)]
    share = ledger.own_cpu / plan.duration
    rows.append(("generator's own CPU", f"{format_quantity(share, 'cores')} of a core"))
    if http is not None and plan.http is not None:
        rows += _http_rows(plan, ledger, http)
        rows.append(("generator's CPU per request", format_quantity(ledger.own_cpu / http.requests, "s")))
    if streams is not None and plan.streams is not None:
        rows += _stream_rows(plan.streams.count, streams)
    return Facts("load", tuple(rows))


def _http_rows(plan: Plan, ledger: Ledger, reading: HttpReading) -> list[tuple[str, str]]:
    offered = reading.requests / plan.duration
    errors = ", ".join(f"{name} × {count}" for name, count in ledger.window_errors().most_common())
    return [
        ("offered", f"{offered:g} requests/s, {plan.http.arrivals if plan.http else ''} arrivals"),
        ("achieved", f"{reading.offered.achieved * 100:.1f} %"),
        ("most in flight", str(ledger.requests.most_in_flight)),
        ("errors", errors or "none"),
        ("service time p50", format_quantity(quantile(reading.service, 0.5), "s")),
        ("send lag p99", format_quantity(quantile(reading.lag, 0.99), "s")),
    ]


def _stream_rows(count: int, reading: StreamReading) -> list[tuple[str, str]]:
    account = reading.account
    return [
        ("streams sustained", f"{reading.sustained} of {count}"),
        ("messages", f"{reading.messages} ({reading.delivered * 100:.1f} % of the expected)"),
        ("slowest connect", format_quantity(reading.connect, "s")),
        ("sequence", f"{account.lost} lost, {account.repeated} repeated, {account.restarts} restarts"),
    ]
