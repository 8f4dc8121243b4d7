"""Mode `leak`: whether memory grows while the program works, by second and, where its work is counted, by iteration."""

import time
from dataclasses import dataclass
from math import log10

from perfkit.instruments.memory import MemoryWatch
from perfkit.model.detail import RESULT, Facts
from perfkit.model.errors import Invalid
from perfkit.model.launch import Exit, Launcher, Measurement, Target
from perfkit.model.units import format_quantity
from perfkit.probes._driven import Course, Driven, work_done
from perfkit.probes._memory.drawing import curve
from perfkit.probes._memory.watching import watched
from perfkit.stats.leaks import FEWEST, Leak, read_leak

_WARMUP_SHARE = 0.2
_SCALES = (1e6, 1e3, 1.0)


@dataclass(frozen=True, slots=True)
class _Worked:
    """When the program worked, s of time.monotonic(), what drove it and how it ended."""

    began: float
    ended: float
    driven: Driven
    exit: Exit


def measure(
    course: Course, launcher: Launcher, warmup: float | None, iterations: float | str | None, limit: float | None
) -> Measurement:
    """One launch; what lies before `warmup` s (by default the first fifth) does not count.

    Raises Invalid where there are too few readings, Failed where a command fails.
    """
    target = course.start(launcher)
    with watched(target.pid, limit) as watch:
        worked = _work(course, launcher, target, watch)
    whole = worked.ended - worked.began
    settled = worked.began + (_WARMUP_SHARE * whole if warmup is None else warmup)
    readings = watch.between(settled, worked.ended)
    if len(readings) < FEWEST:
        raise Invalid(
            f"{len(readings)} readings of memory after the warm-up, 10 a second; a slope takes {FEWEST}",
            hint="let it work longer: raise `hold`, or give it a longer `drive`",
        )
    leak = read_leak(*zip(*readings, strict=True), seed=launcher.seed)
    values = {"leak": leak.slope, "cpu_time": worked.exit.usage.cpu_time}
    rows = [(RESULT, words(leak)), *_rows(leak, len(readings))]
    if iterations is not None or worked.driven.requests is not None:
        done, seconds = _iterations(worked, iterations), worked.driven.seconds or whole
        values["leak_per_iteration"] = leak.slope * seconds / done
        rows.append(("iterations", f"{done:g} in {format_quantity(seconds, 's')}"))
    return Measurement(
        values,
        details=(
            Facts("leak", tuple(rows)),
            *curve(watch, (), (("warm", settled), ("end", worked.ended))),
        ),
        run_delay=worked.exit.usage.run_delay,
        caveats=worked.driven.caveats,
    )


def words(leak: Leak) -> str:
    """`no leak`, or how much with the interval in the same unit: `leaks 50.1 kB/s [47.3, 53.0]`."""
    if not leak.found:
        return "no leak"
    factor = next(size for size in _SCALES if leak.slope >= size or size == 1.0)
    places = max(0, 2 - int(log10(max(1.0, leak.slope / factor))))
    low, high = (f"{bound / factor:.{places}f}" for bound in (leak.interval.low, leak.interval.high))
    return f"leaks {format_quantity(leak.slope, 'B/s')} [{low}, {high}]"


def _work(course: Course, launcher: Launcher, target: Target, watch: MemoryWatch) -> _Worked:
    course.await_ready(launcher, target)
    began = time.monotonic()
    driven = course.exercise(launcher, target, watch.end_with)
    course.stay(launcher, watch.gone)
    stayed = None if course.ends_by_itself else time.monotonic()
    ended = course.end(launcher, target)
    return _Worked(began, ended.ended if stayed is None else min(stayed, ended.ended), driven, ended)


def _iterations(worked: _Worked, iterations: float | str | None) -> float:
    if iterations is None:
        return float(worked.driven.requests or 1)
    return work_done(iterations, worked.driven.stdout or worked.exit.stdout, "iterations")


def _rows(leak: Leak, readings: int) -> list[tuple[str, str]]:
    low, high = (format_quantity(bound, "B/s") for bound in (leak.interval.low, leak.interval.high))
    return [
        ("slope", f"{format_quantity(leak.slope, 'B/s')}, 95 % interval {low} to {high}"),
        ("growth", f"{format_quantity(leak.growth, 'B')} of {format_quantity(leak.level, 'B')}"),
        ("both halves rise", "yes" if leak.rises else "no"),
        ("readings", f"{readings} after the warm-up"),
    ]
