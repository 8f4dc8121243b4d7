"""Mode `load`: memory at rest and while something drives the program, each phase by high-water marks of its own."""

import time
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from perfkit.instruments.cpu import tree
from perfkit.instruments.memory import MemoryWatch
from perfkit.instruments.resident import PEAKS_RESETTABLE, peak_rss, reset_peak
from perfkit.model.detail import RESULT, Facts
from perfkit.model.errors import Failed, Skipped
from perfkit.model.launch import Launcher, Measurement, Target
from perfkit.model.metric import Metric
from perfkit.model.units import format_quantity
from perfkit.probes._driven import Course, Driven
from perfkit.probes._memory.drawing import curve
from perfkit.probes._memory.watching import watched
from perfkit.stats.quantiles import harrell_davis

_INTERVAL = 0.02
_METHOD = "VmHWM"
_SEVERAL = "VmHWM summed"


@dataclass(frozen=True, slots=True)
class _Phase:
    """One stretch of a launch, s of time.monotonic(). `peak` in B; `rss` are the readings of the summed RSS, B."""

    name: str
    began: float
    ended: float
    peak: int
    several: bool
    lost: bool
    rss: NDArray[np.float64]

    @property
    def method(self) -> str:
        return _SEVERAL if self.several else _METHOD


class _Phases:
    """Begins and ends phases: the high-water mark of every process of the tree starts anew with each."""

    def __init__(self, pid: int, watch: MemoryWatch) -> None:
        self._pid, self._watch = pid, watch
        self._name, self._began = "", 0.0
        self.done: list[_Phase] = []

    def begin(self, name: str) -> None:
        """Raises Skipped where a mark may not be set back."""
        self._name, self._began = name, time.monotonic()
        try:
            for member in tree(self._pid):
                reset_peak(member)
        except PermissionError:
            hint = "measure as the user whom the program and its children run as"
            raise Skipped("a process's high-water mark may not be set back", hint=hint) from None

    def end(self) -> None:
        """Raises Failed where the program is gone."""
        marks = {member: peak_rss(member) for member in tree(self._pid)}
        if not marks.get(self._pid):
            raise Failed(f"it ended while it was measured ({self._name})", hint="see what it prints on stderr")
        now = time.monotonic()
        rss = np.array([total for _, total in self._watch.between(self._began, now)], float)
        lost = any(seen >= self._began for pid, seen in self._watch.last_seen.copy().items() if pid not in marks)
        several = len(marks) > 1
        peak = max(sum(marks.values()), int(rss.max(initial=0)) if several or lost else 0)
        self.done.append(_Phase(self._name, self._began, now, peak, several or lost, lost, rss))


def measure(
    course: Course, launcher: Launcher, metrics: tuple[Metric, ...], idle: float, limit: float | None
) -> Measurement:
    """One launch: ready, `idle` s at rest, driven, and `hold` s at rest again.

    Raises Skipped where high-water marks cannot be reset, Failed where it ends or its driver fails.
    """
    if not PEAKS_RESETTABLE:
        raise Skipped("this system cannot begin a high-water mark anew (/proc/PID/clear_refs)", hint="run it on Linux")
    target = course.start(launcher)
    with watched(target.pid, limit, interval=_INTERVAL) as watch:
        course.await_ready(launcher, target)
        phases = _Phases(target.pid, watch)
        try:
            driven = _pass_through(course, launcher, target, watch, phases, idle)
        finally:
            ended = course.end(launcher, target)
    at_rest, loaded = phases.done[:2]
    values = {
        "idle_memory": float(at_rest.peak),
        "peak_memory": float(loaded.peak),
        "rss_p50": _quantile(loaded, 0.5),
        "rss_p95": _quantile(loaded, 0.95),
        "growth": float(loaded.peak - at_rest.peak),
        "cpu_time": ended.usage.cpu_time,
    }
    return Measurement(
        values,
        details=(_facts(phases.done, driven), *curve(watch, _levels(at_rest, loaded), _moments(phases.done))),
        metrics=tuple(_with_method(metric, at_rest, loaded) for metric in metrics),
        run_delay=ended.usage.run_delay,
        caveats=(*_caveats(at_rest, loaded), *driven.caveats),
    )


def _pass_through(
    course: Course, launcher: Launcher, target: Target, watch: MemoryWatch, phases: _Phases, idle: float
) -> Driven:
    phases.begin("idle")
    watch.gone.wait(idle)
    phases.end()
    phases.begin("driven")
    driven = course.exercise(launcher, target, watch.end_with)
    phases.end()
    if course.hold is not None:
        phases.begin("afterwards")
        course.stay(launcher, watch.gone)
        phases.end()
    return driven


def _quantile(phase: _Phase, share: float) -> float:
    """Of the readings; of a phase too short for one, its peak."""
    return harrell_davis(phase.rss, share) if phase.rss.size else float(phase.peak)


def _with_method(metric: Metric, at_rest: _Phase, loaded: _Phase) -> Metric:
    """The method of a tree is another one than that of a single process; growth takes the weaker of the two."""
    taken = {
        "idle_memory": at_rest.method,
        "peak_memory": loaded.method,
        "growth": _SEVERAL if at_rest.several or loaded.several else _METHOD,
    }
    return replace(metric, method=taken[metric.name]) if metric.name in taken else metric


def _caveats(*phases: _Phase) -> tuple[str, ...]:
    several = ("peaks of several processes added: upper bound",) if any(phase.several for phase in phases) else ()
    lost = ("a process ended within a phase: lower bound",) if any(phase.lost for phase in phases) else ()
    return lost or several


def _levels(at_rest: _Phase, loaded: _Phase) -> tuple[tuple[str, float], ...]:
    return (("idle", float(at_rest.peak)), ("peak", float(loaded.peak)))


def _moments(phases: list[_Phase]) -> list[tuple[str, float]]:
    return [(phase.name, phase.began) for phase in phases] + [("end", phases[-1].ended)]


def _facts(phases: list[_Phase], driven: Driven) -> Facts:
    at_rest, loaded = (format_quantity(phase.peak, "B") for phase in phases[:2])
    rows = [(RESULT, f"at rest {at_rest}, driven at most {loaded}")]
    rows += [
        (phase.name, f"peak {format_quantity(phase.peak, 'B')}, {format_quantity(phase.ended - phase.began, 's')}")
        for phase in phases
    ]
    if driven.requests is not None:
        rows.append(("requests", str(driven.requests)))
    return Facts("memory under load", tuple(rows))
