"""Latency and cost of a service under an open load: requests that leave at their times whatever the service does."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any, ClassVar

from perfkit.model.launch import Launcher, Measurement, Program
from perfkit.model.metric import Metric
from perfkit.model.units import Duration, format_plain
from perfkit.probes._load import metrics as known
from perfkit.probes._load.grades import TOOLS, Grade
from perfkit.probes._load.locust_settings import AROUND, LocustSettings
from perfkit.probes._load.network import Network
from perfkit.probes._load.pace import Arrivals, Pace
from perfkit.probes._load.settings import LEAST_READINGS, Call, Capacity, Engine, Http, Plan, Streams

_TIMEOUT = Duration("2 s")


@dataclass(frozen=True, slots=True, kw_only=True)
class Load(LocustSettings):
    """Requests at `rate` a second, WebSocket listeners, or both, for `duration` after `warmup`.

    `service` is started for each launch and its CPU and memory are read; without it, what already listens at the URL
    is measured. `prepare` runs once when it is ready, in its folder and environment. Each launch sends equally many
    requests; a percentile is reported where there are at least 10 / (1 - p) of them. `request_timeout` bounds each
    request and the connecting of each stream (`timeout` is the whole launch's, as in every scenario).

    `arrivals` are `fixed` (at equal distances), `poisson`, a `ramp` from `rate` to `rate_end`, or `steps` of
    (rate, seconds), which replace `rate` and `duration`. `closed` is a loop of `users` who wait for each answer and
    then `think`: it shows the throughput of so many clients, but its response times miss what a stall costs, so they
    may have no budget.

    `call` names an async function, `path/to/file.py:function`, that is called with `arguments` in place of a request,
    in the measured side's interpreter; an async generator sets up once and yields what is called. With `capacity` the
    rate is raised until the p99 leaves its limit, and the highest that is sustained is the only metric. `engine` is
    who sends: perfkit's own, or `wrk` (closed), `wrk2`, `vegeta`, `oha` or `k6`, where they are installed.

    With engine `locust` that are `workers` processes of this machine and `expect_workers` from others (`perfkit
    load-worker`), whose master listens at `bind`. A `locustfile` is run as it is, with `users` started at `spawn_rate`
    a second: a closed loop. `network` puts a slow link between the generator and the service.
    """

    kind: ClassVar[str] = "load"

    url: str = ""
    method: str = "GET"
    headers: Mapping[str, str] = field(default_factory=dict)
    body: str = ""
    expect: tuple[int, ...] = (200,)
    call: str = ""
    arguments: Mapping[str, Any] = field(default_factory=dict)
    engine: Engine = "asyncio"
    rate: float = 0.0
    arrivals: Arrivals = "fixed"
    rate_end: float = 0.0
    steps: tuple[tuple[float, Duration], ...] = ()
    users: int = 0
    think: Duration | None = None
    duration: Duration | None = None
    warmup: Duration | None = None
    request_timeout: Duration = _TIMEOUT
    in_flight: int = 1000
    service: Program | None = None
    prepare: tuple[str, ...] = ()
    streams: Streams | None = None
    network: Network | None = None
    capacity: Capacity | None = None
    pin: bool = True

    def __post_init__(self) -> None:
        if not (self.url or self.call or self.locustfile) and self.streams is None:
            raise ValueError("a load needs `url` and `rate`, or `streams`, or both")
        if self.arguments and not self.call:
            raise ValueError("`arguments` without `call`: of what?")
        if not self.expect:
            raise ValueError("`expect` is empty, so no answer would be right: give statuses, such as expect = [200]")
        self._check_window()
        self.crew(self.users)
        self.check_locust(self.engine, self.window, self._given)
        if (self.url or self.call) and not self.locustfile:
            self._check_requests()
        for key in ("rate", "rate_end", "steps", "users", "think", "capacity"):
            if getattr(self, key) and not (self.url or self.call or self.locustfile):
                raise ValueError(f"`{key}` without `url`: of what?")
        if self.engine in TOOLS:
            self._check_tool()
        if self.network is not None and not self.url and self.streams is None:
            raise ValueError("`network` without `url` or `streams`: on the way to what?")
        if self.network is not None and 4 * self.network.delay >= self.request_timeout:
            raise ValueError("network.latency is so long that no answer can come within `request_timeout`")
        if self.service is not None and self.service.ready.at_exit:
            raise ValueError("service.ready is missing: say when the service can be asked, such as { tcp = 8000 }")

    def _check_window(self) -> None:
        if self.capacity is not None:
            for key in ("rate", "duration", "streams"):
                if getattr(self, key):
                    raise ValueError(f"`{key}` is nothing that a load with `capacity` has: its steps have their own")
            if self.arrivals not in {"fixed", "poisson"} or self.engine != "asyncio" or self.call:
                raise ValueError("`capacity` is of a `url` with fixed or poisson arrivals by the engine asyncio")
        elif self.steps and self.duration is not None:
            raise ValueError("`steps` tell their seconds themselves: leave out `duration`")
        elif not self.steps and self.duration is None:
            raise ValueError("`duration` is missing: how long to measure, such as '10 s'")

    def _check_requests(self) -> None:
        if self.call:
            file, _, function = self.call.rpartition(":")
            if self.url or not (file.endswith(".py") and function.isidentifier()):
                raise ValueError(f"call = {self.call!r} must be 'path/to/file.py:function', and goes without `url`")
            if self.closed or self.streams is not None:
                raise ValueError("`call` goes with arrivals that are due at a time, and without `streams`")
        elif not self.url.startswith(("http://", "https://")):
            raise ValueError(f"url {self.url!r} must begin with http:// or https://")
        for name, value in self.headers.items():
            if any(mark in name + value for mark in "\r\n"):
                raise ValueError(f"header {name!r} holds a line break")
        requests, least = self.readings("response"), LEAST_READINGS["response_p50"]
        if not (self.closed or self.capacity) and requests < least:
            raise ValueError(
                f"{requests} requests ({self.rate:g}/s for {self.window:g} s) are too few for a median; "
                f"it takes {least}"
            )

    def _check_tool(self) -> None:
        wanted = "closed" if TOOLS[self.engine] is Grade.NONE else "fixed"
        if self.arrivals != wanted or self.think is not None:
            raise ValueError(f"engine = {self.engine!r} has arrivals = {wanted!r} only, and no `think`")
        if self.call or self.streams is not None or self.expect != (200,):
            raise ValueError(f"engine = {self.engine!r} knows no `call`, `streams` or `expect`")
        if self.engine in {"wrk", "wrk2"} and any(part % 1 for part in (self.window, self.warmup or 0.0)):
            raise ValueError(f"engine = {self.engine!r} takes whole seconds only for `duration` and `warmup`")
        if self.engine == "k6" and any(0 < part < 1 for part in (self.window, self.warmup or 0.0)):
            raise ValueError("engine = 'k6' takes no less than 1 s for `duration` and `warmup`")

    @property
    def window(self) -> float:
        """How long is measured, s."""
        return sum(seconds for _, seconds in self.steps) if self.steps else self.duration or 0.0

    @property
    def least_time(self) -> float:
        """What a launch needs at the least, s; a search for the capacity tells that only as it goes on."""
        if self.capacity is not None:
            return self.warmup or 0.0
        around = AROUND if self.engine == "locust" and not self.locustfile else 0.0
        return self.plan(0).longest + around

    @property
    def pace(self) -> Pace | None:
        """When requests leave; None without requests. Raises ValueError for settings that do not fit each other."""
        if not (self.url or self.call or self.locustfile):
            return None
        return Pace(
            arrivals="closed" if self.locustfile else self.arrivals,
            in_flight=self.in_flight,
            rate=self.capacity.start if self.capacity else self.rate,
            rate_end=self.rate_end,
            steps=tuple((rate, float(seconds)) for rate, seconds in self.steps),
            users=self.users,
            think=self.think or 0.0,
        )

    @property
    def closed(self) -> bool:
        """Whether the service's own answers set the pace."""
        return self.arrivals == "closed" or bool(self.locustfile)

    @property
    def _given(self) -> dict[str, object]:
        return {field.name: getattr(self, field.name) for field in fields(self)}

    def readings(self, name: str) -> int:
        """How many values a launch gives to the percentile `name`; 0 where that depends on the service."""
        if name.startswith("stream"):
            return round(self.streams.count * self.streams.rate * self.window) if self.streams else 0
        return self.pace.requests_in(self.window) if self.pace else 0

    @property
    def metrics(self) -> tuple[Metric, ...]:
        """Those that this load can yield: percentiles only where it has the readings for them."""
        if self.capacity is not None:
            return (known.capacity(f"p99 within {format_plain(self.capacity.within, 's')}"),)
        found: list[Metric] = []
        if self.service is not None:
            found += known.SERVICE if self.pace else [m for m in known.SERVICE if m.name != "cpu_per_request"]
        if self.pace and (self.closed or self.engine in TOOLS):
            found += [*known.percentiles(self._own_method, self.readings("response") or None), *known.REQUESTS]
        elif self.pace:
            requests = self.readings("response")
            found += [*known.percentiles(known.method_of(requests), requests), *known.REQUESTS, *known.SCHEDULED]
        if self.streams is not None:
            found += [m for m in known.STREAMS if self.readings(m.name) >= LEAST_READINGS.get(m.name, 0)]
            found += [known.LOST] if self.streams.sequence else []
        return tuple(found)

    @property
    def _own_method(self) -> str:
        """How a generator that does not count from when requests were due reads its percentiles."""
        if self.engine in TOOLS:
            return self.engine
        return "Locust's own, closed loop" if self.locustfile else "closed loop"

    def why_missing(self, name: str) -> str:
        """Why there is no metric `name`: too few readings for a percentile, or nothing that it is of."""
        if self.capacity is not None:
            return "a load with `capacity` has that one metric; measure others at a `rate` below it"
        if name in LEAST_READINGS and self.readings(name):
            of = "messages" if name.startswith("stream") else "requests"
            needs = f"it needs {LEAST_READINGS[name]} {of} a launch, and these settings give {self.readings(name)}"
            return f"{needs}: raise `rate` or `duration`"
        if (self.closed or self.engine in TOOLS) and name in {metric.name for metric in known.SCHEDULED}:
            return "only the engine asyncio with arrivals that are due at a time has it"
        for key, metrics in (
            ("service", known.SERVICE),
            ("url", (*known.percentiles(""), *known.REQUESTS, *known.SCHEDULED, *known.SERVICE)),
            ("streams", known.STREAMS),
            ("streams.sequence", (known.LOST,)),
        ):
            if not self._has(key) and name in {metric.name for metric in metrics}:
                return f"only a load with `{key}` has it"
        return ""

    def why_no_budget(self, name: str) -> str:
        """Why the metric `name` may not be judged: in a closed loop a stall delays a user's next request with it."""
        if self.closed and name.startswith("response"):
            return (
                "response times of a closed loop hide every stall (coordinated omission) and may not gate; "
                "judge them with `rate` and open arrivals, such as arrivals = 'fixed'"
            )
        return ""

    def _has(self, key: str) -> bool:
        if key == "streams.sequence":
            return self.streams is not None and bool(self.streams.sequence)
        return bool(self.pace) if key == "url" else bool(getattr(self, key))

    def measure(self, launcher: Launcher) -> Measurement:
        """One launch. Raises Failed, TimedOut, or Invalid where the numbers would describe the generator."""
        from perfkit.probes._load.measure import Job, measure

        job = Job(
            plan=self.plan(launcher.seed),
            engine="visits" if self.call else "locustfile" if self.locustfile else self.engine,
            service=self.service,
            prepare=self._prepare,
            pin=self.pin,
            network=self.network,
            metrics=self.metrics,
        )
        if self.capacity is not None:
            from perfkit.probes._load.capacity import measure_capacity

            return measure_capacity(job, self.capacity, launcher)
        measured = measure(job, launcher)
        names = {metric.name for metric in self.metrics}
        values = {name: value for name, value in measured.values.items() if name in names}
        return replace(measured, values=values, caveats=(*self._left_out(), *measured.caveats))

    def plan(self, seed: int) -> Plan:
        """The load as an engine takes it, for this probe or another that only wants its program driven."""
        http = Http(self.url, self.method, self.headers, self.body, self.expect) if self.url else None
        call = Call(self.call, self.arguments) if self.call else None
        return Plan(
            http, self.pace, self.streams, self.warmup or 0.0, self.window, self.request_timeout, seed, call,
            self.crew(self.users),
        )  # fmt: skip

    @property
    def _prepare(self) -> Program | None:
        if not self.prepare:
            return None
        if self.service is None:
            return Program(self.prepare)
        return Program(self.prepare, self.service.cwd, self.service.env, self.service.env_pass)

    def _left_out(self) -> tuple[str, ...]:
        requests = self.readings("response")
        few = [name for name, least in LEAST_READINGS.items() if name.startswith("response") and requests < least]
        return tuple(f"no {name}: {requests} requests, needs {LEAST_READINGS[name]}" for name in few if requests)
