"""Latency and cost of a service under an open load: requests that leave at their times whatever the service does."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar

from perfkit.model.launch import Launcher, Measurement, Program
from perfkit.model.metric import Better, Kind, Metric, Resource, Scale
from perfkit.model.units import Duration
from perfkit.probes._load.settings import Arrivals, Http, Plan, Streams

_TIMEOUT = Duration("2 s")
_EXACT_READINGS = 100_000
_LEAST = {"response_p50": 20, "response_p95": 200, "response_p99": 1000, "stream_gap_p99": 1000}
"""10 / (1 - p) readings: with fewer in a launch, a quantile is too coarse to be tested."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """Requests at `rate` a second, WebSocket listeners, or both, for `duration` after `warmup`.

    `service` is started for each launch and its CPU and memory are read; without it, what already listens at the URL
    is measured. `prepare` runs once when it is ready, in its folder and environment. Each launch sends equally many
    requests; a percentile is reported where there are at least 10 / (1 - p) of them. `request_timeout` bounds each
    request and the connecting of each stream (`timeout` is the whole launch's, as in every scenario).
    """

    kind: ClassVar[str] = "load"

    url: str = ""
    method: str = "GET"
    headers: Mapping[str, str] = field(default_factory=dict)
    body: str = ""
    expect: tuple[int, ...] = (200,)
    rate: float = 0.0
    arrivals: Arrivals = "fixed"
    duration: Duration
    warmup: Duration | None = None
    request_timeout: Duration = _TIMEOUT
    in_flight: int = 1000
    service: Program | None = None
    prepare: tuple[str, ...] = ()
    streams: Streams | None = None
    pin: bool = True

    def __post_init__(self) -> None:
        if not self.url and self.streams is None:
            raise ValueError("a load needs `url` and `rate`, or `streams`, or both")
        if self.url:
            self._check_requests()
        elif self.rate:
            raise ValueError("`rate` without `url`: of what?")
        if self.service is not None and self.service.ready.at_exit:
            raise ValueError("service.ready is missing: say when the service can be asked, such as { tcp = 8000 }")

    def _check_requests(self) -> None:
        if not self.url.startswith(("http://", "https://")):
            raise ValueError(f"url {self.url!r} must begin with http:// or https://")
        if not self.rate > 0:
            raise ValueError(f"rate must be positive (requests a second), not {self.rate:g}")
        if self.in_flight < 1:
            raise ValueError(f"in_flight must be at least 1, not {self.in_flight}")
        if self._requests < _LEAST["response_p50"]:
            raise ValueError(
                f"{self._requests} requests ({self.rate:g}/s for {self.duration:g} s) are too few for a median; "
                f"it takes {_LEAST['response_p50']}"
            )

    @property
    def _requests(self) -> int:
        return round(self.rate * self.duration)

    def _readings(self, name: str) -> int:
        """How many values a launch gives to the percentile `name`."""
        if not name.startswith("stream"):
            return self._requests
        return round(self.streams.count * self.streams.rate * self.duration) if self.streams else 0

    @property
    def metrics(self) -> tuple[Metric, ...]:
        """Those that this load can yield: percentiles only where it has the readings for them."""
        found: list[Metric] = []
        if self.service is not None:
            found += _SERVICE_METRICS if self.url else [m for m in _SERVICE_METRICS if m.name != "cpu_per_request"]
        if self.url:
            found += [*_percentiles(self._requests), *_REQUEST_METRICS]
        if self.streams is not None:
            found += [m for m in _STREAM_METRICS if self._readings(m.name) >= _LEAST.get(m.name, 0)]
            found += [_LOST] if self.streams.sequence else []
        return tuple(found)

    def why_missing(self, name: str) -> str:
        """Why there is no metric `name`: too few readings for a percentile, or nothing that it is of."""
        if name in _LEAST and self._readings(name):
            of = "messages" if name.startswith("stream") else "requests"
            needs = f"it needs {_LEAST[name]} {of} a launch, and these settings give {self._readings(name)}"
            return f"{needs}: raise `rate` or `duration`"
        for key, metrics in (
            ("service", _SERVICE_METRICS),
            ("url", (*_percentiles(max(_LEAST.values())), *_REQUEST_METRICS, *_SERVICE_METRICS)),
            ("streams", _STREAM_METRICS),
            ("streams.sequence", (_LOST,)),
        ):
            if not self._has(key) and name in {metric.name for metric in metrics}:
                return f"only a load with `{key}` has it"
        return ""

    def _has(self, key: str) -> bool:
        if key == "streams.sequence":
            return self.streams is not None and bool(self.streams.sequence)
        return bool(getattr(self, key))

    def measure(self, launcher: Launcher) -> Measurement:
        """One launch. Raises Failed, TimedOut, or Invalid where the numbers would describe the generator."""
        from perfkit.probes._load.measure import measure

        measured = measure(self._plan(launcher.seed), self.service, self._prepare, self.pin, launcher)
        values = {metric.name: measured.values[metric.name] for metric in self.metrics}
        return Measurement(
            values, measured.details, run_delay=measured.run_delay, caveats=(*self._left_out(), *measured.caveats)
        )

    def _plan(self, seed: int) -> Plan:
        http = None
        if self.url:
            http = Http(
                self.url, self.method, self.headers, self.body, self.expect, self.rate, self.arrivals, self.in_flight
            )
        return Plan(http, self.streams, self.warmup or 0.0, self.duration, self.request_timeout, seed)

    @property
    def _prepare(self) -> Program | None:
        if not self.prepare:
            return None
        if self.service is None:
            return Program(self.prepare)
        return Program(self.prepare, self.service.cwd, self.service.env, self.service.env_pass)

    def _left_out(self) -> tuple[str, ...]:
        if not self.url:
            return ()
        few = [name for name, least in _LEAST.items() if name.startswith("response") and self._requests < least]
        return tuple(f"no {name}: {self._requests} requests, needs {_LEAST[name]}" for name in few)


def _percentiles(requests: int) -> tuple[Metric, ...]:
    method = "Harrell-Davis" if requests <= _EXACT_READINGS else "HdrHistogram"
    return tuple(
        Metric(
            name, "s", resource=Resource.WALL, method=method,
            description=f"{name.removeprefix('response_')} from the time a request was due to its answer",
        )
        for name, least in _LEAST.items()
        if name.startswith("response") and requests >= least
    )  # fmt: skip


def _count(name: str, description: str) -> Metric:
    return Metric(name, "1", scale=Scale.DIFFERENCE, kind=Kind.COUNT, description=description)


_SERVICE_METRICS = (
    Metric("cpu", "cores", resource=Resource.CPU, description="CPU of the service's processes during the window"),
    Metric("cpu_per_request", "s", resource=Resource.CPU, description="the same by request of the window"),
    Metric("cpu_time", "s", resource=Resource.CPU, description="CPU time of the service's whole life"),
    Metric("peak_memory", "B", resource=Resource.MEMORY, method="maxrss", description="peak RSS of the service's life"),
)
_REQUEST_METRICS = (
    Metric("response_max", "s", resource=Resource.WALL, description="the slowest response"),
    Metric("throughput", "1/s", Better.HIGHER, resource=Resource.WALL, description="expected answers a second"),
    _count("errors", "requests that failed, timed out or had another status"),
    _count("dropped", "requests not sent, for too many were in flight"),
    Metric("send_lag_p99", "s", resource=Resource.WALL, description="how late the generator sent"),
)
_STREAM_METRICS = (
    Metric("stream_gap_p99", "s", resource=Resource.WALL, description="p99 of the gaps between a stream's messages"),
    Metric("first_message", "s", resource=Resource.WALL, description="from connecting to the first message, slowest"),
    Metric("delivered", "1", Better.HIGHER, description="share of the expected messages that came"),
    _count("disconnects", "streams refused or closed by the service"),
)
_LOST = _count("lost", "messages missing in the streams' numbering")
