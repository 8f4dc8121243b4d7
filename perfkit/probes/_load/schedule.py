"""When requests are due, computed before the first is sent: pure, in s from the start."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from perfkit.probes._load.settings import Arrivals, Http


@dataclass(frozen=True, slots=True)
class Schedule:
    """Arrivals in order, the first `warmup` of them before the measured window."""

    due: NDArray[np.float64]
    warmup: int


def requests_in(rate: float, duration: float) -> int:
    """How many requests a window of `duration` s holds: the same in each launch, whatever the law of arrivals."""
    return max(1, round(rate * duration))


def arrival_times(law: Arrivals, rate: float, duration: float, rng: np.random.Generator) -> NDArray[np.float64]:
    """Sorted arrival times in [0, duration), `requests_in(rate, duration)` of them.

    `fixed`: at equal distances from 0. `poisson`: the order statistics of uniform times, which is a Poisson process
    given its count (Ross, Stochastic Processes, thm 2.3.1); with the count fixed each launch is as long an exposure.
    """
    count = requests_in(rate, duration)
    if law == "fixed":
        return np.arange(count, dtype=np.float64) * (duration / count)
    return np.sort(rng.uniform(0.0, duration, count))


def schedule(http: Http | None, warmup: float, duration: float, seed: int) -> Schedule:
    """The arrivals of a load: those of the warmup, then those of the window. Empty without requests."""
    if http is None:
        return Schedule(np.empty(0), 0)
    rng = np.random.default_rng(seed)
    before = arrival_times(http.arrivals, http.rate, warmup, rng) if warmup > 0 else np.empty(0)
    window = warmup + arrival_times(http.arrivals, http.rate, duration, rng)
    return Schedule(np.concatenate((before, window)), before.size)
