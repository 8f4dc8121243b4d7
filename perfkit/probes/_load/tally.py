"""What became of a load's requests, drawn together as they end: a long load holds no more than a short one."""

from collections import Counter
from dataclasses import dataclass, field
from typing import Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from perfkit.instruments.histogram import LatencyHistogram
from perfkit.probes._load.flow import Flow
from perfkit.probes._load.settings import Plan
from perfkit.probes._load.slices import Slices
from perfkit.probes._load.validity import Offered
from perfkit.stats.quantiles import harrell_davis

ANSWERED, FAILED, TIMED_OUT, DROPPED = 1, 2, 3, 4
"""How a request ended."""

MOST_EXACT = 100_000
"""Readings up to which a quantile is computed from them all; of more, the histogram's 0.1 % is finer than noise."""


class Readings:
    """Durations in s: all of them in a histogram, and each by itself (`exact`) as long as there are few enough."""

    __slots__ = ("_each", "histogram")

    def __init__(self, *, exact: bool) -> None:
        self.histogram = LatencyHistogram()
        self._each: list[NDArray[np.float64]] | None = [] if exact else None

    def record(self, seconds: ArrayLike) -> None:
        """Add durations in s."""
        values = np.asarray(seconds, float)
        self.histogram.record(values)
        if self.count > MOST_EXACT:
            self._each = None
        if self._each is not None and values.size:
            self._each.append(values)

    def merge(self, other: Self) -> None:
        """Add those of another generator; they stay exact where both are."""
        self.histogram.merge(other.histogram)
        if self._each is not None:
            few = other._each is not None and self.count <= MOST_EXACT
            self._each = [*self._each, *(other._each or ())] if few else None

    @property
    def count(self) -> int:
        """How many durations there are."""
        return self.histogram.count

    @property
    def largest(self) -> float:
        """The longest, exactly, s."""
        return self.histogram.largest

    def quantile(self, share: float) -> float:
        """Harrell-Davis of the readings themselves, or the histogram's percentile where there are very many."""
        if self._each is None:
            return self.histogram.percentile(share)
        return harrell_davis(np.concatenate(self._each), share)


@dataclass(slots=True, kw_only=True)
class Tally:
    """The requests due in the window of `duration` s from `opens` on, and how many were answered within it.

    `response` = done - due (it gates), `service` = done - sent, `lag` = sent - due; failed requests are in all three,
    timeouts with the timeout's value. Times are s of any one clock; the tallies of several generators of one load
    merge if they count from the same start.
    """

    opens: float
    duration: float
    exact: bool
    flow: Flow
    response: Readings = field(init=False)
    service: Readings = field(init=False)
    lag: Readings = field(init=False)
    slowest: Slices = field(init=False)
    """The slowest response, s, by when it was due."""
    errors: Counter[str] = field(default_factory=Counter)
    requests: int = 0
    failed: int = 0
    timed_out: int = 0
    dropped: int = 0
    answered_in_window: int = 0
    most_in_flight: int = 0

    def __post_init__(self) -> None:
        self.response, self.service, self.lag = (Readings(exact=self.exact) for _ in range(3))
        self.slowest = Slices(self.opens, self.duration)

    @property
    def closes(self) -> float:
        """The window's end, s."""
        return self.opens + self.duration

    def add(
        self,
        due: NDArray[np.float64],
        sent: NDArray[np.float64],
        done: NDArray[np.float64],
        state: NDArray[np.uint8],
    ) -> None:
        """Count requests that have ended, in any order; of dropped ones only `due` matters."""
        ended = state != DROPPED
        self.flow.add(due[ended], done[ended])
        in_time = (done >= self.opens) & (done < self.closes)
        self.answered_in_window += int(np.count_nonzero(in_time & (state == ANSWERED)))
        measured = (due >= self.opens) & (due < self.closes)
        self.requests += int(np.count_nonzero(measured))
        self.failed += int(np.count_nonzero(measured & (state == FAILED)))
        self.timed_out += int(np.count_nonzero(measured & (state == TIMED_OUT)))
        self.dropped += int(np.count_nonzero(measured & (state == DROPPED)))
        flown = measured & ended
        self._record(due[flown], sent[flown], done[flown])

    def _record(self, due: NDArray[np.float64], sent: NDArray[np.float64], done: NDArray[np.float64]) -> None:
        if not due.size:
            return
        response = done - due
        self.response.record(response)
        self.service.record(done - sent)
        self.lag.record(np.maximum(0.0, sent - due))
        self.slowest.add(due, response)

    def merge(self, other: Self) -> None:
        """Add what another generator of the same load counted."""
        self.flow.merge(other.flow)
        self.response.merge(other.response)
        self.service.merge(other.service)
        self.lag.merge(other.lag)
        self.slowest.merge(other.slowest)
        self.errors += other.errors
        for name in ("requests", "failed", "timed_out", "dropped", "answered_in_window", "most_in_flight"):
            setattr(self, name, getattr(self, name) + getattr(other, name))

    @property
    def offered(self) -> Offered:
        """What the validity of an open loop is judged by."""
        return Offered(
            self.requests,
            self.dropped,
            self.timed_out,
            self.flow.behind(),
            self.lag.quantile(0.99) if self.lag.count else 0.0,
            self.response.quantile(0.99) if self.response.count else 0.0,
        )


def tally_for(plan: Plan, opens: float) -> Tally:
    """An empty tally of the plan's requests, whose window opens at `opens`, s of the clock that it will be told of.

    The readings of a closed loop are as many as the service lets happen, so they are kept as counts.
    """
    assert plan.pace is not None
    flow = Flow(opens, plan.duration, warmup=plan.warmup, timeout=plan.timeout)
    exact = 0 < plan.pace.requests_in(plan.duration) <= MOST_EXACT
    return Tally(opens=opens, duration=plan.duration, exact=exact, flow=flow)
