"""How long to measure: how many launches at least and at most, how narrow an interval, and the time limits."""

import secrets
from dataclasses import dataclass, replace

from perfkit.model.launch import Outcome
from perfkit.model.metric import Kind
from perfkit.model.run import Result, Run

IDENTICAL = 3
"""The launches that show what is the same every time."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What ends a session.

    A benchmark is settled when it has `least` launches and its intervals are within ± `precision`, or has `most`.
    After `soft_limit` s only the `least` launches are completed; at `hard_limit` s, if set, measuring ends.
    """

    seed: int
    least: int = 7
    most: int = 40
    precision: float = 0.02
    soft_limit: float = 150.0
    hard_limit: float | None = None

    @property
    def reruns(self) -> int:
        """How many contaminated launches of a benchmark may be run again."""
        return self.least if self.least > 1 else 0


def shortages(run: Run, plan: Plan) -> tuple[str, ...]:
    """One sentence for each benchmark that ended with launches that count, but fewer than the plan wants."""
    return tuple(
        f"{result.benchmark}: wanted {_wanted(result, plan)} launches, {len(result.measured)} count"
        for result in run.results
        if run.complete and result.outcome is Outcome.MEASURED
        and len(result.measured) < _wanted(result, plan)
    )  # fmt: skip


def _wanted(result: Result, plan: Plan) -> int:
    """The fewest launches that the plan wants of a benchmark."""
    same = all(metric.kind is Kind.DETERMINISTIC for metric in result.metrics)
    return min(plan.least, IDENTICAL) if same else plan.least


def draw_seed() -> int:
    """A fresh seed, to be recorded."""
    return secrets.randbits(32)


def default(seed: int, precision: float = 0.02) -> Plan:
    """Seven launches at least: the fewest that give a 98 % interval."""
    return Plan(seed, precision=precision)


def once(seed: int) -> Plan:
    """One launch of each benchmark, to prove that it works."""
    return Plan(seed, least=1, most=1)


def quick(seed: int) -> Plan:
    """Five launches of each, the fewest that can be compared at all."""
    return Plan(seed, least=5, most=5, soft_limit=0.0)


def thorough(seed: int) -> Plan:
    """Fifteen launches at least, intervals of half the default precision, up to half an hour."""
    return Plan(seed, least=15, most=100, precision=0.01, soft_limit=1800.0)


def exactly(seed: int, launches: int) -> Plan:
    """A fixed number of launches of each."""
    return Plan(seed, least=launches, most=launches)


def limited(plan: Plan, seconds: float) -> Plan:
    """The same plan, ended after `seconds` whatever is missing."""
    return replace(plan, hard_limit=seconds, soft_limit=seconds)
