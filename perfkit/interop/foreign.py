"""What every foreign file needs to become a Run: launches of given values, on a machine as far as it is told."""

from collections.abc import Mapping, Sequence

from perfkit.model.environment import Commit, Conditions, Machine
from perfkit.model.launch import Launch, Outcome
from perfkit.model.metric import Metric
from perfkit.model.run import Result, Run, Session


def foreign_result(name: str, tool: str, source: str, values: Mapping[Metric, Sequence[float]]) -> Result:
    """One benchmark: the k-th launch holds the k-th value of every metric that has so many."""
    count = max(map(len, values.values()), default=0)
    launches = tuple(
        Launch(
            outcome=Outcome.MEASURED,
            session=0,
            order=order,
            started=0.0,
            duration=0.0,
            seed=0,
            values={metric.name: row[order] for metric, row in values.items() if order < len(row)},
        )
        for order in range(count)
    )
    return Result(name, name, tool, source, tool, {}, (), {}, tuple(values), launches)


def foreign_run(
    source: str,
    version: str,
    created: float,
    machine: Machine,
    conditions: Conditions,
    results: tuple[Result, ...],
    notes: tuple[str, ...] = (),
) -> Run:
    """A run of one session from another tool's file."""
    session = (Session(0, created, created, 0),)
    return Run(source, version, created, (), machine, conditions, Commit(), session, results, notes=notes)
