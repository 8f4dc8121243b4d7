"""Probe `command`: what a program measures by itself and prints."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar

from perfkit.model.errors import Failed
from perfkit.model.launch import AT_FLOOR, Exit, Launcher, Measurement, Program
from perfkit.model.metric import Metric, Resource
from perfkit.probes._printed import Output, Printed
from perfkit.probes._requires import check_requirements

_NAME = re.compile(r"[A-Za-z_][\w.-]*")
_STREAMS = ("stdout", "stderr")
_OWN = (
    Metric("cpu_time", "s", resource=Resource.CPU, description="CPU time of the whole tree"),
    Metric(
        "peak_memory", "B", resource=Resource.MEMORY, method="maxrss", description="peak RSS of the largest process"
    ),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """A command that runs to its end and prints metrics.

    `prints` gives each metric's name and where it stands: `{ regex = "fps: ([0-9.]+)", unit = "1/s", better =
    "higher" }` or `{ json = "$.latency.p99", unit = "ms" }`. It is read from `output`: `stdout` (of which the last
    64 KiB are kept), `stderr` (16 KiB), or the path of a file that the command writes, from its `cwd`. JSON is all of
    the output, or its last line.

    `env` sets variables, `env_pass` lets through those of perfkit's own environment. `requires` names programs on PATH,
    or files, and what to do where they are missing; the scenario is then skipped.
    """

    kind: ClassVar[str] = "command"

    command: tuple[str, ...]
    prints: Mapping[str, Printed]
    output: str = "stdout"
    cwd: str = ""
    env: Mapping[str, str] = field(default_factory=dict)
    env_pass: tuple[str, ...] = ()
    exit_codes: tuple[int, ...] = (0,)
    requires: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not self.command:
            raise ValueError("command is empty; give the program and its arguments as a list")
        if not self.prints:
            raise ValueError("prints is empty; say where a metric stands in the output, or use probe startup")
        for name in self.prints:
            if not _NAME.fullmatch(name):
                raise ValueError(f"prints: {name!r} is not a name; use letters, digits, _ . and -, a letter first")
        if taken := {metric.name for metric in _OWN} & set(self.prints):
            raise ValueError(f"prints.{min(taken)}: every command has this metric already; take another name")

    @property
    def metrics(self) -> tuple[Metric, ...]:
        """What it prints, and what its run took."""
        return (*(printed.metric(name) for name, printed in self.prints.items()), *_OWN)

    def measure(self, launcher: Launcher) -> Measurement:
        """Run it once. Raises Failed where it fails or a metric cannot be read, naming that one."""
        check_requirements(self.requires, launcher.root)
        program = Program(self.command, self.cwd, self.env, self.env_pass, exit_codes=self.exit_codes)
        ended = launcher.run(program, timeout=launcher.remaining)
        output = self._output(ended, launcher.root / self.cwd)
        usage = ended.usage
        own = {"cpu_time": usage.cpu_time, "peak_memory": float(usage.peak_memory)}
        return Measurement(
            {name: output.value(name, printed) for name, printed in self.prints.items()} | own,
            run_delay=usage.run_delay,
            caveats=(AT_FLOOR,) if usage.peak_memory <= usage.floor else (),
        )

    def _output(self, ended: Exit, folder: Path) -> Output:
        if self.output in _STREAMS:
            return Output(ended.stdout if self.output == "stdout" else ended.stderr, self.output)
        try:
            return Output((folder / self.output).read_text(encoding="utf-8", errors="replace"), self.output)
        except OSError as error:
            hint = "output is a path from the command's cwd; {tmp} is an empty folder of each launch"
            raise Failed(f"the command did not write {self.output}: {error.strerror}", hint=hint) from None
