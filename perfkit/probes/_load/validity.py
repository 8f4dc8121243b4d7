"""When a load is void: the generator, not the service, decided what was measured. Pure."""

import errno
import os
from collections.abc import Mapping
from dataclasses import dataclass

from perfkit.model.units import format_quantity

_LEAST_ACHIEVED = 0.99
_LAG_FLOOR = 1e-3
_LAG_SHARE = 0.05
_BUSY = 0.95


@dataclass(frozen=True, slots=True)
class Offered:
    """What a load of requests came to, in s and 1. `behind` as `Flow.behind` counts."""

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
    """Why a load is void, and what to do about it; `generator` where it was not the service that was too slow."""

    why: str
    hint: str
    generator: bool = False


_TOO_MUCH = "the service cannot do this rate here: lower `rate`"
_NO_MORE_FILES = os.strerror(errno.EMFILE).lower()
_TOO_SLOW = "the generator had no core for itself: stop other work on the machine, or lower `rate`"


def objections(offered: Offered, errors: Mapping[str, int]) -> tuple[Objection, ...]:
    """What makes an open loop of requests void; none means that it is valid. `errors` are counted by class."""
    most_lag = max(_LAG_FLOOR, _LAG_SHARE * offered.response_p99)
    found = []
    if _NO_MORE_FILES in errors:
        why = f"{errors[_NO_MORE_FILES]} requests could not be sent: the generator may open no more files"
        found.append(
            Objection(why, "raise the hard limit of open files (ulimit -Hn), or lower `in_flight`", generator=True)
        )
    found += [*not_sent(offered.dropped, offered.requests), *too_little(offered.achieved)]
    if offered.send_lag_p99 > most_lag:
        lag, most = format_quantity(offered.send_lag_p99, "s"), format_quantity(most_lag, "s")
        found.append(Objection(f"the generator sent late: p99 {lag}, allowed {most}", _TOO_SLOW, generator=True))
    return tuple(found)


def not_sent(dropped: int, requests: int) -> tuple[Objection, ...]:
    """The objection to a load of so many `requests`, of which any were `dropped`."""
    why = f"{dropped} of {requests} requests dropped at the cap of requests in flight"
    return (Objection(why, _TOO_MUCH),) if dropped else ()


def too_little(achieved: float) -> tuple[Objection, ...]:
    """The objection to a service that kept up with only the share `achieved` of what was offered."""
    why = f"the service kept up with {achieved * 100:.1f} % of the offered requests (needs 99 %)"
    return (Objection(why, _TOO_MUCH),) if achieved < _LEAST_ACHIEVED else ()


def busy_generator(cores: float) -> tuple[Objection, ...]:
    """The objection to a generator without a schedule that had no time to spare: what it stamps is its own queue."""
    return (
        (Objection(f"the generator used {cores * 100:.0f} % of its core", _TOO_SLOW, generator=True),)
        if cores > _BUSY
        else ()
    )
