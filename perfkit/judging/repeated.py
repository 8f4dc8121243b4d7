"""What A/A sessions tell a judgement of their machine: how far its sessions lie apart."""

from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby
from typing import Final

import numpy as np
from numpy.typing import NDArray

from perfkit.judging.options import Between
from perfkit.model.diagnosis import Repeat
from perfkit.model.metric import Resource
from perfkit.stats.repeats import session_spread
from perfkit.stats.sessions import MIN_LAUNCHES, MIN_SESSIONS, RepeatedSessions, shrunk

APART: Final = 60.0
"""s between the end of a session and the start of the next: neighbours in time share what a machine does."""
SLEW: Final = 0.5
"""s by which the clock of the day may fall back in a wait of that length."""
NEWEST: Final = 20
"""So many sessions count; older ones are of another state of the machine."""
NO_RUN_DELAY: Final = "ready_time - run_delay"
COLUMNS: Final = {Resource.WALL: "ready_time", Resource.CPU: "cpu_time", Resource.MEMORY: "peak_memory"}
"""Which value of doctor's program stands for all metrics of a resource."""
_SETTINGS = ("governor", "power")


def counting(repeats: Iterable[Repeat]) -> tuple[Repeat, ...]:
    """The newest sessions that are long enough and far enough apart, oldest first."""
    kept: list[Repeat] = []
    for repeat in sorted(repeats, key=lambda each: each.started):
        apart = not kept or repeat.started - kept[-1].ended >= APART - SLEW
        if apart and 2 * len(repeat.swapped) >= MIN_LAUNCHES:
            kept.append(repeat)
    return tuple(kept[-NEWEST:])


def known_between(repeats: Iterable[Repeat]) -> Mapping[Resource, Between]:
    """The spread between sessions by resource; empty below three sessions that count, of one program and setting."""
    counted = counting(repeats)
    found = {}
    for resource, column in COLUMNS.items():
        seen, pairs = spread_between(counted, column)
        if seen.count >= MIN_SESSIONS:
            found[resource] = Between(seen.tau, seen.count, pairs)
    return found


def spread_between(counted: Sequence[Repeat], column: str) -> tuple[RepeatedSessions, float]:
    """The spread of sessions' centres, and that of what their pairs come to, shrunk to none; both in ln units."""
    groups = [list(group) for _, group in groupby(sorted(counted, key=_like), key=_like)]
    centres = session_spread([[launches(repeat, column) for repeat in group] for group in groups])
    biases = session_spread([[differences(repeat, column) for repeat in group] for group in groups])
    return centres, shrunk(0.0, biases)


def launches(repeat: Repeat, column: str) -> NDArray[np.float64]:
    """Ln of every launch's value in the order of time, shape (2n,)."""
    return np.log(np.column_stack([_side(repeat.first, column), _side(repeat.second, column)]).ravel())


def differences(repeat: Repeat, column: str) -> NDArray[np.float64]:
    """ln(candidate / base) of every pair, shape (n,)."""
    worse: NDArray[np.float64] = np.where(repeat.swapped, -1.0, 1.0) * later(repeat, column)
    return worse


def later(repeat: Repeat, column: str) -> NDArray[np.float64]:
    """ln(second / first) of every pair, shape (n,)."""
    ratios: NDArray[np.float64] = np.log(_side(repeat.second, column) / _side(repeat.first, column))
    return ratios


def _side(values: Mapping[str, Sequence[float]], column: str) -> NDArray[np.float64]:
    if column == NO_RUN_DELAY:
        return _side(values, "ready_time") - _side(values, "run_delay")
    return np.asarray(values[column], dtype=np.float64)


def _like(repeat: Repeat) -> tuple[str, ...]:
    """Sessions that differ in this measured something else: their levels are not compared."""
    return (repeat.program, *(repeat.conditions.values.get(name, "") for name in _SETTINGS))
