"""From the samples of a monitor to CPU and waiting by group of threads, window by window."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from perfkit.instruments.threads import INTERVAL, ProcessClock, ThreadClock
from perfkit.stats.quantiles import harrell_davis

_NS: Final = 1e-9
_SHORTEST: Final = 0.5
"""Share of the interval below which a window is joined to the one before: clocks of threads move in ticks of ms."""

Values = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Windows:
    """The stretches between samples: when each ended (s from the first sample) and how long it was (s)."""

    numbers: NDArray[np.int64]
    ends: Values
    widths: Values

    @classmethod
    def of(cls, at: Sequence[float], interval: float = INTERVAL) -> "Windows":
        """Those between samples at these times; none for fewer than two samples."""
        kept = [0]
        for number in range(1, len(at)):
            if at[number] - at[kept[-1]] >= _SHORTEST * interval:
                kept.append(number)
        if len(kept) > 1:
            kept[-1] = len(at) - 1
        moments = np.array(at, float)[kept]
        return cls(np.array(kept), moments[1:] - moments[0], np.diff(moments))

    def differences(self, cumulated: Values) -> Values:
        """What was added to a cumulated row of samples within each window."""
        return np.diff(cumulated[self.numbers])


@dataclass(frozen=True, slots=True)
class Group:
    """Threads together: their names, CPU s `used` in `elapsed` s, and by window cores, s waited for one, and runs."""

    name: str
    threads: tuple[str, ...]
    used: float
    elapsed: float
    cores: Values
    waited: Values
    runs: Values

    @property
    def wait_p99(self) -> float:
        """The p99 over the windows of the mean wait of a run, s; 0 where they never ran."""
        ran = self.runs > 0
        return harrell_davis(self.waited[ran] / self.runs[ran], 0.99) if ran.any() else 0.0


def group(name: str, clocks: Sequence[ThreadClock], windows: Windows) -> Group:
    """These threads as one."""
    rows = [
        (clock.first, np.array([each.split() for each in clock.samples], float)) for clock in clocks if clock.samples
    ]
    executed, waited, runs = (
        windows.differences(_together([(first, row[:, column]) for first, row in rows], windows)) for column in range(3)
    )
    return Group(
        name,
        tuple(sorted({clock.name for clock in clocks})),
        float(executed.sum()) * _NS,
        float(windows.widths.sum()),
        executed * _NS / windows.widths,
        waited * _NS,
        runs,
    )


def grouped(
    threads: Sequence[ThreadClock], expressions: Mapping[str, str]
) -> tuple[dict[str, list[ThreadClock]], list[ThreadClock]]:
    """The threads of each group, the first whose expression is found in their name, and those of none."""
    groups: dict[str, list[ThreadClock]] = {name: [] for name in expressions}
    others: list[ThreadClock] = []
    for clock in threads:
        name = next((name for name, wanted in expressions.items() if re.search(wanted, clock.name)), None)
        (others if name is None else groups[name]).append(clock)
    return groups, others


def cores(processes: Sequence[ProcessClock], windows: Windows) -> Values:
    """CPU s a second of all processes in each window."""
    rows = [(clock.first, np.array(clock.used)) for clock in processes]
    return windows.differences(_together(rows, windows)) / windows.widths


def _together(rows: Sequence[tuple[int, Values]], windows: Windows) -> Values:
    """Cumulated rows added up: 0 before a row's first sample, its last value after it ended.

    So what came within the windows counts from its birth, and what was there before them cancels out.
    """
    total = np.zeros(int(windows.numbers[-1]) + 1)
    for first, values in rows:
        row = values[: total.size - first]
        if row.size:
            total[first : first + row.size] += row
            total[first + row.size :] += row[-1]
    return total
