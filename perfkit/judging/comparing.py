"""Samples become a change: exactly, as counts, or as sessions of noisy launches."""

from collections.abc import Sequence
from math import expm1, inf, log, log1p

import numpy as np

from perfkit.judging import small_memory
from perfkit.judging.counting import compare_counts
from perfkit.judging.exact import compare_exact
from perfkit.judging.margins import Margins, margins
from perfkit.judging.options import Options
from perfkit.judging.refusal import Refusal
from perfkit.judging.summaries import LEVEL, constant
from perfkit.model.budget import Tolerance
from perfkit.model.change import IDENTICAL, Change
from perfkit.model.metric import Better, Kind, Metric, Scale
from perfkit.model.units import counted
from perfkit.model.verdict import Reason
from perfkit.stats.sessions import MIN_LAUNCHES, RepeatedSessions, SessionComparison, SessionRule, compare_sessions

WIDEST = log(1.35)
"""In ln units; a comparison that could only see more than 35 %, and twice the tolerance, has seen nothing."""
VARIES = "the metric calls itself deterministic, but its values differ within a side: judged as noisy"
Sessions = Sequence[Sequence[float]]


def change(
    metric: Metric, base: Sessions, candidate: Sequence[float], tolerance: Tolerance | None, options: Options
) -> Change | Refusal:
    """The candidate's session against the base's sessions, oldest first; `options.alpha` is the level of this one."""
    if metric.kind is Kind.COUNT:
        return compare_counts(metric, base, candidate, tolerance, options)
    if constant(metric, candidate) and constant(metric, base[-1]):
        return compare_exact(metric, base[-1][0], candidate[0], tolerance)
    return _noisy(metric, base, candidate, tolerance, options)


def is_exact(metric: Metric, base: Sessions, candidate: Sequence[float]) -> bool:
    """Whether the comparison takes no chance, and so none of the judgement's alpha."""
    return constant(metric, candidate) and constant(metric, base[-1])


def _noisy(
    metric: Metric, base: Sessions, candidate: Sequence[float], tolerance: Tolerance | None, options: Options
) -> Change | Refusal:
    usable = [session for session in base if len(session) >= MIN_LAUNCHES]
    if refusal := _refused(metric, base, usable, candidate):
        return refusal
    middle = float(np.median(np.concatenate(usable)))
    wanted = margins(metric, tolerance, middle, options)
    if wanted is None:
        why = "no tolerance says how large a change of this metric is large"
        return Refusal(Reason.NOISE, why, f"give {metric.name} a tolerance, such as '+1 {metric.unit}'")
    scale = metric.scale
    rule = SessionRule(
        ignore=_in_scale(wanted.ignore, scale),
        tolerance=_in_scale(wanted.tolerance, scale),
        tau_prior=wanted.prior,
        alpha=options.alpha,
        beta=options.beta,
        level=LEVEL,
        widest=max(WIDEST, 2 * log1p(wanted.tolerance)) if scale is Scale.RATIO else inf,
    )
    seen = options.between.get(metric.resource) if scale is Scale.RATIO else None
    doctor = RepeatedSessions(seen.sessions, seen.tau) if seen else None
    said = compare_sessions([_oriented(metric, row) for row in usable], _oriented(metric, candidate), rule, doctor)
    identical = all(sorted(session) == sorted(candidate) for session in usable)
    if identical:
        return _identical(said, wanted, metric)
    return _as_change(said, wanted, metric, small_memory.remark(metric, wanted, middle))


def _refused(metric: Metric, base: Sessions, usable: Sessions, candidate: Sequence[float]) -> Refusal | None:
    advice = "measure more launches: perfkit gate --processes 7"
    if len(candidate) < MIN_LAUNCHES:
        return Refusal(
            Reason.TOO_FEW, f"{counted(len(candidate), 'launch')}; a comparison needs {MIN_LAUNCHES}", advice
        )
    if not usable:
        most = max(len(session) for session in base)
        advice = "save a baseline of more launches: perfkit run --processes 7, then perfkit baseline save"
        return Refusal(
            Reason.TOO_FEW, f"the baseline has {counted(most, 'launch')}; a comparison needs {MIN_LAUNCHES}", advice
        )
    rows = (*usable, candidate)
    bad = sum(value <= 0 for row in rows for value in row) if min(map(min, rows)) <= 0 else 0
    if bad and metric.scale is Scale.RATIO:
        why = f"{bad} of {sum(map(len, rows))} values are zero or negative, and {metric.name} is compared by ratio"
        return Refusal(Reason.NOT_POSITIVE, why, "give it a limit, or scale `difference` and a tolerance in its unit")
    return None


def _oriented(metric: Metric, values: Sequence[float]) -> np.ndarray:
    row = np.asarray(values, dtype=np.float64)
    row = np.log(row) if metric.scale is Scale.RATIO else row
    return row if metric.better is Better.LOWER else -row


def _in_scale(share: float, scale: Scale) -> float:
    return log1p(share) if scale is Scale.RATIO else share


def _shown(value: float, scale: Scale) -> float:
    return expm1(min(value, 700.0)) if scale is Scale.RATIO else value


def _as_change(said: SessionComparison, wanted: Margins, metric: Metric, remark: str) -> Change:
    scale = metric.scale
    return Change(
        estimate=_shown(said.difference, scale),
        low=_shown(said.low, scale),
        high=_shown(said.high, scale),
        confidence=LEVEL,
        relative=scale is Scale.RATIO,
        ignore=wanted.ignore,
        tolerance=wanted.tolerance,
        detectable=_shown(said.tolerance_seen, scale),
        p_worse=said.p_regressed,
        p_better=said.p_improved,
        suspected=said.suspected,
        improved=said.improved,
        unchanged=said.unchanged,
        method="sessions",
        between=said.tau,
        between_from=said.tau_source,
        note="; ".join(filter(None, (VARIES if metric.kind is Kind.DETERMINISTIC else "", remark))),
    )


def _identical(said: SessionComparison, wanted: Margins, metric: Metric) -> Change:
    """The same numbers twice are one measurement, whatever the spread between sessions may be."""
    return Change(
        0.0, 0.0, 0.0, LEVEL, metric.scale is Scale.RATIO, wanted.ignore, wanted.tolerance,
        _shown(said.tolerance_seen, metric.scale), 1.0, 1.0,
        suspected=False, improved=False, unchanged=True, method="sessions",
        between=said.tau, between_from=said.tau_source, note=IDENTICAL,
    )  # fmt: skip
