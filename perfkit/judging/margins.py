"""The two anchors of a decision and the prior spread between sessions, by kind of metric."""

from dataclasses import dataclass
from math import expm1
from typing import Final

from perfkit.judging.options import Options
from perfkit.model.budget import Tolerance
from perfkit.model.metric import Kind, Metric, Resource, Scale
from perfkit.stats.repeats import largest_spread
from perfkit.stats.sessions import RepeatedSessions

SMALLEST_MEMORY: Final = 256 * 1024.0
"""B; allocators move by pages and arenas, so smaller changes of a peak say nothing."""
TAIL_TOLERANCE: Final = 0.10
"""δ of a p95 or p99 without a tolerance of its own: tails vary more."""
BETWEEN_SHARE: Final = 2.33
"""θ0 in units of τ: what two sessions of one commit differ by in all but one of a hundred comparisons."""
APART: Final = 0.01
"""δ lies at least this far above θ0."""
STEADY_PRIOR: Final = 0.02
"""τ0 of CPU time and memory."""
WALL_PRIOR: Final = 0.10
"""τ0 of wall time and of whatever else depends on when it ran (rates, latencies, loads), unless doctor knows better."""


@dataclass(frozen=True, slots=True)
class Margins:
    """θ0 `ignore`, δ `tolerance` and τ0 `prior`: fractions on a ratio scale, else in the metric's unit.

    `between` is the τ of pairs where it is what raised θ0.
    """

    ignore: float
    tolerance: float
    prior: float
    between: float | None = None


def margins(metric: Metric, tolerance: Tolerance | None, base: float, options: Options) -> Margins | None:
    """The margins of a noisy metric whose base lies at `base`; None where a difference has no tolerance to go by.

    On a difference scale nothing but the tolerance gives the size of things: θ0 is a fifth of it and τ0 two
    fifths, as 1 % and 2 % are to the usual 5 %.
    """
    if metric.scale is Scale.DIFFERENCE:
        if tolerance is None or tolerance.amount <= 0:
            return None
        return Margins(tolerance.amount / 5, tolerance.amount, tolerance.amount * 2 / 5)
    ignore = options.ignore
    if metric.resource is Resource.MEMORY and metric.unit == "B" and base > 0:
        ignore = max(ignore, SMALLEST_MEMORY / base)
    wanted = tolerance.amount if tolerance else default_tolerance(metric, options)
    return Margins(ignore, max(wanted, ignore + APART), prior_between(metric, options))


def pair_margins(metric: Metric, tolerance: Tolerance | None, middle: float, options: Options) -> Margins | None:
    """The same for pairs: both sides share a session, so only the τ of pairs counts, where known: θ0 >= 2.33 τ."""
    wanted = margins(metric, tolerance, middle, options)
    known = options.between.get(metric.resource)
    if wanted is None or known is None or metric.scale is Scale.DIFFERENCE:
        return wanted
    ignore = expm1(BETWEEN_SHARE * known.pairs)
    if ignore <= wanted.ignore:
        return wanted
    return Margins(ignore, max(wanted.tolerance, ignore + APART), wanted.prior, known.pairs)


def default_tolerance(metric: Metric, options: Options) -> float:
    """δ as a fraction where no budget names one."""
    is_tail = any(tail in metric.name for tail in ("p95", "p99"))
    return max(options.tolerance, TAIL_TOLERANCE) if is_tail else options.tolerance


def prior_between(metric: Metric, options: Options) -> float:
    """τ0 of a ratio; doctor's sessions bring that of wall times down as far as they exclude a larger one, with 80 %."""
    if metric.resource in {Resource.CPU, Resource.MEMORY} or metric.kind is Kind.DETERMINISTIC:
        return STEADY_PRIOR
    known = options.between.get(metric.resource)
    if known is None:
        return WALL_PRIOR
    excluded = largest_spread(RepeatedSessions(known.sessions, known.tau))
    return min(WALL_PRIOR, max(STEADY_PRIOR, excluded))
