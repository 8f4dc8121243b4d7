"""Load generators of others: how each is called, and what it prints."""

import json
import math
from pathlib import Path
from typing import Any

from perfkit.probes._load.k6 import k6, read_k6
from perfkit.probes._load.settings import Http, Plan
from perfkit.probes._load.told import Command, Told, Tool, asked, our_line

_MICRO, _NANO = 1e-6, 1e-9
_CONNECTIONS = 100
"""Connections that wrk2 and oha keep open, unless `in_flight` asks for fewer."""
_BELOW_ERRORS = 400
_WRK_DONE = """
done = function(summary, latency, requests)
  local e = summary.errors
  io.write(string.format('\\nperfkit {"requests": %d, "duration": %d, "p50": %f, "p95": %f, "p99": %f, "max": %f, ' ..
    '"errors": {"connect": %d, "read": %d, "write": %d, "status": %d, "timeout": %d}}\\n',
    summary.requests, summary.duration, latency:percentile(50), latency:percentile(95), latency:percentile(99),
    latency.max, e.connect, e.read, e.write, e.status, e.timeout))
end
"""


def wrk(plan: Plan, seconds: float, folder: Path) -> tuple[Command, ...]:
    """wrk: connections that each wait for their answers. It takes whole seconds only."""
    http, pace = asked(plan)
    return (("wrk", "-c", str(pace.users), *_wrk_options(http, plan, seconds, folder)),)


def wrk2(plan: Plan, seconds: float, folder: Path) -> tuple[Command, ...]:
    """wrk2: the same at a constant rate, response times from when each request was due."""
    http, pace = asked(plan)
    rate = ("-R", f"{pace.rate:g}", "-c", str(min(_CONNECTIONS, pace.in_flight)))
    return (("wrk2", *rate, *_wrk_options(http, plan, seconds, folder)),)


def vegeta(plan: Plan, seconds: float, folder: Path) -> tuple[Command, ...]:
    """vegeta: attacks by a schedule, then reports; both through files."""
    http, pace = asked(plan)
    body, results = folder / "vegeta.body", folder / "vegeta.results"
    body.write_bytes(http.body.encode())
    target = folder / "vegeta.target"
    headers = "".join(f"{name}: {value}\n" for name, value in http.headers.items())
    target.write_text(f"{http.method} {http.url}\n{headers}" + (f"@{body}\n" if http.body else ""), encoding="utf-8")
    attack = (
        "vegeta", "attack", f"-targets={target}", f"-output={results}", f"-rate={round(pace.rate * 60)}/1m",
        f"-duration={seconds:g}s", f"-timeout={plan.timeout:g}s", f"-max-workers={pace.in_flight}", "-redirects=-1",
    )  # fmt: skip
    return attack, ("vegeta", "report", "-type=json", str(results))


def oha(plan: Plan, seconds: float, _: Path) -> tuple[Command, ...]:
    """oha: a constant rate over a fixed number of connections, corrected for when each request was due."""
    http, pace = asked(plan)
    headers = tuple(word for name, value in http.headers.items() for word in ("-H", f"{name}: {value}"))
    body = ("-d", http.body) if http.body else ()
    return ((
        "oha", "--no-tui", "--output-format", "json", "-q", f"{pace.rate:g}", "--latency-correction",
        "-c", str(min(_CONNECTIONS, pace.in_flight)), "-z", f"{round(seconds * 1000)}ms",
        "-t", f"{round(plan.timeout * 1000)}ms", "--redirect", "0", "-m", http.method, *headers, *body, http.url,
    ),)  # fmt: skip


def read_wrk(text: str) -> Told:
    """The line that our script for wrk and wrk2 prints; its times are µs. Raises ValueError without it."""
    told = json.loads(our_line(text))
    errors = {_WRK_ERRORS[name]: count for name, count in told["errors"].items() if count}
    return Told(
        requests=told["requests"] + told["errors"]["connect"] + told["errors"]["timeout"],
        answered=told["requests"] - told["errors"]["status"],
        duration=told["duration"] * _MICRO,
        p50=told["p50"] * _MICRO,
        p95=told["p95"] * _MICRO,
        p99=told["p99"] * _MICRO,
        longest=told["max"] * _MICRO,
        errors=errors,
    )


def read_vegeta(text: str) -> Told:
    """`vegeta report -type=json`; its times are ns. Statuses below 200 and from 400 are errors, 0 without an answer."""
    told = _object(text)
    latencies = told["latencies"]
    errors = {
        f"HTTP {status}" if status != "0" else "no answer": count
        for status, count in told["status_codes"].items()
        if not 200 <= int(status) < _BELOW_ERRORS
    }
    return Told(
        requests=told["requests"],
        answered=told["requests"] - sum(errors.values()),
        duration=(told["duration"] + told["wait"]) * _NANO,
        p50=latencies["50th"] * _NANO,
        p95=latencies["95th"] * _NANO,
        p99=latencies["99th"] * _NANO,
        longest=latencies["max"] * _NANO,
        errors=errors,
    )


def read_oha(text: str) -> Told:
    """`oha --output-format json`; its times are s. What it cut off at its end is no error."""
    told = _object(text)
    percentiles, statuses = told["latencyPercentiles"], told["statusCodeDistribution"]
    errors = {f"HTTP {status}": count for status, count in statuses.items() if int(status) >= _BELOW_ERRORS}
    failed = {name: count for name, count in told["errorDistribution"].items() if "deadline" not in name}
    requests = sum(statuses.values()) + sum(failed.values())
    return Told(
        requests=requests,
        answered=requests - sum(errors.values()) - sum(failed.values()),
        duration=told["summary"]["total"],
        p50=percentiles["p50"],
        p95=percentiles["p95"],
        p99=percentiles["p99"],
        longest=told["summary"]["slowest"],
        errors=errors | failed,
    )


_WRK_ERRORS = {
    "connect": "not connected",
    "read": "not read",
    "write": "not written",
    "status": "HTTP 400 and above",
    "timeout": "timeout",
}

TOOLS: dict[str, Tool] = {
    "wrk": Tool(wrk, read_wrk, "apt-get install wrk"),
    "wrk2": Tool(wrk2, read_wrk, "build it from github.com/giltene/wrk2 and put it on PATH as wrk2"),
    "vegeta": Tool(vegeta, read_vegeta, "go install github.com/tsenart/vegeta/v12@latest"),
    "oha": Tool(oha, read_oha, "cargo install oha"),
    "k6": Tool(k6, read_k6, "go install go.k6.io/k6@latest, or a package from grafana.com/docs/k6"),
}


def _wrk_options(http: Http, plan: Plan, seconds: float, folder: Path) -> Command:
    script = folder / "wrk.lua"
    headers = "".join(f"wrk.headers[{_lua(name)}] = {_lua(value)}\n" for name, value in http.headers.items())
    body = f"wrk.body = {_lua(http.body)}\n" if http.body else ""
    script.write_text(f"wrk.method = {_lua(http.method)}\n{headers}{body}{_WRK_DONE}", encoding="ascii")
    timeout = f"{math.ceil(plan.timeout)}s"
    return ("-t", "1", "-d", f"{math.ceil(seconds)}s", "--timeout", timeout, "-s", str(script), http.url)


def _lua(text: str) -> str:
    """A Lua string of any text, every byte by its number."""
    return '"' + "".join(f"\\{byte:03d}" for byte in text.encode()) + '"'


def _object(text: str) -> dict[str, Any]:
    told = json.loads(text)
    if not isinstance(told, dict):
        raise ValueError("it printed no result")  # noqa: TRY004 - damaged output is a value
    return told
