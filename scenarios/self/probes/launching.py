"""What perfkit's launcher reports for a program that does nothing, and what a launch costs, beside hyperfine -N."""

import json
import shutil
import statistics
import time
from dataclasses import dataclass
from typing import ClassVar

from perfkit import Facts, Launcher, Measurement, Metric, Program, Resource, Skipped


@dataclass(frozen=True, slots=True, kw_only=True)
class Launching:
    """`command` started by perfkit's launcher and by hyperfine -N in turns: `rounds` times `runs` of each."""

    kind: ClassVar[str] = "launching"

    command: str = "/bin/true"
    rounds: int = 5
    runs: int = 20

    @property
    def metrics(self) -> tuple[Metric, ...]:
        """Medians divided by hyperfine's median, and the peak memory that is read."""
        return (
            Metric("wall_ratio", "1", resource=Resource.WALL, description="wall time reported, over hyperfine's"),
            Metric("round_trip_ratio", "1", resource=Resource.WALL, description="whole launch, over hyperfine's"),
            Metric("peak_memory", "B", resource=Resource.MEMORY, method="maxrss"),
        )

    def measure(self, launcher: Launcher) -> Measurement:
        """One launch of the probe. Raises Skipped without hyperfine."""
        if shutil.which("hyperfine") is None:
            raise Skipped("hyperfine is not installed", hint="apt-get install hyperfine")
        theirs, ours, trips, peaks = [], [], [], []
        for _ in range(self.rounds):
            theirs += self._hyperfine(launcher)
            for _ in range(self.runs):
                asked = time.monotonic()
                ended = launcher.run(Program((self.command,)))
                trips.append(time.monotonic() - asked)
                ours.append(ended.wall_time)
                peaks.append(ended.usage.peak_memory)
        medians = [statistics.median(row) for row in (ours, trips, theirs)]
        names = ("perfkit, reported", "perfkit, round trip", "hyperfine -N, reported")
        rows = tuple((name, f"{median * 1e3:.3f} ms") for name, median in zip(names, medians, strict=True))
        values = {
            "wall_ratio": medians[0] / medians[2],
            "round_trip_ratio": medians[1] / medians[2],
            "peak_memory": statistics.median(peaks),
        }
        return Measurement(values, (Facts(f"Medians for {self.command}", rows),))

    def _hyperfine(self, launcher: Launcher) -> list[float]:
        file = launcher.tmp / "hyperfine.json"
        options = ("-N", "--warmup", "0", "--runs", str(self.runs), "--style", "none", "--export-json", str(file))
        launcher.run(Program(("hyperfine", *options, self.command)))
        times: list[float] = json.loads(file.read_text())["results"][0]["times"]
        return times
