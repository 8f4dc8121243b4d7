"""When a load is void: the generator, not the service, decided what was measured. Pure."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from perfkit.model.units import format_quantity

_LEAST_ACHIEVED = 0.99
_LAG_FLOOR = 1e-3
_LAG_SHARE = 0.05
_BUSY = 0.95
_CATCHES_UP = 1.25


@dataclass(frozen=True, slots=True)
class Offered:
    """What a load of requests came to, in s and 1. `behind` as `falling_behind` counts, `generator` in cores."""

    requests: int
    dropped: int
    timed_out: int
    behind: int
    send_lag_p99: float
    response_p99: float

    @property
    def achieved(self) -> float:
        """The share of the offered requests that the service kept up with."""
        return (self.requests - self.dropped - self.timed_out - self.behind) / self.requests


@dataclass(frozen=True, slots=True)
class Objection:
    """Why a load is void, and what to do about it."""

    why: str
    hint: str


_TOO_MUCH = "the service cannot do this rate here: lower `rate`"
_TOO_SLOW = "the generator had no core for itself: stop other work on the machine, or lower `rate`"


def objections(offered: Offered) -> tuple[Objection, ...]:
    """What makes a load of requests void; none means that it is valid."""
    most_lag = max(_LAG_FLOOR, _LAG_SHARE * offered.response_p99)
    found = []
    if offered.dropped:
        why = f"{offered.dropped} of {offered.requests} requests dropped at the cap of requests in flight"
        found.append(Objection(why, _TOO_MUCH))
    if offered.achieved < _LEAST_ACHIEVED:
        why = f"the service kept up with {offered.achieved * 100:.1f} % of the offered requests (needs 99 %)"
        found.append(Objection(why, _TOO_MUCH))
    if offered.send_lag_p99 > most_lag:
        lag, most = format_quantity(offered.send_lag_p99, "s"), format_quantity(most_lag, "s")
        found.append(Objection(f"the generator sent late: p99 {lag}, allowed {most}", _TOO_SLOW))
    return tuple(found)


def busy_listener(cores: float) -> tuple[Objection, ...]:
    """The objection to a generator that only listens and had no time to spare: what it stamps is its own queue."""
    return (Objection(f"the generator used {cores * 100:.0f} % of its core", _TOO_SLOW),) if cores > _BUSY else ()


def falling_behind(due: NDArray[np.float64], done: NDArray[np.float64], opens: float, closes: float) -> int:
    """How many requests the service fell behind by in the window, because it can do no more.

    `due` and `done` are the stamps of all requests, s. A request in flight is no backlog, so the growth of the number
    in flight counts only if it is beyond 1 % of the window's requests, beyond all that was in flight in the window's
    first half, and was not worked off after the window much faster than requests had come (then it was a pause).
    """
    offered = int(np.count_nonzero((due >= opens) & (due < closes)))
    due, done = np.sort(due), np.sort(done)
    at_end = _in_flight(due, done, np.array([closes]))[0]
    growth = int(at_end - _in_flight(due, done, np.array([opens]))[0])
    if growth <= (1 - _LEAST_ACHIEVED) * offered:
        return 0
    first_half = due[(due >= opens) & (due < (opens + closes) / 2)]
    if first_half.size and at_end <= _in_flight(due, done, first_half).max():
        return 0
    later = done[done > closes]
    worked_off = later[-1] - later[0]
    if worked_off * offered * _CATCHES_UP < (later.size - 1) * (closes - opens):
        return 0
    return growth


def _in_flight(due: NDArray[np.float64], done: NDArray[np.float64], at: NDArray[np.float64]) -> NDArray[np.int64]:
    """How many requests were due and not done at each time; both sorted."""
    return np.searchsorted(due, at, side="right") - np.searchsorted(done, at, side="right")
