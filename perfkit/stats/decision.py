"""The rule of a gate on pairs, and what it says when it stops."""

from dataclasses import dataclass, replace
from typing import Final, Literal

from perfkit.stats.pseudo_median import Interval

Outcome = Literal["regressed", "improved", "unchanged", "inconclusive"]
Undecided = Literal["noise", "out of time", "too few pairs", "too coarse a quantum", "exposure too short"]
Basis = Literal["walks", "identical", "constant"]
Confirmation = Literal["confirmed", "disagreed", "undecided"]

FEWEST_PAIRS: Final = 7
"""Fewer pairs cannot reject at 1 % even if all agree: 2^-7 is .8 %."""
FEWEST_NONZERO: Final = 8
"""Fewer nonzero differences mean that the values are too coarse to tell a change from none."""


@dataclass(frozen=True, slots=True)
class GateRule:
    """θ0 `ignore` and δ `tolerance` in ln units (or the metric's), the errors, and the bounds of the walks.

    `alpha` is the error of a false "regressed" or "improved", after multiplicity; `beta` that of a false
    "unchanged". No walk looks before `earliest` pairs nor goes on after `cap`, both set beforehand.
    """

    ignore: float
    tolerance: float
    alpha: float = 0.01
    beta: float = 0.05
    earliest: int = 8
    cap: int = 100

    def __post_init__(self) -> None:
        if not 0.0 <= self.ignore < self.tolerance:
            raise ValueError("a rule needs 0 <= ignore < tolerance")
        if not all(0.0 < error < 0.5 for error in (self.alpha, self.beta)):
            raise ValueError("alpha and beta lie between 0 and 0.5")
        if not 1 <= self.earliest <= self.cap:
            raise ValueError("a rule needs 1 <= earliest <= cap")

    def for_confirmation(self) -> "GateRule":
        """The rule of the second batch: 5 % to confirm (from 6 pairs), 1 % to disagree; not divided by a family."""
        return replace(self, alpha=0.05, beta=0.01, earliest=6)


@dataclass(frozen=True, slots=True)
class Decision:
    """What the pairs say; every length in ln units (or the metric's), positive is worse.

    The p of a walk that another one stopped is None: "p > its level". `within_tolerance` marks a regression proven
    to lie between θ0 and δ. `interval` is at 98 % and clipped to what was proven; "unchanged" rests on its own test
    at 1 - beta and is never read off it. `further_pairs` is what an inconclusive gate would still
    take, 0 where it had as many as it usually takes.
    """

    outcome: Outcome
    reason: Undecided | None
    basis: Basis
    pairs: int
    estimate: float
    interval: Interval | None
    p_regressed: float | None
    p_improved: float | None
    p_unchanged: float | None
    within_tolerance: bool
    detectable: float
    further_pairs: int


def confirmation(decision: Decision) -> Confirmation:
    """What a second batch, judged by `GateRule.for_confirmation`, says of the regression the first one found."""
    if decision.outcome == "regressed":
        return "confirmed"
    return "undecided" if decision.outcome == "inconclusive" else "disagreed"
