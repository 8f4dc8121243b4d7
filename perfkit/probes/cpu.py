"""Probe `cpu`: what a program's threads take of a core, and how long they wait for one."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar

from perfkit.model.launch import Launcher, Measurement, Program, Ready
from perfkit.model.metric import Metric, Resource, Scale
from perfkit.model.units import Duration
from perfkit.probes._driven import Course, check_course, check_work
from perfkit.probes._requires import check_requirements
from perfkit.probes.load import Load

_GRACE = Duration("5 s")
_NAME = re.compile(r"[a-z][a-z0-9_]*")


@dataclass(frozen=True, slots=True, kw_only=True)
class Cpu:
    """A command whose threads are read 10 times a second while it works.

    Once `ready`, the command `drive` exercises it and must succeed, or `load` sends requests (a table as of the probe
    `load`, without `service`); then it stays for `hold` and is ended, SIGKILL after `grace`. With `hold` alone it stays
    for that long from exec. With none of them it ends by itself. What lies before `ready` does not count, but in
    `cpu_time` and `switches`, which are of the whole life.

    `threads` names groups by regular expressions that are searched in the threads' names (as set by
    pthread_setname_np(3)); the first that is found takes the thread. `work` counts what is done, for `cpu_per_unit`: a
    number, or a regular expression with one group that reads it from what is printed. Where something drives the
    program it is the driver that prints, and the CPU is that of the driven time; else the program and its whole life.

    `requires` names programs on PATH, or files, and what to do where they are missing; the scenario is then skipped.
    """

    kind: ClassVar[str] = "cpu"

    command: tuple[str, ...]
    cwd: str = ""
    env: Mapping[str, str] = field(default_factory=dict)
    env_pass: tuple[str, ...] = ()
    ready: Ready = field(default_factory=Ready)
    drive: tuple[str, ...] = ()
    load: Load | None = None
    hold: Duration | None = None
    threads: Mapping[str, str] = field(default_factory=dict)
    work: float | str | None = None
    exit_codes: tuple[int, ...] = (0,)
    grace: Duration = _GRACE
    requires: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        check_course(self.command, self.ready, self.drive, self.load)
        check_work(self.work, "work")
        course = self._course
        if not (course.driven or course.ends_by_itself or self.hold is not None):
            raise ValueError("ready needs `drive`, `load` or `hold`: how long it works from then on")
        for name, expression in self.threads.items():
            if not _NAME.fullmatch(name):
                raise ValueError(f"threads.{name}: the name becomes a metric's; take a-z, 0-9 and _")
            try:
                re.compile(expression)
            except re.error as error:
                raise ValueError(f"threads.{name} {expression!r} is not a regular expression: {error}") from None

    @property
    def metrics(self) -> tuple[Metric, ...]:
        """Those of the whole tree, and of each group of threads."""
        per_unit = () if self.work is None else (_PER_UNIT,)
        return (*_WHOLE, *per_unit, *(metric for name in self.threads for metric in _of_group(name)))

    def why_missing(self, name: str) -> str:
        """Which setting brings the metric `name`."""
        if name == _PER_UNIT.name:
            return "it takes `work`"
        named = re.fullmatch(r"(\w+?)_(?:cpu(?:_p50|_p95)?|run_delay(?:_p99)?)", name)
        return f"it takes a group of threads, threads.{named[1]} = 'expression'" if named else ""

    def measure(self, launcher: Launcher) -> Measurement:
        """Run it once. Raises Failed where a command fails or a group has no thread, Skipped where not on Linux."""
        check_requirements(self.requires, launcher.root)
        from perfkit.probes._cpu.measure import measure

        return measure(self._course, launcher, self.threads, self.work)

    @property
    def _course(self) -> Course:
        program = Program(self.command, self.cwd, self.env, self.env_pass, self.ready, self.exit_codes)
        return Course(program, self.drive, self.load, self.hold, self.grace)


def _cores(name: str, description: str, scale: Scale = Scale.RATIO) -> Metric:
    return Metric(name, "cores", scale=scale, resource=Resource.CPU, description=description)


def _waiting(name: str, description: str) -> Metric:
    return Metric(name, "s", scale=Scale.DIFFERENCE, resource=Resource.WALL, description=description)


def _of_group(name: str) -> tuple[Metric, ...]:
    of = f"of the threads `{name}`"
    return (
        _cores(f"{name}_cpu", f"CPU {of}"),
        _cores(f"{name}_cpu_p50", f"median over tenths of a second of the CPU {of}", Scale.DIFFERENCE),
        _cores(f"{name}_cpu_p95", f"p95 over tenths of a second of the CPU {of}", Scale.DIFFERENCE),
        _waiting(f"{name}_run_delay", f"wait {of} for a core"),
        _waiting(f"{name}_run_delay_p99", f"wait for a core until a run {of}: p99 of the means of tenths of a second"),
    )


_WHOLE = (
    _cores("cpu", "CPU of the whole tree while it works"),
    _cores("cpu_p50", "median over tenths of a second", Scale.DIFFERENCE),
    _cores("cpu_p95", "p95 over tenths of a second", Scale.DIFFERENCE),
    Metric("cpu_time", "s", resource=Resource.CPU, description="CPU time of the whole tree, from exec to the end"),
    _waiting("run_delay", "wait of all threads for a core, summed"),
    Metric(
        "switches", "1", scale=Scale.DIFFERENCE, resource=Resource.CPU, description="context switches of the whole life"
    ),
)
_PER_UNIT = Metric("cpu_per_unit", "s", resource=Resource.CPU, description="CPU time by unit of `work`")
