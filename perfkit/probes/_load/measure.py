"""One launch of a load: start the service, load it, stop it, and judge whether the numbers may stand."""

from collections.abc import Mapping
from dataclasses import dataclass

from perfkit.instruments.affinity import pinned, split_cores
from perfkit.instruments.cpu import CpuWindow, between
from perfkit.instruments.priority import preferred
from perfkit.model.errors import Failed, Invalid, TimedOut
from perfkit.model.launch import AT_FLOOR, Detail, Exit, Launcher, Measurement, Program, Target, Usage
from perfkit.model.units import format_quantity
from perfkit.probes._load.drawing import facts, http_details, stream_details
from perfkit.probes._load.engine import run
from perfkit.probes._load.ledger import Ledger
from perfkit.probes._load.reading import HttpReading, StreamReading, quantile, read_requests, read_streams
from perfkit.probes._load.settings import Plan
from perfkit.probes._load.validity import busy_listener, objections

_TAIL_LINES = 8


@dataclass(frozen=True, slots=True)
class Loaded:
    """A load and how its service ended; both None without a service of ours."""

    ledger: Ledger
    pinning: str
    exit: Exit | None = None
    cpu: CpuWindow | None = None


def measure(plan: Plan, service: Program | None, prepare: Program | None, pin: bool, launcher: Launcher) -> Measurement:
    """One launch; its values hold every metric that could be read, by name.

    Raises Failed where the service does not serve, TimedOut where the launch has too little time left, Invalid where
    the numbers would describe the generator.
    """
    if launcher.remaining < plan.longest:
        left, needed = (format_quantity(seconds, "s") for seconds in (launcher.remaining, plan.longest))
        raise TimedOut(f"the load takes up to {needed} and {left} of the launch's time is left", hint="raise `timeout`")
    loaded = _load(plan, service, prepare, pin, launcher)
    http = None if plan.http is None else read_requests(loaded.ledger)
    streams = None if plan.streams is None else read_streams(loaded.ledger, plan.streams)
    _refuse(plan, loaded.ledger, http, streams)
    return _drawn_up(plan, loaded, http, streams)


def _load(plan: Plan, service: Program | None, prepare: Program | None, pin: bool, launcher: Launcher) -> Loaded:
    if service is None:
        if prepare is not None:
            launcher.run(prepare)
        return Loaded(run(plan), "none: the service is not ours")
    target = launcher.start(service)
    target.wait_ready(launcher.remaining)
    if prepare is not None:
        launcher.run(prepare)
    cores = split_cores() if pin else None
    with pinned(cores, target.pid), preferred() as priority:
        ledger = _run_or_say_why(plan, target)
    exited = target.stop()
    if ledger.service_ended or not exited.stopped:
        raise _died(exited)
    cpu = between(ledger.first_cpu, ledger.last_cpu) if ledger.first_cpu and ledger.last_cpu else None
    pinning = str(cores) if cores else "none: switched off" if not pin else "none: fewer than two cores"
    return Loaded(ledger, f"{pinning}; {priority}", exited, cpu)


def _run_or_say_why(plan: Plan, target: Target) -> Ledger:
    try:
        return run(plan, target.pid)
    except Failed as error:
        exited = target.stop()
        if exited.stopped:
            raise
        raise _died(exited) from error


def _died(exited: Exit) -> Failed:
    how = f"signal {-exited.code}" if exited.code < 0 else f"exit code {exited.code}"
    lines = exited.stderr.strip().splitlines()
    said = f": {lines[-1].strip()}" if lines else ""
    tail = "".join(f"\n  {line}" for line in lines[-_TAIL_LINES:]) if len(lines) > 1 else ""
    return Failed(
        f"the service ended during the load ({how}){said}{tail}",
        hint="its last words stand above" if lines else "it said nothing on stderr: run it by hand under the same load",
    )


def _refuse(plan: Plan, ledger: Ledger, http: HttpReading | None, streams: StreamReading | None) -> None:
    if http is not None and http.failed + http.timed_out == http.requests:
        name, count = ledger.window_errors().most_common(1)[0]
        raise Failed(f"no request succeeded: {name} × {count}", hint="check `url`, `method`, `body` and `expect`")
    if streams is not None and streams.malformed:
        raise Failed(
            f"{streams.malformed} messages are too short for the number that `streams.sequence` describes",
            hint="check `streams.sequence` and `streams.sequence_offset`",
        )
    if streams is not None and streams.silent == len(ledger.streams):
        raise Failed("no stream got a message", hint="the service may have nothing to send; let `prepare` start it")
    found = busy_listener(ledger.own_cpu / plan.duration) if http is None else objections(http.offered)
    if found:
        raise Invalid("; ".join(objection.why for objection in found), hint=found[0].hint)


def _drawn_up(plan: Plan, loaded: Loaded, http: HttpReading | None, streams: StreamReading | None) -> Measurement:
    values: dict[str, float] = {}
    details: list[Detail] = [facts(plan, loaded.ledger, http, streams, loaded.pinning)]
    caveats: list[str] = []
    if http is not None:
        values |= _http_values(plan, http)
        details += http_details(http, plan.duration)
        caveats += [f"{count} × {name}" for name, count in loaded.ledger.window_errors().most_common()]
    if streams is not None and plan.streams is not None:
        values |= _stream_values(plan, streams)
        details += stream_details(streams, 1 / plan.streams.rate)
        if streams.account.restarts:
            caveats.append(f"message numbers began anew {streams.account.restarts} ×")
    values |= _service_values(loaded, http)
    if loaded.exit is not None:
        caveats += _memory_caveats(loaded.exit.usage)
    waited = None if loaded.cpu is None else loaded.cpu.run_delay
    return Measurement(values, tuple(details), run_delay=waited, caveats=tuple(caveats))


def _memory_caveats(usage: Usage) -> list[str]:
    several = [] if usage.alone else ["peak memory of the largest process"]
    return several + ([AT_FLOOR] if usage.peak_memory <= usage.floor else [])


def _http_values(plan: Plan, http: HttpReading) -> Mapping[str, float]:
    return {
        "response_p50": quantile(http.response, 0.5),
        "response_p95": quantile(http.response, 0.95),
        "response_p99": quantile(http.response, 0.99),
        "response_max": float(http.response.max()),
        "throughput": http.answered_in_window / plan.duration,
        "errors": http.failed + http.timed_out,
        "dropped": http.dropped,
        "send_lag_p99": quantile(http.lag, 0.99),
    }


def _stream_values(plan: Plan, streams: StreamReading) -> Mapping[str, float]:
    values = {
        "delivered": streams.delivered,
        "disconnects": streams.disconnects,
        "first_message": streams.first_message,
    }
    if streams.gaps.size:
        values["stream_gap_p99"] = quantile(streams.gaps, 0.99)
    return values | ({"lost": streams.account.lost} if plan.streams and plan.streams.sequence else {})


def _service_values(loaded: Loaded, http: HttpReading | None) -> Mapping[str, float]:
    if loaded.exit is None or loaded.cpu is None:
        return {}
    usage = loaded.exit.usage
    values = {"cpu": loaded.cpu.cores, "cpu_time": usage.cpu_time, "peak_memory": float(usage.peak_memory)}
    return values | ({"cpu_per_request": loaded.cpu.used / http.requests} if http is not None else {})
