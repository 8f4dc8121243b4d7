"""What this machine could decide: A/A sessions become spreads, predictions, and whether it can hold a tolerance."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from math import expm1, inf, log1p, sqrt
from typing import Final

import numpy as np

from perfkit.judging.fitness_wording import summary
from perfkit.judging.margins import pair_margins, prior_between
from perfkit.judging.options import Options
from perfkit.judging.repeated import (
    COLUMNS,
    NO_RUN_DELAY,
    counting,
    differences,
    known_between,
    later,
    launches,
    spread_between,
)
from perfkit.model.diagnosis import Between, Need, Noise, Prediction, Repeat, Spread
from perfkit.model.launch import Disturbance
from perfkit.model.metric import Metric, Resource
from perfkit.stats.decision import GateRule
from perfkit.stats.power import detectable, pair_spread, pairs_needed
from perfkit.stats.pseudo_median import pseudo_median, signed_rank_interval
from perfkit.stats.repeats import SEPARATE, autocorrelation, quantum, separation
from perfkit.stats.sessions import MIN_SESSIONS, SessionRule, shrunk, smallest_seen

SPENT: Final = (10.0, 60.0, 300.0)
"""Seconds of measuring both sides of a benchmark, for which a prediction is made."""
CHANGES: Final = (0.01, 0.03, 0.05, 0.10)
"""Changes whose price in pairs is told."""
MOST: Final = GateRule(0.0, 1.0).cap
FEWEST: Final = GateRule(0.0, 1.0).earliest
STORED: Final = 10
"""Launches a session, for what a stored baseline would see."""
TAIL: Final = 0.01
"""One side's tail of a 98 % interval."""
ROUNDING: Final = 1e-12


@dataclass(frozen=True, slots=True)
class _Reading:
    """One row: its name, the metric that it is judged as, and where its values stand."""

    label: str
    metric: Metric
    column: str


@dataclass(frozen=True, slots=True)
class _Sessions:
    """What was measured, the sessions that count for the spread between them, and what a pair took in s."""

    measured: Sequence[Repeat]
    apart: Sequence[Repeat]
    cost: float
    options: Options


_READINGS = (
    _Reading("wall time", Metric("ready_time", "s", resource=Resource.WALL), COLUMNS[Resource.WALL]),
    _Reading("wall - run delay", Metric("ready_time", "s", resource=Resource.WALL), NO_RUN_DELAY),
    _Reading("CPU time", Metric("cpu_time", "s", resource=Resource.CPU), COLUMNS[Resource.CPU]),
    _Reading("peak memory", Metric("peak_memory", "B", resource=Resource.MEMORY), COLUMNS[Resource.MEMORY]),
)
_HOLDING = ("wall time", "CPU time")
"""What a budget of time can name."""


def noise_of(measured: Sequence[Repeat], stored: Sequence[Repeat], options: Options) -> Noise:
    """What the sessions measured now say of launches and pairs, and the stored ones (those included) of sessions.

    `options` brings the errors, what is ignored and the tolerance; what it knows between sessions is replaced.
    """
    options = replace(options, between=known_between(stored))
    pairs = sum(len(repeat.swapped) for repeat in measured)
    cost = sum(repeat.ended - repeat.started for repeat in measured) / pairs
    known = _Sessions(measured, counting(stored), cost, options)
    spreads = tuple(_spread(reading, known) for reading in _READINGS)
    holding = [(spread.metric, spread.holds) for spread in spreads if spread.metric in _HOLDING]
    gate_on = tuple(name for name, need in sorted(holding, key=_pairs) if not need.reason)
    found = Noise(
        sessions=len(measured),
        apart=len(known.apart),
        program=measured[-1].program,
        pair_seconds=cost,
        contaminated=sum(repeat.contaminated for repeat in measured) / (2 * pairs),
        during=_worst([repeat.during for repeat in measured]),
        idle=_worst([repeat.idle for repeat in measured]),
        busy=max((repeat.busy for repeat in measured if repeat.busy is not None), default=None),
        spreads=spreads,
        gate_on=gate_on,
        passed=bool(gate_on),
        summary=(),
    )
    return replace(found, summary=summary(found))


def _spread(reading: _Reading, known: _Sessions) -> Spread:
    rows = [launches(repeat, reading.column) for repeat in known.measured]
    centred = np.concatenate([row - pseudo_median(row) for row in rows])
    plain = np.exp(np.concatenate(rows))
    median = float(np.median(plain))
    orders = np.concatenate([later(repeat, reading.column) for repeat in known.measured])
    interval = signed_rank_interval(orders, TAIL)
    deviation = pair_spread(np.concatenate([differences(repeat, reading.column) for repeat in known.measured]))
    ignored = _ignored(reading.metric, median, known.options)
    step = quantum(plain)
    apart = separation(centred, step / median / sqrt(12))
    return Spread(
        metric=reading.label,
        unit=reading.metric.unit,
        launches=plain.size,
        median=median,
        deviation=deviation,
        autocorrelation=autocorrelation(rows),
        independent=2 / sqrt(plain.size),
        order=expm1(pseudo_median(orders)),
        order_low=expm1(interval.low) if interval else None,
        order_high=expm1(interval.high) if interval else None,
        separation=apart,
        two_modes=apart > SEPARATE,
        quantum=step,
        detectable=tuple(_prediction(spent, deviation, ignored, known) for spent in SPENT),
        needed=tuple(_need(change, deviation, ignored, known) for change in CHANGES),
        holds=_need(known.options.tolerance, deviation, ignored, known),
        between=_between(reading, pair_spread(centred), known),
    )


def _between(reading: _Reading, deviation: float, known: _Sessions) -> Between:
    options, metric = known.options, reading.metric
    seen, pairs = spread_between(known.apart, reading.column)
    enough = seen.count >= MIN_SESSIONS
    prior = prior_between(metric, options)
    rule = SessionRule(log1p(options.ignore), log1p(options.tolerance), prior, options.alpha, options.beta)
    return Between(
        sessions=seen.count,
        seen=seen.tau if enough else None,
        used=shrunk(prior, seen) if enough else prior,
        pairs=pairs if enough else 0.0,
        stored=expm1(smallest_seen(rule, deviation, STORED, seen if enough else None)),
        reason="" if enough else f"{min(seen.count, len(known.apart))} of {MIN_SESSIONS} sessions a minute apart",
    )


def _prediction(spent: float, deviation: float, ignored: float, known: _Sessions) -> Prediction:
    pairs = max(1, min(MOST, int(spent / known.cost)))
    change = detectable(ignored, deviation, pairs, alpha=known.options.alpha, beta=known.options.beta)
    return Prediction(spent, pairs, expm1(change))


def _need(change: float, deviation: float, ignored: float, known: _Sessions) -> Need:
    gap = log1p(change) - ignored
    if gap <= ROUNDING:
        return Need(change, None, None, f"changes up to {expm1(ignored) * 100:.3g} % are ignored")
    options = known.options
    pairs = max(FEWEST, pairs_needed(gap, deviation, alpha=options.alpha, beta=options.beta))
    return Need(change, pairs, pairs * known.cost, f"a gate takes {MOST} pairs at most" if pairs > MOST else "")


def _ignored(metric: Metric, middle: float, options: Options) -> float:
    wanted = pair_margins(metric, None, middle, options)
    return log1p(wanted.ignore if wanted else options.ignore)


def _pairs(holding: tuple[str, Need]) -> float:
    return holding[1].pairs or inf


def _worst(seen: Sequence[Disturbance]) -> Disturbance:
    """The largest of each reading; None where no session could read it."""
    rows = [asdict(each) for each in seen]
    return Disturbance(**{name: max(filter(_is_known, (row[name] for row in rows)), default=None) for name in rows[0]})


def _is_known(value: float | None) -> bool:
    return value is not None
