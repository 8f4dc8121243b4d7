"""What the statistics of pairs say, as changes of a metric."""

from collections.abc import Sequence
from dataclasses import replace
from math import expm1
from typing import Final

import numpy as np

from perfkit.judging.margins import Margins
from perfkit.judging.refusal import Refusal
from perfkit.model.change import Change
from perfkit.model.metric import Better, Kind, Metric, Scale
from perfkit.model.verdict import Reason
from perfkit.stats.counts import CountDecision
from perfkit.stats.decision import Decision, GateRule
from perfkit.stats.power import detectable, pair_spread, pairs_needed
from perfkit.stats.pseudo_median import pseudo_median, sequential_tail, signed_rank_interval

LEVEL: Final = 0.98
VARIES: Final = "the metric calls itself deterministic, but its values differ within a side: judged as noisy"
APPROXIMATE: Final = "approximate: the spread of the counts is estimated"

REASONS: Final = {
    "noise": Reason.NOISE,
    "out of time": Reason.OUT_OF_TIME,
    "too few pairs": Reason.TOO_FEW,
    "too coarse a quantum": Reason.TOO_COARSE,
    "exposure too short": Reason.EXPOSURE,
}

NO_PAIRS: Final = Refusal(
    Reason.TOO_FEW, "no pair was measured on both sides", "give it more time: a larger --max-time, or fewer benchmarks"
)


def from_decision(decision: Decision, metric: Metric, wanted: Margins) -> Change:
    """The change of noisy values; lengths of a ratio scale are carried back from logarithms."""
    interval = decision.interval

    def shown(value: float) -> float:
        return expm1(min(value, 700.0)) if metric.scale is Scale.RATIO else value

    return Change(
        estimate=shown(decision.estimate),
        low=shown(interval.low) if interval else None,
        high=shown(interval.high) if interval else None,
        confidence=LEVEL,
        relative=metric.scale is Scale.RATIO,
        ignore=wanted.ignore,
        tolerance=wanted.tolerance,
        detectable=shown(decision.detectable),
        p_worse=decision.p_regressed,
        p_better=decision.p_improved,
        suspected=decision.outcome == "regressed",
        improved=decision.outcome == "improved",
        unchanged=decision.outcome == "unchanged",
        method="pairs",
        between=wanted.between,
        between_from="doctor" if wanted.between else "",
        note="; ".join(_notes(decision, metric, wanted)),
        pairs=decision.pairs,
    )


def _notes(decision: Decision, metric: Metric, wanted: Margins) -> list[str]:
    varies = [VARIES] if metric.kind is Kind.DETERMINISTIC else []
    ignored = [f"ignored up to {wanted.ignore * 100:.1f} %: doctor's sessions of one program differ by that"]
    walked = ignored if wanted.between else []
    same = {"identical": ["identical values"], "constant": ["every pair differs by the same"], "walks": walked}
    return varies + same[decision.basis]


def undecided(differences: Sequence[float], rule: GateRule) -> Decision:
    """What differences say so far, where a gate still goes on."""
    pairs, deviation = len(differences), pair_spread(differences)
    needed = pairs_needed(rule.tolerance - rule.ignore, deviation, alpha=rule.alpha, beta=rule.beta)
    return Decision(
        outcome="inconclusive",
        reason=None,
        basis="walks",
        pairs=pairs,
        estimate=pseudo_median(differences),
        interval=signed_rank_interval(differences, sequential_tail(pairs)),
        p_regressed=None,
        p_improved=None,
        p_unchanged=None,
        within_tolerance=False,
        detectable=detectable(rule.ignore, deviation, pairs, alpha=rule.alpha, beta=rule.beta),
        further_pairs=max(0, needed - pairs),
    )


def of_counts(
    decision: CountDecision | None, metric: Metric, allowed: float, pairs: Sequence[tuple[int, int]]
) -> Change:
    """The change of a count in events a launch; without an interval, as only its worst is bounded."""
    before, after = np.asarray(pairs, dtype=float).mean(axis=0)
    rise = float(after - before)
    outcome = decision.outcome if decision else "inconclusive"
    return Change(
        estimate=rise if metric.better is Better.LOWER else -rise,
        low=None,
        high=None,
        confidence=LEVEL,
        relative=False,
        ignore=0.0,
        tolerance=allowed,
        detectable=None,
        p_worse=decision.p_regressed if decision else None,
        p_better=decision.p_improved if decision else None,
        suspected=outcome == "regressed",
        improved=outcome == "improved",
        unchanged=outcome == "unchanged",
        method="counts",
        note=APPROXIMATE,
        pairs=len(pairs),
    )


def counted(change: Change, pairs: int) -> Change:
    """The change with the number of pairs that it rests on."""
    return replace(change, pairs=pairs)


NO_MARGINS: Final = Margins(0.0, 0.0, 0.0)
"""Of a change that nothing says the size of."""
