"""The gate of one metric: takes the values of pairs one after the other and says what they come to.

Measuring and judging use the same gates, so that a stored run replays to the decision that was made.
"""

from dataclasses import dataclass, replace
from typing import Literal, Protocol

import numpy as np

from perfkit.judging import pair_changes, small_memory
from perfkit.judging.exact import compare_exact
from perfkit.judging.margins import Margins, pair_margins
from perfkit.judging.options import Options
from perfkit.judging.refusal import Refusal
from perfkit.model.budget import Tolerance
from perfkit.model.change import Change
from perfkit.model.metric import Better, Kind, Metric, Scale
from perfkit.model.verdict import Reason
from perfkit.stats.counts import CountGate, CountRule
from perfkit.stats.decision import GateRule
from perfkit.stats.gate import Gate
from perfkit.stats.pairs import pair_differences
from perfkit.stats.schedule import first_look

Outcome = Literal["regressed", "improved", "unchanged", "inconclusive"]

IDENTICAL = 3
"""Launches a side after which a metric that calls itself deterministic is compared as it is."""
CONFIRMING_ALPHA, CONFIRMING_BETA = 0.05, 0.01


@dataclass(frozen=True, slots=True)
class Settled:
    """What the pairs came to. `further` is how many more an inconclusive one would usually take."""

    outcome: Outcome
    change: Change
    reason: Reason | None = None
    further: int = 0


class PairGate(Protocol):
    """Values of pairs in, one decision out."""

    @property
    def settled(self) -> Settled | Refusal | None:
        """The decision, or why there can be none; None while it is open."""
        ...

    @property
    def most(self) -> int:
        """How many pairs it takes at most, as planned so far."""
        ...

    def add(self, base: float, candidate: float) -> None:
        """Take the next pair; one that comes after the decision changes nothing."""
        ...

    def close(self) -> None:
        """Out of time: decide on the pairs there are."""
        ...

    def so_far(self) -> Settled | Refusal:
        """The decision; of an open gate the change as it looks now, inconclusive."""
        ...


def open_gate(metric: Metric, tolerance: Tolerance, options: Options, *, confirming: bool = False) -> PairGate:
    """The gate of a metric with a tolerance; `options.alpha` is its own share of the level.

    `confirming` makes it that of the second batch: 5 % to confirm, 1 % to disagree, whatever the family.
    """
    if metric.kind is Kind.COUNT:
        return CountPairs(metric, tolerance, options, confirming=confirming)
    if metric.kind is Kind.DETERMINISTIC:
        return ExactPairs(metric, tolerance, options, confirming=confirming)
    return NoisyPairs(metric, tolerance, options, confirming=confirming)


class NoisyPairs:
    """Three sequential sign-flip tests on the differences of pairs."""

    def __init__(self, metric: Metric, tolerance: Tolerance, options: Options, *, confirming: bool) -> None:
        self._metric, self._tolerance, self._options, self._confirming = metric, tolerance, options, confirming
        self._gate: Gate | None = None
        self._wanted: Margins | None = None
        self._middle = 0.0
        self._differences: list[float] = []
        self.settled: Settled | Refusal | None = None

    @property
    def most(self) -> int:
        """The later end of the two walks that end the gate."""
        return max(self._gate.regressed.last, self._gate.unchanged.last) if self._gate else GateRule(0.0, 1.0).cap

    def add(self, base: float, candidate: float) -> None:
        """Take the next pair."""
        if self.settled is not None:
            return
        metric = self._metric
        if metric.scale is Scale.RATIO and min(base, candidate) <= 0:
            why = f"{min(base, candidate):g} is no value to compare by ratio"
            advice = "give it a limit, or scale `difference` and a tolerance in its unit"
            self.settled = Refusal(Reason.NOT_POSITIVE, why, advice)
            return
        gate = self._gate or self._open(base, candidate)
        if gate is None:
            return
        higher = metric.better is Better.HIGHER
        (difference,) = pair_differences([base], [candidate], scale=metric.scale.value, higher_is_better=higher)
        self._differences.append(float(difference))
        gate.add(float(difference))
        self._settle(gate)

    def close(self) -> None:
        """Decide on the pairs there are."""
        if self.settled is None and self._gate is not None:
            self._gate.close()
            self._settle(self._gate)

    def so_far(self) -> Settled | Refusal:
        """The decision, or the change as it looks now."""
        if self.settled is not None:
            return self.settled
        if self._gate is None or self._wanted is None:
            return pair_changes.NO_PAIRS
        decision = pair_changes.undecided(self._differences, self._gate.rule)
        change = self._remarked(pair_changes.from_decision(decision, self._metric, self._wanted))
        return Settled("inconclusive", change, Reason.NOISE, decision.further_pairs)

    def _open(self, base: float, candidate: float) -> Gate | None:
        """The rule depends on the first pair through its size alone, which swapping its sides leaves as it is."""
        middle = float(np.sqrt(base * candidate)) if min(base, candidate) > 0 else 0.0
        self._middle = middle
        self._wanted = wanted = pair_margins(self._metric, self._tolerance, middle, self._options)
        if wanted is None:
            why = "a tolerance of 0 says nothing of how large a change of this metric is large"
            self.settled = Refusal(Reason.NOISE, why, f"give it a tolerance such as '+1 {self._metric.unit}'")
            return None
        scaled = np.log1p if self._metric.scale is Scale.RATIO else float
        rule = GateRule(
            ignore=float(scaled(wanted.ignore)),
            tolerance=float(scaled(wanted.tolerance)),
            alpha=self._options.alpha,
            beta=self._options.beta,
        )
        self._gate = Gate(rule.for_confirmation() if self._confirming else rule)
        return self._gate

    def _settle(self, gate: Gate) -> None:
        if (decision := gate.decision) is None or self._wanted is None:
            return
        reason = pair_changes.REASONS[decision.reason] if decision.reason else None
        change = self._remarked(pair_changes.from_decision(decision, self._metric, self._wanted))
        self.settled = Settled(decision.outcome, change, reason, decision.further_pairs)

    def _remarked(self, change: Change) -> Change:
        remark = small_memory.remark(self._metric, self._wanted, self._middle) if self._wanted else ""
        return replace(change, note="; ".join(filter(None, (change.note, remark))))


class CountPairs:
    """Counts of events; δ in events a launch, of a tolerance in % by the base's rate in the first pairs."""

    def __init__(self, metric: Metric, tolerance: Tolerance, options: Options, *, confirming: bool) -> None:
        self._metric, self._tolerance = metric, tolerance
        self._alpha = CONFIRMING_ALPHA if confirming else options.alpha
        self._beta = CONFIRMING_BETA if confirming else options.beta
        self._gate: CountGate | None = None
        self._pairs: list[tuple[int, int]] = []
        self.settled: Settled | Refusal | None = None

    @property
    def most(self) -> int:
        """The cap."""
        return CountRule(1.0).cap

    def add(self, base: float, candidate: float) -> None:
        """Take the next pair; the first ones wait until the rule is known, before the first look."""
        if self.settled is not None:
            return
        if min(base, candidate) < 0:
            advice = f"check what reports {self._metric.name}"
            self.settled = Refusal(Reason.NOT_POSITIVE, "a count is never negative", advice)
            return
        self._pairs.append((round(base), round(candidate)))
        if self._gate is not None:
            self._pass_on(self._gate, self._pairs[-1])
        elif len(self._pairs) == first_look(self._alpha):
            self._begin()

    def close(self) -> None:
        """Decide on the pairs there are."""
        if self.settled is not None or not self._pairs:
            return
        if self._gate is None and not self._begin():
            return
        if self.settled is None and self._gate is not None and len(self._pairs) > 1:
            self._gate.close()
            self._settle(self._gate)

    def so_far(self) -> Settled | Refusal:
        """The decision, or the rates as they look now."""
        if self.settled is not None:
            return self.settled
        if not self._pairs:
            return pair_changes.NO_PAIRS
        change = pair_changes.of_counts(None, self._metric, self._allowed(), self._pairs)
        return Settled("inconclusive", change, Reason.EXPOSURE)

    def _begin(self) -> bool:
        allowed = self._allowed()
        if allowed <= 0:
            why = "a tolerance in % of no events at all allows nothing that could be shown"
            self.settled = Refusal(Reason.EXPOSURE, why, "give it a limit such as '== 0', or a tolerance such as '+1'")
            return False
        self._gate = CountGate(CountRule(allowed, self._alpha, self._beta))
        for pair in self._pairs:
            self._pass_on(self._gate, pair)
        return True

    def _allowed(self) -> float:
        rate = float(np.mean([base for base, _ in self._pairs[: first_look(self._alpha)]]))
        return self._tolerance.amount * rate if self._tolerance.relative else self._tolerance.amount

    def _pass_on(self, gate: CountGate, pair: tuple[int, int]) -> None:
        if gate.decision is None:
            gate.add(*(pair if self._metric.better is Better.LOWER else pair[::-1]))
            self._settle(gate)

    def _settle(self, gate: CountGate) -> None:
        if (decision := gate.decision) is None:
            return
        reason = pair_changes.REASONS[decision.reason] if decision.reason else None
        used = self._pairs[: decision.pairs]
        change = pair_changes.of_counts(decision, self._metric, gate.rule.tolerance, used)
        self.settled = Settled(decision.outcome, change, reason)


class ExactPairs:
    """Numbers that repeat: three launches a side, one to confirm; judged as noisy where they do not repeat."""

    def __init__(self, metric: Metric, tolerance: Tolerance, options: Options, *, confirming: bool) -> None:
        self._metric, self._tolerance = metric, tolerance
        self._needed = 1 if confirming else IDENTICAL
        self._noisy = NoisyPairs(metric, tolerance, options, confirming=confirming)
        self._pairs: list[tuple[float, float]] = []
        self._varies = False
        self._exact: Settled | None = None

    @property
    def settled(self) -> Settled | Refusal | None:
        """The exact comparison, or that of the noisy values."""
        return self._noisy.settled if self._varies else self._exact

    @property
    def most(self) -> int:
        """A handful."""
        return self._noisy.most if self._varies else self._needed

    def add(self, base: float, candidate: float) -> None:
        """Take the next pair."""
        if self.settled is not None:
            return
        self._pairs.append((base, candidate))
        if not self._varies and len(set(self._pairs)) > 1:
            self._varies = True
            for pair in self._pairs:
                self._noisy.add(*pair)
        elif self._varies:
            self._noisy.add(base, candidate)
        elif len(self._pairs) == self._needed:
            self._exact = self._compared()

    def close(self) -> None:
        """Decide on the pairs there are; a single one of a number that repeats will do."""
        if self._varies:
            self._noisy.close()
        elif self._exact is None and self._pairs:
            self._exact = self._compared()

    def so_far(self) -> Settled | Refusal:
        """The decision, or the change as it looks now."""
        if self._varies:
            return self._noisy.so_far()
        if self._exact is not None or not self._pairs:
            return self._exact or pair_changes.NO_PAIRS
        return replace(self._compared(), outcome="inconclusive", reason=Reason.NOISE, further=self._needed)

    def _compared(self) -> Settled:
        change = compare_exact(self._metric, *self._pairs[0], self._tolerance)
        outcome: Outcome = "regressed" if change.suspected else "improved" if change.improved else "unchanged"
        return Settled(outcome, pair_changes.counted(change, len(self._pairs)))
