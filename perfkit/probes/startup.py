"""Probe `startup`: from exec to ready."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar

from perfkit.model.errors import Failed
from perfkit.model.launch import AT_FLOOR, Exit, Launcher, Measurement, Program, Ready
from perfkit.model.metric import Metric, Resource, Scale
from perfkit.model.units import Duration
from perfkit.probes._requires import check_requirements

_GRACE = Duration("5 s")


@dataclass(frozen=True, slots=True, kw_only=True)
class Startup:
    """A command, and when it is ready; without `ready` it is when it ends.

    `env` sets variables, `env_pass` lets through those of perfkit's own environment. A program that does not end by
    itself is ended once ready: SIGTERM, and SIGKILL after `grace`. `requires` names programs on PATH, or files, and
    what to do where they are missing; the scenario is then skipped.
    """

    kind: ClassVar[str] = "startup"

    command: tuple[str, ...]
    cwd: str = ""
    env: Mapping[str, str] = field(default_factory=dict)
    env_pass: tuple[str, ...] = ()
    ready: Ready = field(default_factory=Ready)
    exit_codes: tuple[int, ...] = (0,)
    grace: Duration = _GRACE
    requires: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not self.command:
            raise ValueError("command is empty; give the program and its arguments as a list")

    @property
    def metrics(self) -> tuple[Metric, ...]:
        """From exec to ready; the peak is of the whole life, because shutting down rarely needs more."""
        return (
            Metric("ready_time", "s", resource=Resource.WALL, description="from exec to ready"),
            Metric("cpu_time", "s", resource=Resource.CPU, description="CPU time of the whole tree until ready"),
            Metric(
                "run_delay", "s", scale=Scale.DIFFERENCE, resource=Resource.WALL,
                description="the main thread's wait for a core until ready",
            ),
            Metric(
                "peak_memory", "B", resource=Resource.MEMORY, method="maxrss",
                description="peak RSS of the largest process",
            ),
            Metric("minor_faults", "1", resource=Resource.MEMORY, description="pages mapped without I/O until ready"),
        )  # fmt: skip

    def measure(self, launcher: Launcher) -> Measurement:
        """Start it once. Raises Failed if it ends before it is ready, TimedOut if it never is."""
        check_requirements(self.requires, launcher.root)
        program = Program(self.command, self.cwd, self.env, self.env_pass, self.ready, self.exit_codes)
        if self.ready.at_exit:
            ended = launcher.run(program, timeout=launcher.remaining)
            return _measurement(ended.wall_time, ended, _until_the_end(ended))
        from perfkit.instruments.started import read_started

        target = launcher.start(program)
        ready_time = target.wait_ready(launcher.remaining)
        reading = read_started(target.pid)
        ended = target.stop(float(self.grace))
        if not ended.stopped and ended.code not in self.exit_codes:
            tail = ended.stderr.strip()[-400:]
            hint = f"stderr: {tail}" if tail else "it printed nothing on stderr"
            raise Failed(f"{self.command[0]} was ready and then ended with code {ended.code}", hint=hint)
        if reading is None:
            return _measurement(ready_time, ended, _until_the_end(ended), "cpu_time includes the end")
        until_ready = {
            "cpu_time": reading.cpu_time,
            "run_delay": reading.run_delay,
            "minor_faults": float(reading.minor_faults),
        }
        return _measurement(ready_time, ended, until_ready)


def _until_the_end(ended: Exit) -> dict[str, float]:
    usage = ended.usage
    return {
        "cpu_time": usage.cpu_time,
        "run_delay": usage.run_delay,
        "minor_faults": float(usage.minor_faults),
    }


def _measurement(ready_time: float, ended: Exit, until_ready: Mapping[str, float], *caveats: str) -> Measurement:
    if ended.usage.peak_memory <= ended.usage.floor:
        caveats = (*caveats, AT_FLOOR)
    values = {"ready_time": ready_time, "peak_memory": float(ended.usage.peak_memory), **until_ready}
    return Measurement(values, run_delay=until_ready["run_delay"], caveats=caveats)
