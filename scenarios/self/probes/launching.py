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
        """Medians divided by hyperfine's, like by like, and the peak memory that is read."""
        return (
            Metric("wall_ratio", "1", resource=Resource.WALL, description="wall time reported, over that of hyperfine"),
            Metric("round_trip_ratio", "1", resource=Resource.WALL, description="whole launch, over that of hyperfine"),
            Metric("peak_memory", "B", resource=Resource.MEMORY, method="maxrss"),
        )

    def measure(self, launcher: Launcher) -> Measurement:
        """One launch of the probe. Raises Skipped without hyperfine."""
        if shutil.which("hyperfine") is None:
            raise Skipped("hyperfine is not installed", hint="apt-get install hyperfine")
        theirs, whole, ours, trips, peaks = [], [], [], [], []
        for _ in range(self.rounds):
            times, together = self._hyperfine(launcher, self.runs)
            theirs += times
            whole.append((together - self._hyperfine(launcher, 1)[1]) / (self.runs - 1))
            for _ in range(self.runs):
                asked = time.monotonic()
                ended = launcher.run(Program((self.command,)))
                trips.append(time.monotonic() - asked)
                ours.append(ended.wall_time)
                peaks.append(ended.usage.peak_memory)
        medians = [statistics.median(row) for row in (ours, theirs, trips, whole)]
        names = ("perfkit, reported", "hyperfine -N, reported", "perfkit, whole launch", "hyperfine -N, whole launch")
        rows = tuple((name, f"{median * 1e3:.3f} ms") for name, median in zip(names, medians, strict=True))
        values = {
            "wall_ratio": medians[0] / medians[1],
            "round_trip_ratio": medians[2] / medians[3],
            "peak_memory": statistics.median(peaks),
        }
        return Measurement(values, (Facts(f"Medians for {self.command}", rows),))

    def _hyperfine(self, launcher: Launcher, runs: int) -> tuple[list[float], float]:
        """The times that it reports, and its own from exec to the end, s."""
        file = launcher.tmp / "hyperfine.json"
        options = ("-N", "--warmup", "0", "--runs", str(runs), "--style", "none", "--export-json", str(file))
        ended = launcher.run(Program(("hyperfine", *options, self.command)))
        times: list[float] = json.loads(file.read_text())["results"][0]["times"]
        return times, ended.wall_time
