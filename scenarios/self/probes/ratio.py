"""Two commands held against each other in one interleaved launch: how many times as long the first one takes."""

import random
import statistics
from dataclasses import dataclass
from typing import ClassVar

from perfkit import Facts, Launcher, Measurement, Metric, Program, Resource


@dataclass(frozen=True, slots=True, kw_only=True)
class Ratio:
    """`command` against `reference`, started in turns, `rounds` times in an order drawn by the launch's seed."""

    kind: ClassVar[str] = "ratio"

    command: tuple[str, ...]
    reference: tuple[str, ...]
    rounds: int = 5
    cwd: str = ""

    @property
    def metrics(self) -> tuple[Metric, ...]:
        """The ratio of the median wall times, and that of the CPU times."""
        return (
            Metric("wall_ratio", "1", resource=Resource.WALL, description="median wall time, command / reference"),
            Metric("cpu_ratio", "1", resource=Resource.CPU, description="median CPU time, command / reference"),
        )

    def measure(self, launcher: Launcher) -> Measurement:
        """One launch: every command `rounds` times."""
        draw = random.Random(launcher.seed)  # noqa: S311 - an order
        ended = {self.command: [], self.reference: []}
        for _ in range(self.rounds):
            for command in draw.sample((self.command, self.reference), 2):
                ended[command].append(launcher.run(Program(command, self.cwd)))
        wall, cpu = (
            {command: statistics.median(read(one) for one in runs) for command, runs in ended.items()}
            for read in (lambda one: one.wall_time, lambda one: one.usage.cpu_time)
        )
        rows = tuple((" ".join(command), f"{wall[command] * 1e3:.2f} ms") for command in (self.command, self.reference))
        values = {
            "wall_ratio": wall[self.command] / wall[self.reference],
            "cpu_ratio": cpu[self.command] / cpu[self.reference],
        }
        return Measurement(values, (Facts("Median wall times", rows),))
