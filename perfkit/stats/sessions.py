"""Comparison with a stored baseline: unpaired sessions, with the variance between sessions on top.

Natural logarithms on a ratio scale (exp is the caller's), plain values on a difference scale; oriented so
that positive is worse. A screen for large changes: pairs are what holds a small budget.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import inf, log, sqrt
from typing import Final, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import stdtr, stdtrit

from perfkit.stats.pseudo_median import finite_sample, pseudo_median

SpreadSource = Literal["prior", "baseline sessions", "doctor"]

MIN_LAUNCHES: Final = 5
"""Fewer launches in a session say too little about its spread to be compared."""
MIN_SESSIONS: Final = 3
"""Fewer sessions say nothing about the spread between sessions: the prior stands alone."""
PRIOR_WEIGHT: Final = 8
"""Degrees of freedom the prior counts for against observed sessions."""
PSEUDO_MEDIAN_VARIANCE: Final = 1.05
"""Variance of a pseudo-median relative to a mean's on Gaussian values (π/3, rounded up)."""


@dataclass(frozen=True, slots=True)
class RepeatedSessions:
    """What doctor saw in A/A sessions: how many, and the sd of their centres beyond the noise of launches."""

    count: int
    tau: float


@dataclass(frozen=True, slots=True)
class SessionRule:
    """The parameters: θ0 `ignore`, δ `tolerance` and τ0 `tau_prior` in ln units (or the metric's unit).

    `alpha` is this finding's level after multiplicity. `widest` is the largest δ' with which "unchanged"
    still means something (35 %; use infinity on a difference scale).
    """

    ignore: float
    tolerance: float
    tau_prior: float
    alpha: float = 0.01
    beta: float = 0.05
    level: float = 0.98
    widest: float = log(1.35)

    def __post_init__(self) -> None:
        if min(self.ignore, self.tau_prior) < 0 or self.tolerance <= self.ignore:
            raise ValueError("a rule needs 0 <= ignore < tolerance and tau_prior >= 0")
        if not all(0.0 < share < 1.0 for share in (self.alpha, self.beta, self.level)):
            raise ValueError("alpha, beta and level lie between 0 and 1")


@dataclass(frozen=True, slots=True)
class SessionComparison:
    """The candidate session against the baseline's, in ln units (or the metric's unit); positive is worse.

    `suspected`, `improved` and `unchanged` are separate tests and are read in that order; none of them:
    inconclusive. `tolerance_seen` is δ', the smallest change that this comparison could have told from none.
    """

    difference: float
    low: float
    high: float
    standard_error: float
    degrees: float
    tau: float
    tau_source: SpreadSource
    p_regressed: float
    p_improved: float
    suspected: bool
    improved: bool
    unchanged: bool
    tolerance_seen: float
    base_count: int
    candidate_count: int
    session_count: int


def compare_sessions(
    base: Sequence[ArrayLike],
    candidate: ArrayLike,
    rule: SessionRule,
    doctor: RepeatedSessions | None = None,
) -> SessionComparison:
    """Compare the candidate's session with the K sessions of a baseline; each of shape (n_k,), oriented.

    Random effects over Hodges-Lehmann centres: D = m_c - mean(m_k), SE² = τ²(1 + 1/K) + v_c + v̄/K, with τ²
    shrunk to a prior worth 8 degrees of freedom, judged by Student's t. Raises ValueError for no base
    session, fewer than MIN_LAUNCHES values in a session, NaN or infinity.
    """
    sessions = [_session(values) for values in (*base, candidate)]
    if len(sessions) < 2:
        raise ValueError("a comparison needs at least one base session")
    variance = _pooled_variance(sessions)
    centres = np.array([pseudo_median(session) for session in sessions])
    variances = np.array([variance / session.size for session in sessions])
    k = len(sessions) - 1
    base_variance = float(variances[:-1].mean())
    spread = _spread(centres[:-1], base_variance, rule.tau_prior, doctor)
    error = sqrt(spread.tau**2 * (1 + 1 / k) + float(variances[-1]) + base_variance / k)
    counts = [session.size for session in sessions]
    return _judge(float(centres[-1] - centres[:-1].mean()), error, spread, counts, rule)


def _session(values: ArrayLike) -> NDArray[np.float64]:
    session = finite_sample(values)
    if session.size < MIN_LAUNCHES:
        raise ValueError(f"a session needs at least {MIN_LAUNCHES} launches, not {session.size}")
    return session


def _pooled_variance(sessions: Sequence[NDArray[np.float64]]) -> float:
    squares = sum(float(np.square(session - session.mean()).sum()) for session in sessions)
    return PSEUDO_MEDIAN_VARIANCE * squares / sum(session.size - 1 for session in sessions)


@dataclass(frozen=True, slots=True)
class _Spread:
    """The sd between sessions, the degrees of freedom behind it, and where both came from."""

    tau: float
    degrees: float
    source: SpreadSource


def _spread(centres: NDArray[np.float64], within: float, prior: float, doctor: RepeatedSessions | None) -> _Spread:
    """Doctor's sessions go before the baseline's, and those before the prior alone."""
    if doctor is not None and doctor.count >= MIN_SESSIONS:
        return _shrunk(prior, doctor.tau**2, doctor.count, "doctor")
    if centres.size >= MIN_SESSIONS:
        observed = max(0.0, float(centres.var(ddof=1)) - within)
        return _shrunk(prior, observed, centres.size, "baseline sessions")
    return _Spread(prior, inf, "prior")


def shrunk(prior: float, seen: RepeatedSessions) -> float:
    """The sd between sessions after shrinking what was seen to a prior worth PRIOR_WEIGHT degrees of freedom."""
    return _shrunk(prior, seen.tau**2, seen.count, "doctor").tau


def smallest_seen(rule: SessionRule, deviation: float, launches: int, doctor: RepeatedSessions | None) -> float:
    """δ' of a candidate against one stored session, so many launches each with an sd of `deviation`, in ln units."""
    spread = _spread(np.zeros(1), 0.0, rule.tau_prior, doctor)
    variance = PSEUDO_MEDIAN_VARIANCE * deviation**2 / launches
    return _seen(rule, sqrt(2 * (spread.tau**2 + variance)), spread.degrees)


def _shrunk(prior: float, observed_variance: float, count: int, source: SpreadSource) -> _Spread:
    degrees = PRIOR_WEIGHT + count - 1
    variance = (PRIOR_WEIGHT * prior**2 + (count - 1) * observed_variance) / degrees
    return _Spread(sqrt(variance), float(degrees), source)


def _judge(
    difference: float,
    error: float,
    spread: _Spread,
    counts: Sequence[int],
    rule: SessionRule,
) -> SessionComparison:
    degrees = spread.degrees
    t_beta = _quantile(degrees, 1 - rule.beta)
    reach = _quantile(degrees, (1 + rule.level) / 2) * error
    p_regressed = _upper_tail(difference - rule.ignore, error, degrees)
    p_improved = _upper_tail(-difference - rule.ignore, error, degrees)
    seen = _seen(rule, error, degrees)
    return SessionComparison(
        difference=difference,
        low=difference - reach,
        high=difference + reach,
        standard_error=error,
        degrees=degrees,
        tau=spread.tau,
        tau_source=spread.source,
        p_regressed=p_regressed,
        p_improved=p_improved,
        suspected=p_regressed <= rule.alpha,
        improved=p_improved <= rule.alpha,
        unchanged=seen <= rule.widest and difference + t_beta * error < seen,
        tolerance_seen=seen,
        base_count=sum(counts[:-1]),
        candidate_count=counts[-1],
        session_count=len(counts) - 1,
    )


def _seen(rule: SessionRule, error: float, degrees: float) -> float:
    reach = _quantile(degrees, 1 - rule.alpha) + _quantile(degrees, 1 - rule.beta)
    return max(rule.tolerance, rule.ignore + reach * error)


def _upper_tail(excess: float, error: float, degrees: float) -> float:
    """P(t > excess / error); without any error the excess itself decides."""
    if error == 0.0:
        return 0.0 if excess > 0 else 1.0
    return float(stdtr(degrees, -excess / error))


def _quantile(degrees: float, share: float) -> float:
    return float(stdtrit(degrees, share))
