"""The gate on pairs: three walks side by side, and the decision where the first of them proves something."""

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from perfkit.stats.decision import (
    FEWEST_NONZERO,
    FEWEST_PAIRS,
    Basis,
    Decision,
    GateRule,
    Outcome,
    Undecided,
)
from perfkit.stats.power import detectable, pair_spread, pairs_needed
from perfkit.stats.pseudo_median import Interval, pseudo_median, sequential_tail, signed_rank_interval
from perfkit.stats.schedule import first_look, last_look
from perfkit.stats.score import StudentScores
from perfkit.stats.walk import State, Walk


class Gate:
    """Takes the oriented differences of pairs one by one and says when it has decided.

    With d positive where the candidate is worse, three sequential sign-flip tests walk side by side:
    d - θ0 > 0 proves a regression and -d - θ0 > 0 an improvement, each at `alpha`; δ - d > 0 proves that there is
    no regression of δ or more, at `beta`. The gate stops at the first of "regressed" and "unchanged".
    """

    def __init__(self, rule: GateRule) -> None:
        self.rule = rule
        self.decision: Decision | None = None
        self.regressed = _walk(rule, rule.alpha, rule.beta)
        self.improved = _walk(rule, rule.alpha, rule.beta)
        self.unchanged = _walk(rule, rule.beta, rule.alpha)
        self._differences: list[float] = []
        self._constant_at = min(first_look(level, rule.earliest) for level in (rule.alpha, rule.beta))

    def add(self, difference: float) -> Decision | None:
        """Take the next pair's difference; the decision if this pair brought it, else None.

        Raises ValueError for NaN or infinity and for a pair after the decision.
        """
        if not np.isfinite(difference):
            raise ValueError("a difference is finite; a launch that failed has none")
        if self.decision is not None:
            raise ValueError("the gate has decided and takes no more pairs")
        self._differences.append(float(difference))
        self.regressed.add(difference - self.rule.ignore)
        self.improved.add(-difference - self.rule.ignore)
        self.unchanged.add(self.rule.tolerance - difference)
        if len(self._differences) == self._constant_at and self._is_constant():
            return self._decide_constant()
        return self._decide_walks("noise") if self._has_ended() else None

    def close(self) -> Decision:
        """Out of time: one last look at the pairs there are, with the whole error to spend.

        May depend on the clock and never on the values. Not for a run that was interrupted: that has no verdict.
        """
        if self.decision is not None:
            return self.decision
        if not self._differences:
            raise ValueError("a gate without pairs has nothing to judge")
        if len(self._differences) < FEWEST_PAIRS:
            return self._conclude("inconclusive", "too few pairs", "walks")
        if self._is_constant():
            return self._decide_constant()
        for walk in (self.regressed, self.improved, self.unchanged):
            walk.close()
        return self._decide_walks("out of time")

    def _has_ended(self) -> bool:
        if State.REJECTED in {self.regressed.state, self.unchanged.state}:
            return True
        return State.OPEN not in {self.regressed.state, self.improved.state, self.unchanged.state}

    def _is_constant(self) -> bool:
        return min(self._differences) == max(self._differences)

    def _decide_constant(self) -> Decision:
        """Differences without variance are not sampled but exact, and compared as such."""
        difference = self._differences[0]
        if difference == 0.0:
            return self._conclude("unchanged", None, "identical")
        if difference > self.rule.tolerance:
            return self._conclude("regressed", None, "constant")
        return self._conclude("improved" if difference < -self.rule.ignore else "unchanged", None, "constant")

    def _decide_walks(self, undecided: Undecided) -> Decision:
        if self.regressed.state is State.REJECTED:
            return self._conclude("regressed", None, "walks")
        if self.improved.state is State.REJECTED:
            return self._conclude("improved", None, "walks")
        if self.unchanged.state is State.REJECTED:
            return self._conclude("unchanged", None, "walks")
        nonzero = np.count_nonzero(self.regressed.values)
        coarse = nonzero < min(FEWEST_NONZERO, len(self._differences))
        return self._conclude("inconclusive", "too coarse a quantum" if coarse else undecided, "walks")

    def _conclude(self, outcome: Outcome, reason: Undecided | None, basis: Basis) -> Decision:
        rule, pairs = self.rule, len(self._differences)
        deviation = pair_spread(self._differences)
        needed = pairs_needed(rule.tolerance - rule.ignore, deviation, alpha=rule.alpha, beta=rule.beta)
        self.decision = Decision(
            outcome=outcome,
            reason=reason,
            basis=basis,
            pairs=pairs,
            estimate=pseudo_median(self._differences),
            interval=self._interval(outcome, basis),
            p_regressed=self._p(self.regressed, basis),
            p_improved=self._p(self.improved, basis),
            p_unchanged=self.unchanged.p if basis == "walks" else None,
            within_tolerance=outcome == "regressed" and self.unchanged.state is State.REJECTED,
            detectable=detectable(rule.ignore, deviation, pairs, alpha=rule.alpha, beta=rule.beta),
            further_pairs=max(0, needed - pairs) if outcome == "inconclusive" else 0,
        )
        return self.decision

    @staticmethod
    def _p(walk: Walk, basis: Basis) -> float | None:
        if basis == "identical":
            return 1.0
        return walk.p if basis == "walks" else None

    def _interval(self, outcome: Outcome, basis: Basis) -> Interval | None:
        if basis != "walks":
            return Interval(self._differences[0], self._differences[0])
        pairs = len(self._differences)
        interval = signed_rank_interval(self._differences, sequential_tail(pairs))
        if interval is None:
            return None
        ignore = self.rule.ignore
        if outcome == "regressed":
            return Interval(max(interval.low, ignore), max(interval.high, ignore))
        if outcome == "improved":
            return Interval(min(interval.low, -ignore), min(interval.high, -ignore))
        return interval


def replay(differences: Iterable[float], rule: GateRule, *, out_of_time: bool = False) -> Decision | None:
    """The decision a gate made on a stored list of pairs; None where it was still going when the list ended.

    `out_of_time` says that a limit of time ended the list. Pairs after the decision are ignored.
    """
    gate = Gate(rule)
    for difference in differences:
        if (decision := gate.add(difference)) is not None:
            return decision
    return gate.close() if out_of_time else None


def _walk(rule: GateRule, level: float, other: float) -> Walk:
    gap = rule.tolerance - rule.ignore

    def plan(magnitudes: NDArray[np.float64]) -> int:
        return last_look(magnitudes, gap, level, other, rule.cap)

    return Walk(level, StudentScores(gap), plan, first=first_look(level, rule.earliest), cap=rule.cap)
