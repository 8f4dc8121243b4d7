"""When requests are due, computed before the first is sent: pure, in s from the start."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from perfkit.probes._load.pace import Pace


@dataclass(frozen=True, slots=True)
class Schedule:
    """Arrivals in order, the first `warmup` of them before the measured window."""

    due: NDArray[np.float64]
    warmup: int


def requests_in(rate: float, duration: float) -> int:
    """How many requests `duration` s at `rate` hold: the same in each launch, whatever the law of arrivals."""
    return max(1, round(rate * duration))


def fixed_times(rate: float, duration: float) -> NDArray[np.float64]:
    """`requests_in(rate, duration)` times in [0, duration) at equal distances from 0."""
    count = requests_in(rate, duration)
    return np.arange(count, dtype=np.float64) * (duration / count)


def poisson_times(rate: float, duration: float, rng: np.random.Generator) -> NDArray[np.float64]:
    """`requests_in(rate, duration)` times of a Poisson process in [0, duration), sorted.

    They are the order statistics of uniform times, which is the process given its count (Ross, Stochastic Processes,
    thm 2.3.1); with the count fixed each launch is as long an exposure.
    """
    return np.sort(rng.uniform(0.0, duration, requests_in(rate, duration)))


def ramp_times(first: float, last: float, duration: float) -> NDArray[np.float64]:
    """Times in [0, duration) whose rate goes evenly from `first` to `last`: one for each whole request due by then.

    At t there are due N(t) = first t + (last - first) t² / 2 duration; its inverse, in the form that does not cancel.
    """
    count = requests_in((first + last) / 2, duration)
    due = np.arange(count) * ((first + last) / 2 * duration / count)
    slope = (last - first) / duration
    times: NDArray[np.float64] = 2 * due / (first + np.sqrt(first**2 + 2 * slope * due))
    return times


def step_times(steps: ArrayLike) -> NDArray[np.float64]:
    """Times at the equal distances of each step (rate, s), one step after the other."""
    begins, times = 0.0, []
    for rate, seconds in np.asarray(steps, float).tolist():
        times.append(begins + fixed_times(rate, seconds))
        begins += seconds
    return np.concatenate(times)


def schedule(pace: Pace, warmup: float, duration: float, seed: int) -> Schedule:
    """The arrivals of an open loop: those of the warmup at the rate that the window begins with, then the window's."""
    rng = np.random.default_rng(seed)
    before = np.empty(0)
    if warmup > 0:
        poisson = pace.arrivals == "poisson"
        before = poisson_times(pace.rate, warmup, rng) if poisson else fixed_times(pace.first_rate, warmup)
    match pace.arrivals:
        case "poisson":
            window = poisson_times(pace.rate, duration, rng)
        case "ramp":
            window = ramp_times(pace.rate, pace.rate_end, duration)
        case "steps":
            window = step_times(pace.steps)
        case _:
            window = fixed_times(pace.rate, duration)
    return Schedule(np.concatenate((before, warmup + window)), before.size)
