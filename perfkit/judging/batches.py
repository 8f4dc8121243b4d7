"""The pairs of a run: two batches, of which the second confirms what the first one suspected, replayed."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from perfkit.judging.options import Options
from perfkit.judging.pair_gates import Settled, open_gate
from perfkit.judging.refusal import Refusal
from perfkit.model.budget import Budget, Tolerance
from perfkit.model.metric import Metric
from perfkit.model.run import Result, Run


def family(budgets: Iterable[Mapping[str, tuple[Budget, ...]]]) -> int:
    """How many findings share alpha: benchmark × metric with a tolerance, given the budgets of each benchmark."""
    allowed = (budget for metrics in budgets for kept in metrics.values() for budget in kept)
    return max(1, sum(isinstance(budget, Tolerance) for budget in allowed))


@dataclass(frozen=True, slots=True)
class Batch:
    """The sessions of one batch; `out_of_time` are the benchmarks that a time limit ended undecided."""

    sessions: frozenset[int]
    out_of_time: frozenset[str]
    interrupted: bool
    confirming: bool

    @classmethod
    def of(cls, run: Run, *, confirming: bool) -> "Batch":
        """The first batch of a run, or the confirming one; a resumed batch has several sessions."""
        own = [session for session in run.sessions if session.confirmation is confirming]
        ended = frozenset(name for session in own for name in session.out_of_time)
        numbers = frozenset(session.number for session in own)
        return cls(numbers, ended, bool(own) and own[-1].interrupted, confirming)

    def replay(self, result: Result, metric: Metric, tolerance: Tolerance, options: Options) -> Settled | Refusal:
        """What the gate of a metric says of the pairs of this batch; `options.alpha` is its own share."""
        gate = open_gate(metric, tolerance, options, confirming=self.confirming)
        for base, candidate in result.pairs(metric.name, self.sessions):
            gate.add(base, candidate)
        if result.benchmark in self.out_of_time:
            gate.close()
        return gate.so_far()
