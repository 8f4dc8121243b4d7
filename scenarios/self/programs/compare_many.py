"""Two runs of many findings, a hundred launches each, written to files, read again, compared and judged."""

import random
import sys
import tempfile
from pathlib import Path

from perfkit.judging.judgement import compare
from perfkit.model.budget import parse_budget
from perfkit.model.environment import Commit, Conditions, Machine
from perfkit.model.launch import Launch, Outcome
from perfkit.model.metric import Metric, Resource
from perfkit.model.run import Baseline, Result, Run, Session
from perfkit.storage.runs import read_run, write_run

LAUNCHES = 100
METRICS = 10
MACHINE = Machine("x86_64", "a CPU", "1", 2, 8, "Linux", "", "here")


def a_result(number: int, draw: random.Random) -> Result:
    """One benchmark with ten metrics, each with a tolerance."""
    metrics = tuple(Metric(f"metric_{m}", "s", resource=Resource.CPU) for m in range(METRICS))
    launches = tuple(
        Launch(
            Outcome.MEASURED, 0, order, 0.0, 1.0, 0, {metric.name: draw.lognormvariate(0, 0.03) for metric in metrics}
        )
        for order in range(LAUNCHES)
    )
    budgets = {metric.name: (parse_budget("+5 %", metric),) for metric in metrics}
    return Result(f"b{number}", f"b{number}", "startup", "s.toml:1", "f", {}, (), budgets, metrics, launches)


def a_run(benchmarks: int, seed: int) -> Run:
    """A run of so many benchmarks."""
    draw = random.Random(seed)  # noqa: S311 - made up values
    results = tuple(a_result(number, draw) for number in range(benchmarks))
    return Run(f"run-{seed}", "0", 0.0, (), MACHINE, Conditions(), Commit(), (Session(0, 0.0, 1.0, seed),), results)


def main() -> None:
    """Make, write, read, compare; print what came out."""
    benchmarks = int(sys.argv[1]) // METRICS
    with tempfile.TemporaryDirectory() as folder:
        for seed in (1, 2):
            write_run(Path(folder) / str(seed), a_run(benchmarks, seed))
        base, candidate = (read_run(Path(folder) / str(seed)) for seed in (1, 2))
        judgement = compare(Baseline("main", (base.recorded(),)), candidate)
    sys.stdout.write(f"{len(judgement.findings)} findings: {judgement.headline}\n")


if __name__ == "__main__":
    main()
