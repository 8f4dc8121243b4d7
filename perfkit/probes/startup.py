"""Probe `startup`: from exec to ready."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar, Literal

from perfkit.model.launch import Launcher, Measurement, Program, Ready, Stage
from perfkit.model.metric import Kind, Metric, Resource, Scale
from perfkit.model.units import Duration
from perfkit.probes._requires import check_requirements

_GRACE = Duration("5 s")
_READY = Metric("ready_time", "s", resource=Resource.WALL, description="from exec to ready")
_CONSUMED = (
    Metric("cpu_time", "s", resource=Resource.CPU, description="CPU time of the whole tree until ready"),
    Metric(
        "run_delay", "s", scale=Scale.DIFFERENCE, resource=Resource.WALL,
        description="the main thread's wait for a core until ready",
    ),
    Metric(
        "peak_memory", "B", resource=Resource.MEMORY, method="maxrss", description="peak RSS of the largest process"
    ),
    Metric("minor_faults", "1", resource=Resource.MEMORY, description="pages mapped without I/O until ready"),
)  # fmt: skip
_INSTRUCTIONS = Metric(
    "instructions", "1", kind=Kind.DETERMINISTIC, description="instructions of the whole tree in user mode"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Startup:
    """A command, and when it is ready; without `ready` it is when it ends.

    `ready` may be a list of stages, each with a `name`: all are watched at the same time, each gives the metric
    `<name>_time`, and it is ready with the last of them. A program that does not end by itself is ended once ready:
    SIGTERM, and SIGKILL after `grace`.

    `cache` cold drops its files from the page cache before each launch: those that it maps, its own command, the code
    of a Python, and what the globs `cache_files` find from the side's root. A launch that then reads nothing from a
    disk is invalid.

    `instructions` counts them in a further start of each launch, to its end or, of a program that stays, until it was
    ended once ready and at rest: by `perf` where the processor's counters can be read, else by `valgrind`, to the
    digit; one of these names takes that one. `importtime` shows what the imports of a Python cost, in a further start
    as well.

    `env` sets variables, `env_pass` lets through those of perfkit's own environment. `requires` names programs on PATH,
    or files, and what to do where they are missing; the scenario is then skipped.
    """

    kind: ClassVar[str] = "startup"

    command: tuple[str, ...]
    cwd: str = ""
    env: Mapping[str, str] = field(default_factory=dict)
    env_pass: tuple[str, ...] = ()
    ready: Ready | tuple[Stage, ...] = field(default_factory=Ready)
    exit_codes: tuple[int, ...] = (0,)
    grace: Duration = _GRACE
    cache: Literal["warm", "cold"] = "warm"
    cache_files: tuple[str, ...] = ()
    instructions: bool | Literal["perf", "valgrind"] = False
    importtime: bool = False
    requires: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not self.command:
            raise ValueError("command is empty; give the program and its arguments as a list")
        if self.cache_files and self.cache == "warm":
            raise ValueError('cache_files is for cache = "cold"; a warm start drops no file')
        if isinstance(self.ready, Stage):
            raise TypeError("ready: stages are given as a list")
        if isinstance(self.ready, tuple):
            _check_stages(self.ready)

    @property
    def metrics(self) -> tuple[Metric, ...]:
        """From exec to ready; the peak is of the whole life, because shutting down rarely needs more."""
        counted = (_INSTRUCTIONS,) if self.instructions else ()
        return (_READY, *map(_stage_metric, self._stages), *_CONSUMED, *counted)

    def why_missing(self, name: str) -> str:
        """Why there is no metric `name`: it was not asked for."""
        return "only with `instructions = true` are they counted" if name == _INSTRUCTIONS.name else ""

    def measure(self, launcher: Launcher) -> Measurement:
        """One launch.

        Raises Failed if it ends before it is ready, TimedOut if it never is, Invalid where a cold start was not cold,
        Skipped where instructions cannot be counted.
        """
        check_requirements(self.requires, launcher.root)
        from perfkit.probes._startup.measure import Asked, measure
        from perfkit.probes._startup.start import Start

        ready = self.ready if isinstance(self.ready, Ready) else Ready()
        program = Program(self.command, self.cwd, self.env, self.env_pass, ready, self.exit_codes)
        start = Start(self.command[0], program, self._stages, float(self.grace))
        asked = Asked(self.cache == "cold", self.cache_files, self.instructions, self.importtime, _INSTRUCTIONS)
        return measure(start, asked, launcher)

    @property
    def _stages(self) -> tuple[Stage, ...]:
        return () if isinstance(self.ready, Ready) else self.ready


def _stage_metric(stage: Stage) -> Metric:
    return Metric(f"{stage.name}_time", "s", resource=Resource.WALL, description=f"from exec to the stage {stage.name}")


def _check_stages(stages: tuple[Stage, ...]) -> None:
    if not stages:
        raise ValueError("ready is empty; leave it away for a program that is ready when it ends")
    taken = {_READY.name, *(metric.name for metric in _CONSUMED)}
    for stage in stages:
        metric = f"{stage.name}_time"
        if metric in taken:
            raise ValueError(f"ready: a stage cannot be called {stage.name!r}, as {metric} is a metric already")
        taken.add(metric)
    if sum(stage.notify for stage in stages) > 1:
        raise ValueError("ready: only one stage can be notify, as READY=1 does not say which is meant")
