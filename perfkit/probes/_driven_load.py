"""Requests of the load engine that drive a program measured for something else than its latency."""

from perfkit.model.errors import Failed
from perfkit.model.launch import Launcher, Program, Target
from perfkit.probes._load.engines import engine
from perfkit.probes._load.report import Site
from perfkit.probes.load import Load


def send(load: Load, launcher: Launcher, target: Target) -> tuple[int, tuple[str, ...]]:
    """Send them all, to a program of ours; how many there were, and caveats, what would void a latency among them.

    Raises Failed where no request succeeds or the program ends meanwhile.
    """
    if load.prepare:
        launcher.run(Program(load.prepare))
    plan = load.plan(launcher.seed)
    report = engine(load.engine)(plan, Site(launcher, target.pid))
    if report.service_ended:
        raise Failed("it ended while requests were sent", hint="run it by hand under the same load")
    asked = round(report.requests * (1 + plan.warmup / plan.duration))  # a report counts those after its warm-up
    return asked, (*report.caveats, *(each.why for each in report.objections))
