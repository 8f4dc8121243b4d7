"""The gate on counts of events (dropouts, xruns, errors) at the same planned exposure a launch."""

from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray
from scipy.special import gammaincinv

from perfkit.stats.schedule import first_look
from perfkit.stats.score import CountScores
from perfkit.stats.walk import State, Walk

BOUND_LOOKS: Final = (8, 15, 27)
"""Where "unchanged" is judged, besides the last look: four looks share its error evenly."""


@dataclass(frozen=True, slots=True)
class CountRule:
    """δ `tolerance` in events a launch (there is no sensible default), the two errors, and the last look."""

    tolerance: float
    alpha: float = 0.01
    beta: float = 0.05
    cap: int = 100

    def __post_init__(self) -> None:
        if not 0.0 < self.tolerance < float("inf"):
            raise ValueError("counts need a tolerance above zero, in events a launch")
        if not all(0.0 < error < 0.5 for error in (self.alpha, self.beta)):
            raise ValueError("alpha and beta lie between 0 and 0.5")
        if self.cap < 1:
            raise ValueError("a rule needs a cap of one pair or more")


@dataclass(frozen=True, slots=True)
class CountDecision:
    """What pairs of counts say. Rates are events a launch; `rise_bound` is the largest rise still credible at 1 - beta.

    The bound is approximate (gamma quantiles with an overdispersion factor): its error was 7.6 % at worst for a
    nominal 5 % in simulations. The p of a walk that another test stopped is None: "p > its level".
    """

    outcome: Literal["regressed", "improved", "unchanged", "inconclusive"]
    reason: Literal["noise", "exposure too short"] | None
    pairs: int
    base_rate: float
    candidate_rate: float
    rise_bound: float
    p_regressed: float | None
    p_improved: float | None


def rise_bound(base: NDArray[np.float64], candidate: NDArray[np.float64], error: float) -> float:
    """An upper bound at 1 - error on the rise in events a launch; two rows of counts of shape (n,), n >= 2.

    Gamma bounds of Poisson rates (Garwood 1936) widened by the overdispersion F = (var_b + var_c)/(mean_b + mean_c),
    at least 1: F·G(1 - error, K_c/F + 1)/n - F·G(.25, K_b/F)/n, with K the totals and G the gamma quantile.
    """
    launches = base.size
    total = float(base.sum() + candidate.sum()) / launches
    spread = float(base.var(ddof=1) + candidate.var(ddof=1))
    factor = max(1.0, spread / total) if total > 0 else 1.0
    high = float(gammaincinv(candidate.sum() / factor + 1, 1 - error))
    low = float(gammaincinv(base.sum() / factor, 0.25)) if base.any() else 0.0
    return factor * (high - low) / launches


class CountGate:
    """Takes pairs of counts one by one and says when it has decided.

    More events and fewer events are sequential sign-flip tests of the differences as they are. "Unchanged"
    cannot rest on sign flips, as 0 against 0 flips to itself: it rests on `rise_bound` at four looks.
    """

    def __init__(self, rule: CountRule) -> None:
        self.rule = rule
        self.decision: CountDecision | None = None
        self.regressed = _walk(rule)
        self.improved = _walk(rule)
        self._pairs: list[tuple[int, int]] = []

    def add(self, base: int, candidate: int) -> CountDecision | None:
        """Take the next pair's counts (higher is worse); the decision if this pair brought it, else None."""
        if self.decision is not None:
            raise ValueError("the gate has decided and takes no more pairs")
        if base < 0 or candidate < 0:
            raise ValueError("a count is never negative")
        self._pairs.append((base, candidate))
        self.regressed.add(candidate - base)
        self.improved.add(base - candidate)
        pairs = len(self._pairs)
        is_last = pairs == self.rule.cap
        unchanged = (pairs in BOUND_LOOKS or is_last) and self._is_bounded()
        if self.regressed.state is State.REJECTED or unchanged or is_last:
            return self._conclude(unchanged=unchanged)
        return None

    def close(self) -> CountDecision:
        """Out of time: one last look at the pairs there are. May depend on the clock and never on the counts."""
        if self.decision is not None:
            return self.decision
        if len(self._pairs) < 2:
            raise ValueError("a gate on counts needs two pairs to judge")
        self.regressed.close()
        self.improved.close()
        return self._conclude(unchanged=self._is_bounded())

    def _is_bounded(self) -> bool:
        return len(self._pairs) > 1 and self._bound() < self.rule.tolerance

    def _bound(self) -> float:
        counts = np.array(self._pairs, dtype=np.float64)
        return rise_bound(counts[:, 0], counts[:, 1], self.rule.beta / (len(BOUND_LOOKS) + 1))

    def _conclude(self, *, unchanged: bool) -> CountDecision:
        pairs = len(self._pairs)
        outcome: Literal["regressed", "improved", "unchanged", "inconclusive"] = "inconclusive"
        if self.regressed.state is State.REJECTED:
            outcome = "regressed"
        elif self.improved.state is State.REJECTED:
            outcome = "improved"
        elif unchanged:
            outcome = "unchanged"
        nothing = np.zeros(pairs)
        shortest = rise_bound(nothing, nothing, self.rule.beta / (len(BOUND_LOOKS) + 1))
        short = shortest >= self.rule.tolerance
        counts = np.array(self._pairs, dtype=np.float64)
        self.decision = CountDecision(
            outcome=outcome,
            reason=None if outcome != "inconclusive" else "exposure too short" if short else "noise",
            pairs=pairs,
            base_rate=float(counts[:, 0].mean()),
            candidate_rate=float(counts[:, 1].mean()),
            rise_bound=self._bound(),
            p_regressed=self.regressed.p,
            p_improved=self.improved.p,
        )
        return self.decision


def _walk(rule: CountRule) -> Walk:
    return Walk(rule.alpha, CountScores(), lambda _: rule.cap, first=first_look(rule.alpha), cap=rule.cap)
