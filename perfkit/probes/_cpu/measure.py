"""One launch of probe `cpu`."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from perfkit.instruments.cpu import CpuReading, between, read_tree
from perfkit.instruments.threads import READABLE, ThreadClock, ThreadMonitor
from perfkit.model.errors import Failed, Invalid, Skipped
from perfkit.model.launch import Exit, Launcher, Measurement
from perfkit.probes._cpu.drawing import curve, facts
from perfkit.probes._cpu.reading import Group, Values, Windows, cores, group, grouped
from perfkit.probes._driven import Course, Driven, work_done
from perfkit.stats.quantiles import harrell_davis

_FEW = 20
"""Windows below which a launch says that its percentiles rest on little."""


@dataclass(frozen=True, slots=True)
class Monitored:
    """A launch: its samples, the clocks of its tree at the window's ends, what drove it and how it ended."""

    monitor: ThreadMonitor
    first: CpuReading
    last: CpuReading | None
    driven: Driven
    exit: Exit

    @property
    def used(self) -> float:
        """CPU s of the whole tree within the window."""
        if self.last is not None:
            return between(self.first, self.last).used
        return max(0.0, self.exit.usage.cpu_time - sum(self.first.used.values()) - sum(self.first.reaped.values()))

    @property
    def elapsed(self) -> float:
        """The window's length, s."""
        return (self.exit.ended if self.last is None else self.last.at) - self.first.at


def measure(course: Course, launcher: Launcher, threads: Mapping[str, str], work: float | str | None) -> Measurement:
    """Start, watch while it works, end.

    Raises Skipped where the system does not tell the clocks of threads, Failed where a group has no thread, Invalid
    where there are too many of them.
    """
    if not READABLE:
        raise Skipped("this system does not tell the clocks of threads (/proc schedstat)", hint="run it on Linux")
    monitored = _monitored(course, launcher)
    monitor, usage = monitored.monitor, monitored.exit.usage
    if monitor.unread:
        raise Invalid("too many open files to follow every thread, two each", hint="raise the limit: ulimit -n 65536")
    windows = Windows.of(monitor.at)
    clocks, others = grouped(monitor.threads, threads)
    _require_threads(clocks, threads, others, windows)
    groups = [group(name, members, windows) for name, members in clocks.items()]
    everything = group("all", monitor.threads, windows)
    whole = cores(monitor.processes, windows)
    values = {
        "cpu": monitored.used / monitored.elapsed,
        "cpu_time": usage.cpu_time,
        "run_delay": float(everything.waited.sum()),
        "switches": float(usage.voluntary_switches + usage.involuntary_switches),
    }
    values |= _percentiles("cpu", whole if whole.size else np.array([values["cpu"]]))
    for one in groups:
        values |= _group_values(one)
    if work is not None:
        values["cpu_per_unit"] = _cpu_per_unit(course, monitored, work)
    rest = [group("other", others, windows)] if others and groups else []
    return Measurement(
        values,
        details=(facts(monitor, usage, everything, [*groups, *rest]), *curve(windows, whole, [*groups, *rest])),
        run_delay=usage.run_delay,
        caveats=(*_few(windows), *monitored.driven.caveats),
    )


def _monitored(course: Course, launcher: Launcher) -> Monitored:
    target = course.start(launcher)
    course.await_ready(launcher, target)
    first, last = read_tree(target.pid), None
    with ThreadMonitor(target.pid) as monitor:
        driven = course.exercise(launcher, target, lambda _: None)
        course.stay(launcher, monitor.gone)
        if course.ends_by_itself:
            return Monitored(monitor, first, None, driven, course.end(launcher, target))
        last = read_tree(target.pid)
    gone = target.pid not in last.used
    return Monitored(monitor, first, None if gone else last, driven, course.end(launcher, target))


def _require_threads(
    clocks: Mapping[str, Sequence[ThreadClock]],
    threads: Mapping[str, str],
    others: Sequence[ThreadClock],
    windows: Windows,
) -> None:
    if threads and not windows.widths.size:
        raise Failed("it ended before its threads could be read twice", hint="let it work for a second at least")
    for name, members in clocks.items():
        if not members:
            seen = ", ".join(sorted({clock.name for clock in others})) or "none"
            hint = f"names that were seen: {seen}"
            raise Failed(f"no thread's name matches threads.{name} = {threads[name]!r}", hint=hint)


def _percentiles(name: str, readings: Values) -> dict[str, float]:
    return {f"{name}_p50": harrell_davis(readings, 0.5), f"{name}_p95": harrell_davis(readings, 0.95)}


def _group_values(one: Group) -> dict[str, float]:
    return {
        f"{one.name}_cpu": one.used / one.elapsed,
        **_percentiles(f"{one.name}_cpu", one.cores),
        f"{one.name}_run_delay": float(one.waited.sum()),
        f"{one.name}_run_delay_p99": one.wait_p99,
    }


def _cpu_per_unit(course: Course, monitored: Monitored, work: float | str) -> float:
    """Work that something of ours drives belongs to the window; what the program counts itself, to its whole life."""
    driven, usage = monitored.driven, monitored.exit.usage
    if not course.driven:
        return usage.cpu_time / work_done(work, monitored.exit.stdout, "work")
    return monitored.used / work_done(work, driven.stdout or monitored.exit.stdout, "work")


def _few(windows: Windows) -> tuple[str, ...]:
    count = windows.widths.size
    return (f"percentiles of {count} readings",) if count < _FEW else ()
