"""Probe `memory`: how much memory a program and its descendants need: at most, under load, in the long run."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import ClassVar, Literal

from perfkit.model.launch import Launcher, Measurement, Program, Ready
from perfkit.model.metric import Kind, Metric, Resource, Scale
from perfkit.model.units import ByteSize, Duration
from perfkit.probes._driven import Course, check_course, check_work
from perfkit.probes._python_command import python_parts
from perfkit.probes._requires import check_requirements
from perfkit.probes.load import Load

_GRACE = Duration("5 s")
_IDLE = 1.0
_ONLY_IN = {"method": "peak", "idle": "load", "warmup": "leak", "iterations": "leak"}
_PEAK = Metric("peak_memory", "B", resource=Resource.MEMORY, description="highest memory of the whole tree")
_CPU = Metric("cpu_time", "s", resource=Resource.CPU, description="CPU time of the whole tree, from exec to the end")


@dataclass(frozen=True, slots=True, kw_only=True)
class Memory:
    """A command whose memory is read, from exec until it ends or is ended.

    Once `ready`, the command `drive` exercises it and must succeed, or `load` sends requests (a table as of the probe
    `load`, without `service`); then it stays for `hold` and is ended, SIGKILL after `grace`. With `hold` alone it stays
    for that long from exec. With none of them it ends by itself.

    `mode` "peak" reads the highest memory of its life. `method` auto takes the kernel's high-water mark of a memory
    cgroup of its own where one can be made; else ru_maxrss for a program that stayed one process; else PSS summed over
    the tree, sampled, so a lower bound. What was taken is part of the metric's identity.

    "load" reads the program at rest for `idle` (1 s) after it is ready, then while it is driven: high-water marks that
    begin anew with each phase, and RSS sampled. "leak" is the slope of its memory while it works, after `warmup` (by
    default the first fifth), by second and, where `iterations` counts the work (a number, or a regular expression that
    reads it from what the driver prints, else the program) or `load` does, by iteration. "allocated" counts what Python
    code requests of its allocators, by memray.

    A tree that passes `limit` is killed, and the launch has failed. `requires` names programs on PATH, or files, and
    what to do where they are missing; the scenario is then skipped.
    """

    kind: ClassVar[str] = "memory"

    mode: Literal["peak", "load", "leak", "allocated"] = "peak"
    command: tuple[str, ...]
    cwd: str = ""
    env: Mapping[str, str] = field(default_factory=dict)
    env_pass: tuple[str, ...] = ()
    ready: Ready = field(default_factory=Ready)
    drive: tuple[str, ...] = ()
    load: Load | None = None
    hold: Duration | None = None
    method: Literal["auto", "cgroup", "maxrss", "pss"] = "auto"
    idle: Duration | None = None
    warmup: Duration | None = None
    iterations: float | str | None = None
    limit: ByteSize | None = None
    exit_codes: tuple[int, ...] = (0,)
    grace: Duration = _GRACE
    requires: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        check_course(self.command, self.ready, self.drive, self.load)
        check_work(self.iterations, "iterations")
        for key, mode in _ONLY_IN.items():
            if getattr(self, key) not in {None, "auto"} and self.mode != mode:
                raise ValueError(f"{key} belongs to mode = {mode!r}, not to {self.mode!r}")
        if self.mode == "load" and not self._course.driven:
            raise ValueError("mode = 'load' needs `drive` or `load`: what exercises it")
        if self.mode == "leak" and not (self._course.driven or self.hold is not None or self.ready.at_exit):
            raise ValueError("mode = 'leak' needs `drive`, `load` or `hold`: how long it works")
        if self.mode == "allocated":
            python_parts(self.command)

    @property
    def metrics(self) -> tuple[Metric, ...]:
        """Those of the mode; how a peak is read, a launch may decide."""
        if self.mode == "load":
            return _LOAD
        if self.mode == "leak":
            counted = self.iterations is not None or (self.load is not None and bool(self.load.url))
            return (_LEAK, *((_BY_ITERATION,) if counted else ()), _CPU)
        if self.mode == "allocated":
            return _ALLOCATED
        known = self.method if self.method in {"maxrss", "pss"} else ""
        return (replace(_PEAK, method=known), _CPU)

    def why_missing(self, name: str) -> str:
        """Which mode has the metric `name`."""
        modes = {"load": _LOAD, "leak": (_LEAK, _BY_ITERATION), "allocated": _ALLOCATED, "peak": (_PEAK, _CPU)}
        if name == _BY_ITERATION.name and self.mode == "leak":
            return "it takes `iterations`, or requests by `load`"
        has = [mode for mode, metrics in modes.items() if name in {metric.name for metric in metrics}]
        return f"mode = {has[0]!r} has it" if has else ""

    def measure(self, launcher: Launcher) -> Measurement:
        """Run it once. Raises Skipped where its mode or method cannot be had here, Failed where a command fails."""
        check_requirements(self.requires, launcher.root)
        if self.mode == "load":
            from perfkit.probes._memory import load

            return load.measure(self._course, launcher, self.metrics, self.idle or _IDLE, self.limit)
        if self.mode == "leak":
            from perfkit.probes._memory import leak

            return leak.measure(self._course, launcher, self.warmup, self.iterations, self.limit)
        if self.mode == "allocated":
            from perfkit.probes._memory import allocated

            return allocated.measure(self._course, launcher, self.limit)
        from perfkit.probes._memory import peak

        return peak.measure(self._course, launcher, _PEAK, self.method, self.limit)

    @property
    def _course(self) -> Course:
        program = Program(self.command, self.cwd, self.env, self.env_pass, self.ready, self.exit_codes)
        return Course(program, self.drive, self.load, self.hold, self.grace)


_LOAD = (
    replace(_PEAK, method="VmHWM", description="highest memory while it is driven"),
    Metric("idle_memory", "B", resource=Resource.MEMORY, method="VmHWM", description="highest memory at rest"),
    Metric("rss_p50", "B", resource=Resource.MEMORY, method="RSS", description="median of the RSS while driven"),
    Metric("rss_p95", "B", resource=Resource.MEMORY, method="RSS", description="p95 of the RSS while driven"),
    Metric(
        "growth", "B", scale=Scale.DIFFERENCE, resource=Resource.MEMORY, method="VmHWM",
        description="peak_memory less idle_memory",
    ),
    _CPU,
)  # fmt: skip
_LEAK = Metric(
    "leak", "B/s", scale=Scale.DIFFERENCE, resource=Resource.MEMORY, method="RSS, Theil-Sen",
    description="slope of the memory after warm-up",
)  # fmt: skip
_BY_ITERATION = replace(_LEAK, name="leak_per_iteration", unit="B", description="the same by iteration")
_ALLOCATED = tuple(
    Metric(name, unit, kind=kind, resource=Resource.MEMORY, method="memray", description=description)
    for name, unit, kind, description in (
        ("allocated", "B", Kind.DETERMINISTIC, "bytes requested"),
        ("allocations", "1", Kind.DETERMINISTIC, "requests for memory"),
        ("peak_heap", "B", Kind.NOISY, "requested bytes held at once; of threads it is a matter of their order"),
    )
)
