"""From what was counted to a report: values, objections, pictures and facts."""

from dataclasses import replace

from perfkit.model.errors import Failed
from perfkit.model.units import format_plain, format_quantity
from perfkit.probes._load.drawing import request_details, stream_details
from perfkit.probes._load.pace import Pace
from perfkit.probes._load.reading import StreamReading
from perfkit.probes._load.report import Report
from perfkit.probes._load.settings import LEAST_READINGS, Plan
from perfkit.probes._load.tally import Tally
from perfkit.probes._load.validity import objections

CLOSED_LOOP = "closed loop: coordinated omission"
"""The caveat of response times for which nobody was kept waiting by those before."""
_SHARES = {"response_p50": 0.5, "response_p95": 0.95, "response_p99": 0.99}


def requests_report(plan: Plan, tally: Tally) -> Report:
    """The requests of a load. Raises Failed where not one succeeded."""
    assert plan.pace is not None
    if tally.failed + tally.timed_out + tally.dropped >= tally.requests:
        raise Failed(f"no request succeeded: {_most_common(tally)}", hint=_what_to_do(plan, tally))
    closed = plan.pace.closed
    values = _values(tally, closed=closed)
    caveats = [f"{count} × {name}" for name, count in tally.errors.most_common()]
    return Report(
        values=values,
        requests=tally.requests,
        objections=() if closed else objections(tally.offered, tally.errors),
        details=request_details(tally, plan.pace),
        rows=_rows(plan.pace, tally),
        caveats=(*_too_few(tally), CLOSED_LOOP, *caveats) if closed else tuple(caveats),
    )


def streams_report(plan: Plan, streams: StreamReading) -> Report:
    """The streams of a load. Raises Failed where they brought nothing that can be read."""
    assert plan.streams is not None
    count = plan.streams.count
    if streams.malformed:
        raise Failed(
            f"{streams.malformed} messages are too short for the number that `streams.sequence` describes",
            hint="check `streams.sequence` and `streams.sequence_offset`",
        )
    if streams.silent == count:
        raise Failed("no stream got a message", hint="the service may have nothing to send; let `prepare` start it")
    restarts = streams.account.restarts
    return Report(
        values=_stream_values(streams, numbered=bool(plan.streams.sequence)),
        details=stream_details(streams, 1 / plan.streams.rate),
        rows=_stream_rows(count, streams),
        caveats=(f"message numbers began anew {restarts} ×",) if restarts else (),
    )


def joined(*parts: Report) -> Report:
    """The parts of one load as one report."""
    whole = parts[0]
    for part in parts[1:]:
        whole = replace(
            whole,
            values={**whole.values, **part.values},
            requests=whole.requests + part.requests,
            objections=whole.objections + part.objections,
            details=whole.details + part.details,
            rows=whole.rows + part.rows,
            caveats=whole.caveats + part.caveats,
        )
    return whole


def _most_common(tally: Tally) -> str:
    if not tally.errors:
        return "none was answered" if tally.requests else "none was sent"
    name, count = tally.errors.most_common(1)[0]
    return f"{name} × {count}"


def _what_to_do(plan: Plan, tally: Tally) -> str:
    if tally.timed_out > tally.failed:
        patience = f"request_timeout = {format_plain(plan.timeout, 's')}"
        return f"no answer within {patience}: see what the service waits for, or raise it"
    return "check `url`, `method`, `body` and `expect`"


def _values(tally: Tally, *, closed: bool) -> dict[str, float]:
    shares = {name: share for name, share in _SHARES.items() if tally.response.count >= LEAST_READINGS[name]}
    values = {name: tally.response.quantile(share) for name, share in shares.items()}
    values |= {
        "response_max": tally.response.largest,
        "throughput": tally.answered_in_window / tally.duration,
        "errors": tally.failed + tally.timed_out,
    }
    if closed:
        return values
    return values | {"dropped": tally.dropped, "send_lag_p99": tally.lag.quantile(0.99)}


def _too_few(tally: Tally) -> tuple[str, ...]:
    few = [name for name in _SHARES if tally.response.count < LEAST_READINGS[name]]
    return tuple(f"no {name}: {tally.response.count} requests, needs {LEAST_READINGS[name]}" for name in few)


def _rows(pace: Pace, tally: Tally) -> tuple[tuple[str, str], ...]:
    errors = ", ".join(f"{name} × {count}" for name, count in tally.errors.most_common())
    service = format_quantity(tally.service.quantile(0.5), "s")
    rows = (("most in flight", str(tally.most_in_flight)), ("errors", errors or "none"), ("service time p50", service))
    if pace.closed:
        think = f" who think for {format_quantity(pace.think, 's')}" if pace.think else ""
        return (("offered", f"{pace.users} users{think}: what the service lets them"), *rows)
    return (
        ("offered", f"{_offered(pace, tally)} requests/s, {pace.arrivals} arrivals"),
        ("achieved", f"{tally.offered.achieved * 100:.1f} %"),
        *rows,
        ("send lag p99", format_quantity(tally.lag.quantile(0.99), "s")),
    )


def _offered(pace: Pace, tally: Tally) -> str:
    """The rates that the load had."""
    if pace.arrivals == "ramp":
        return f"{pace.rate:g} to {pace.rate_end:g}"
    if pace.steps:
        return ", ".join(f"{rate:g}" for rate, _ in pace.steps)
    return f"{tally.requests / tally.duration:g}"


def _stream_values(streams: StreamReading, *, numbered: bool) -> dict[str, float]:
    values = {
        "streams_sustained": streams.sustained,
        "delivered": streams.delivered,
        "disconnects": streams.disconnects,
        "first_message": streams.first_message,
    }
    if streams.gaps.count:
        values["stream_gap_p99"] = streams.gaps.quantile(0.99)
    return values | ({"lost": streams.account.lost} if numbered else {})


def _stream_rows(count: int, reading: StreamReading) -> tuple[tuple[str, str], ...]:
    account = reading.account
    return (
        ("streams sustained", f"{reading.sustained} of {count}"),
        ("messages", f"{reading.messages} ({reading.delivered * 100:.1f} % of the expected)"),
        ("slowest connect", format_quantity(reading.connect, "s")),
        ("sequence", f"{account.lost} lost, {account.repeated} repeated, {account.restarts} restarts"),
    )
