"""pyperf's JSON: a pyperf run is a process and so one launch; its value is the median of its values.

Read by pyperf's own loader (https://pyperf.readthedocs.io, "JSON format"). Runs without values only calibrated.
"""

import math
import statistics
from datetime import datetime
from pathlib import Path
from typing import Any

from perfkit.interop.foreign import foreign_result, foreign_run
from perfkit.model.environment import Conditions, Machine
from perfkit.model.errors import DataError
from perfkit.model.metric import Kind, Metric, Resource
from perfkit.model.run import Result, Run

_UNITS = {
    "second": Metric("wall_time", "s", resource=Resource.WALL, method="pyperf"),
    "byte": Metric("peak_memory", "B", resource=Resource.MEMORY, method="pyperf"),
    "integer": Metric("value", "1", kind=Kind.NOISY, method="pyperf"),
}
_CONDITIONS = ("python_version", "python_implementation", "platform", "cpu_affinity", "cpu_config", "boot_time")


def recognises(data: Any) -> bool:
    """Whether decoded JSON is pyperf's."""
    return isinstance(data, dict) and "benchmarks" in data and "version" in data and "schema" not in data


def read(path: Path) -> Run:
    """The run in a pyperf file. Raises DataError that names the file."""
    import pyperf

    try:
        suite = pyperf.BenchmarkSuite.load(str(path))
        results = tuple(_result(benchmark, path) for benchmark in suite.get_benchmarks())
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise DataError(f"{path}: not a pyperf file that can be read: {error}") from None
    known = suite.get_metadata()
    dates = [date for benchmark in suite.get_benchmarks() for date in benchmark.get_dates() or ()]
    created = min((date for date in dates if isinstance(date, datetime)), default=None)
    conditions = Conditions({key: str(known[key]) for key in _CONDITIONS if key in known})
    return foreign_run(
        path.name,
        f"pyperf {known.get('perf_version', '')}".strip(),
        created.timestamp() if created else 0.0,
        _machine(known),
        conditions,
        results,
    )


def _result(benchmark: Any, path: Path) -> Result:
    metric = _UNITS[benchmark.get_unit()]
    values = [statistics.median(run.values) for run in benchmark.get_runs() if run.values]
    if not all(map(math.isfinite, values)):
        raise ValueError(f"{benchmark.get_name()}: a value is not finite")
    return foreign_result(benchmark.get_name(), "pyperf", f"{path.name}:1", {metric: values})


def _machine(known: Any) -> Machine:
    return Machine(
        architecture="",
        cpu=str(known.get("cpu_model_name", "not told")),
        stepping="",
        cpus=int(known.get("cpu_count", 0)),
        memory_gib=0,
        system=str(known.get("platform", "not told")).partition("-")[0],
        hypervisor="",
        identity=str(known.get("hostname", "")),
    )
