"""One launch of a load: start the service, let an engine load it, stop it, and judge whether the numbers may stand."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from perfkit.instruments.affinity import pinned, split_cores
from perfkit.instruments.priority import preferred
from perfkit.model.detail import Facts
from perfkit.model.errors import Failed, Invalid, TimedOut
from perfkit.model.launch import AT_FLOOR, Exit, Launcher, Measurement, Program, Target, Usage
from perfkit.model.metric import Metric
from perfkit.model.units import format_quantity
from perfkit.probes._load.engines import engine
from perfkit.probes._load.last_words import last_words
from perfkit.probes._load.network import Network
from perfkit.probes._load.network_routes import Route, route
from perfkit.probes._load.report import Report, Site
from perfkit.probes._load.settings import Plan


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """A load to be done: by which engine, on what service of ours, prepared how, over what network.

    `pin` keeps both on own cores. Of `metrics`, response times are defined anew where a network is imitated.
    """

    plan: Plan
    engine: str
    service: Program | None
    prepare: Program | None
    pin: bool
    network: Network | None = None
    metrics: tuple[Metric, ...] = ()


@dataclass(frozen=True, slots=True)
class Loaded:
    """What the engine saw, where it and the service ran, how the service ended, and on what way it was reached.

    `exit` is None where it is not ours.
    """

    report: Report
    pinning: str
    exit: Exit | None = None
    way: Route | None = None


def measure(job: Job, launcher: Launcher) -> Measurement:
    """One launch; its values hold every metric that could be read, by name.

    Raises Failed where the service does not serve, TimedOut where the launch has too little time left, Invalid where
    the numbers would describe the generator.
    """
    loaded = load(job, launcher)
    objections = loaded.report.objections
    if objections:
        raise Invalid("; ".join(objection.why for objection in objections), hint=objections[0].hint)
    return _drawn_up(job, loaded)


def load(job: Job, launcher: Launcher) -> Loaded:
    """Start the service, load it and stop it.

    Raises Failed where it ends before, and TimedOut where the launch has too little time left.
    """
    if launcher.remaining < job.plan.longest:
        left, needed = (format_quantity(seconds, "s") for seconds in (launcher.remaining, job.plan.longest))
        raise TimedOut(f"the load takes up to {needed} and {left} of the launch's time is left", hint="raise `timeout`")
    with route(job.plan, job.network, job.service, launcher) as way:
        if job.service is not None:
            return _load_ours(job, job.service, way, launcher)
        if job.prepare is not None:
            launcher.run(job.prepare)
        with way.travelled():
            report = engine(job.engine)(way.plan, Site(launcher))
        way.check()
        return Loaded(report, "none: the service is not ours", way=way)


def _load_ours(job: Job, service: Program, way: Route, launcher: Launcher) -> Loaded:
    target = way.started(service, launcher)
    if job.prepare is not None:
        launcher.run(way.of(job.prepare, launcher))
    cores = split_cores() if job.pin else None
    with pinned(cores, target.pid), preferred() as priority, way.travelled():
        report = _run_or_say_why(job, way.plan, Site(launcher, target.pid, cores, way.prefix), target)
    exited = target.stop()
    if report.service_ended or not exited.stopped:
        raise _died(exited)
    way.check()
    pinning = str(cores) if cores else "none: switched off" if not job.pin else "none: fewer than two cores"
    return Loaded(report, f"{pinning}; {priority}", exited, way)


def _run_or_say_why(job: Job, plan: Plan, site: Site, target: Target) -> Report:
    try:
        return engine(job.engine)(plan, site)
    except Failed as error:
        exited = target.stop()
        if exited.stopped:
            raise
        raise _died(exited) from error


def _died(exited: Exit) -> Failed:
    how = f"signal {-exited.code}" if exited.code < 0 else f"exit code {exited.code}"
    said, tail = last_words(exited.stderr)
    return Failed(
        f"the service ended during the load ({how}){f': {said}' if said else ''}{tail}",
        hint="its last words stand above" if said else "it said nothing on stderr: run it by hand under the same load",
    )


def _drawn_up(job: Job, loaded: Loaded) -> Measurement:
    report = loaded.report
    network = (("network", loaded.way.described),) if loaded.way and loaded.way.described else ()
    rows = (("engine", job.engine), ("pinning", loaded.pinning), *network, *report.rows)
    values = {**report.values, **_service_values(loaded)}
    caveats = (*report.caveats, *(_memory_caveats(loaded.exit.usage) if loaded.exit else ()))
    waited = None if report.cpu is None else report.cpu.run_delay
    metrics = [metric for metric in job.metrics if metric.name in values]
    details = (Facts("load", rows), *report.details)
    return Measurement(values, details, _over(loaded.way, metrics), run_delay=waited, caveats=caveats)


def _over(way: Route | None, metrics: Iterable[Metric]) -> tuple[Metric, ...]:
    """Response times over an imitated network: never compared with those over another imitation of it."""
    if way is None or not way.method:
        return ()
    times = [metric for metric in metrics if metric.name.startswith("response")]
    return tuple(replace(each, method=", ".join(filter(None, (each.method, way.method)))) for each in times)


def _service_values(loaded: Loaded) -> Mapping[str, float]:
    cpu = loaded.report.cpu
    if loaded.exit is None or cpu is None:
        return {}
    usage = loaded.exit.usage
    values = {"cpu": cpu.cores, "cpu_time": usage.cpu_time, "peak_memory": float(usage.peak_memory)}
    return values | ({"cpu_per_request": cpu.used / loaded.report.requests} if loaded.report.requests else {})


def _memory_caveats(usage: Usage) -> list[str]:
    several = [] if usage.alone else ["peak memory of the largest process"]
    return several + ([AT_FLOOR] if usage.peak_memory <= usage.floor else [])
