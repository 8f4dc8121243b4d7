"""One side of a comparison in a few numbers."""

from collections.abc import Sequence
from itertools import chain

import numpy as np

from perfkit.model.change import Summary
from perfkit.model.metric import Kind, Metric, Scale
from perfkit.stats.estimate import Estimate, estimate

LEVEL = 0.98
NOTHING = Summary(0, float("nan"))


def summarise(metric: Metric, sessions: Sequence[Sequence[float]]) -> Summary:
    """The side's centre and, for a single session, the centre's interval.

    The centre is the pseudo-median, over several sessions the mean of theirs (geometric on a ratio scale), so that
    it agrees with the change that is shown beside it. The interval is at 98 %, with 5 or 6 launches at the widest
    level they support; several sessions have none, as launches say nothing about the spread between sessions.
    """
    values = list(chain.from_iterable(sessions))
    if not values:
        return NOTHING
    total = float(sum(values))
    if constant(metric, values):
        return Summary(len(values), values[0], values[0], values[0], 1.0, total, len(sessions))
    centred = [centre(metric, session) for session in sessions if session]
    if len(centred) == 1 and (bounds := centred[0].interval) is not None:
        level = centred[0].level
        return Summary(len(values), centred[0].pseudo_median, bounds.low, bounds.high, level, total, len(sessions))
    return Summary(
        len(values), _middle(metric, [one.pseudo_median for one in centred]), total=total, sessions=len(sessions)
    )


def constant(metric: Metric, values: Sequence[float]) -> bool:
    """Whether a metric that calls itself deterministic kept its word on this side."""
    return metric.kind is Kind.DETERMINISTIC and min(values) == max(values)


def centre(metric: Metric, values: Sequence[float]) -> Estimate:
    """Pseudo-median and interval of one session; plain values where logarithms do not exist."""
    count = len(values)
    level = 1 - 2 * 0.5**count if count in {5, 6} else LEVEL
    is_ratio = metric.scale is Scale.RATIO and metric.kind is not Kind.COUNT and min(values) > 0
    return estimate(values, scale="ratio" if is_ratio else "difference", level=level)


def _middle(metric: Metric, centres: Sequence[float]) -> float:
    if metric.scale is Scale.RATIO and min(centres) > 0:
        return float(np.exp(np.mean(np.log(centres))))
    return float(np.mean(centres))
