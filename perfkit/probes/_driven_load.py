"""Requests of the load engine that drive a program measured for something else than its latency."""

from dataclasses import dataclass

from perfkit.model.errors import Failed
from perfkit.model.launch import Launcher, Program, Target
from perfkit.probes._load.engines import engine
from perfkit.probes._load.report import Site
from perfkit.probes.load import Load


@dataclass(frozen=True, slots=True)
class Sent:
    """How many requests were sent, in how many s, and caveats, what would void a latency among them."""

    requests: int
    seconds: float
    caveats: tuple[str, ...]


def load_engine(load: Load) -> None:
    """Import what will send, so that this is no part of the driven time."""
    engine(load.engine)


def send(load: Load, launcher: Launcher, target: Target) -> Sent:
    """Send them all, to a program of ours. Raises Failed where no request succeeds or the program ends meanwhile."""
    if load.prepare:
        launcher.run(Program(load.prepare))
    plan = load.plan(launcher.seed)
    report = engine(load.engine)(plan, Site(launcher, target.pid))
    if report.service_ended:
        raise Failed("it ended while requests were sent", hint="run it by hand under the same load")
    seconds = plan.warmup + plan.duration
    asked = round(report.requests * seconds / plan.duration)  # a report counts those after its warm-up
    return Sent(asked, seconds, (*report.caveats, *(each.why for each in report.objections)))
