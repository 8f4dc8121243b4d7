"""Probe `memory`: how much memory a program and its descendants need at most."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, ClassVar, Literal

from perfkit.model.errors import Failed, Skipped, TimedOut
from perfkit.model.launch import AT_FLOOR, Curve, Exit, Launcher, Measurement, Program, Ready, Target
from perfkit.model.metric import Metric, Resource
from perfkit.model.units import Duration
from perfkit.probes._requires import check_requirements

if TYPE_CHECKING:
    from perfkit.instruments.memory import MemoryWatch

_GRACE = Duration("5 s")
_PEAK = Metric("peak_memory", "B", resource=Resource.MEMORY, description="highest memory of the whole tree")
_CPU = Metric("cpu_time", "s", resource=Resource.CPU, description="CPU time of the whole tree, from exec to the end")


@dataclass(frozen=True, slots=True, kw_only=True)
class Memory:
    """A command whose peak is read, from exec until it ends or is ended.

    Once `ready`, the command `drive` exercises it and must succeed; then it stays for `hold` and is ended, SIGKILL
    after `grace`. With `hold` alone it stays for that long from exec. With neither nor `ready` it ends by itself.

    `method` auto takes the kernel's high-water mark of a memory cgroup of its own where one can be made; else
    ru_maxrss for a program that stayed one process; else PSS summed over the tree, sampled, so a lower bound. What was
    taken is part of the metric's identity.

    `requires` names programs on PATH, or files, and what to do where they are missing; the scenario is then skipped.
    """

    kind: ClassVar[str] = "memory"

    command: tuple[str, ...]
    cwd: str = ""
    env: Mapping[str, str] = field(default_factory=dict)
    env_pass: tuple[str, ...] = ()
    ready: Ready = field(default_factory=Ready)
    drive: tuple[str, ...] = ()
    hold: Duration | None = None
    method: Literal["auto", "cgroup", "maxrss", "pss"] = "auto"
    exit_codes: tuple[int, ...] = (0,)
    grace: Duration = _GRACE
    requires: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not self.command:
            raise ValueError("command is empty; give the program and its arguments as a list")
        if self.drive and self.ready.at_exit:
            raise ValueError("drive needs ready: say when the program can be exercised")

    @property
    def metrics(self) -> tuple[Metric, ...]:
        """The peak, whose method a launch may decide, and the CPU time."""
        known = self.method if self.method in {"maxrss", "pss"} else ""
        return (replace(_PEAK, method=known), _CPU)

    def measure(self, launcher: Launcher) -> Measurement:
        """Run it once. Raises Skipped where `method` cannot be had here, Failed where a command fails."""
        check_requirements(self.requires, launcher.root)
        from perfkit.instruments.memory import PSS_READABLE, MemoryWatch, has_own_cgroup

        if self.method == "pss" and not PSS_READABLE:
            raise Skipped("this system does not tell PSS", hint='method = "maxrss" reads the largest process')
        target = launcher.start(self._program(self.command, self.ready), cgroup=self.method in {"auto", "cgroup"})
        sampled = self.method == "auto" and PSS_READABLE and not has_own_cgroup(target.pid)
        with MemoryWatch(target.pid, several=sampled, always=self.method == "pss") as watch:
            ended = self._exercise(launcher, target, watch)
        if not ended.stopped and ended.code not in self.exit_codes:
            hint = f"stderr: {ended.stderr.strip()[-400:] or 'empty'}"
            raise Failed(f"{self.command[0]} ended with code {ended.code}", hint=hint)
        method, peak, caveats = self._peak(ended, watch.peak_pss, sampled=sampled)
        return Measurement(
            {"peak_memory": float(peak), "cpu_time": ended.usage.cpu_time},
            details=(_curve(watch, peak, method),) if len(watch.times) > 1 else (),
            metrics=(replace(_PEAK, method=method),),
            run_delay=ended.usage.run_delay,
            caveats=caveats,
        )

    def _program(self, command: tuple[str, ...], ready: Ready) -> Program:
        return Program(command, self.cwd, self.env, self.env_pass, ready, self.exit_codes)

    def _exercise(self, launcher: Launcher, target: Target, watch: "MemoryWatch") -> Exit:
        if self.ready.at_exit and self.hold is None:
            return target.wait(launcher.remaining)
        if not self.ready.at_exit:
            target.wait_ready(launcher.remaining)
        if self.drive:
            driver = replace(self._program(self.drive, Ready()), exit_codes=(0,))
            launcher.run(driver, timeout=launcher.remaining)
        if self.hold is not None:
            if self.hold > launcher.remaining:
                raise TimedOut(f"hold = {self.hold:g} s is longer than the launch may last", hint="raise its timeout")
            watch.gone.wait(self.hold)
        return target.stop(float(self.grace))

    def _peak(self, ended: Exit, pss: int, *, sampled: bool) -> tuple[str, int, tuple[str, ...]]:
        usage = ended.usage
        if self.method in {"auto", "cgroup"} and ended.cgroup_peak is not None:
            return ended.cgroup_method, ended.cgroup_peak, ()
        if self.method == "cgroup":
            hint = 'method = "auto" takes another way; a cgroup needs root or a delegated one'
            raise Skipped("no memory cgroup can be made for it here", hint=hint)
        if self.method == "pss" or (sampled and not usage.alone):
            # one process's own high-water mark bounds the tree's need from below as well, and never misses a spike
            highest = usage.peak_memory if usage.peak_memory > usage.floor else 0
            seen = max(pss, highest)
            return "pss", seen or usage.peak_memory, ("lower bound" if seen else AT_FLOOR,)
        several = () if usage.alone else ("largest process only",)
        floored = (AT_FLOOR,) if usage.peak_memory <= usage.floor else ()
        return "maxrss", usage.peak_memory, several + floored


def _curve(watch: "MemoryWatch", peak: int, method: str) -> Curve:
    return Curve(
        "Resident memory, summed over the tree",
        "time", "s", "RSS", "B",
        tuple(watch.times),
        tuple(map(float, watch.sums)),
        lines=((f"peak ({method})", float(peak)),),
    )  # fmt: skip
