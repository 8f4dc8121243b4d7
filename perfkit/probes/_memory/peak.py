"""Mode `peak`: the most memory of a program's whole life, by the best method that can be had."""

import time
from dataclasses import replace

from perfkit.instruments.cgroup import has_own_cgroup
from perfkit.instruments.resident import PSS_READABLE
from perfkit.model.errors import Skipped
from perfkit.model.launch import AT_FLOOR, Exit, Launcher, Measurement
from perfkit.model.metric import Metric
from perfkit.probes._driven import Course
from perfkit.probes._memory.drawing import curve
from perfkit.probes._memory.watching import watched


def measure(course: Course, launcher: Launcher, metric: Metric, method: str, limit: float | None) -> Measurement:
    """One launch. Raises Skipped where `method` cannot be had here, Failed where a command fails."""
    if method == "pss" and not PSS_READABLE:
        raise Skipped("this system does not tell PSS", hint='method = "maxrss" reads the largest process')
    target = launcher.start(course.program, cgroup=method in {"auto", "cgroup"})
    sampled = method == "auto" and PSS_READABLE and not has_own_cgroup(target.pid)
    phases: list[tuple[str, float]] = []
    with watched(target.pid, limit, several=sampled, always=method == "pss") as watch:
        if not course.program.ready.at_exit:
            course.await_ready(launcher, target)
            phases.append(("ready", time.monotonic()))
        driven = course.exercise(launcher, target, watch.end_with)
        if course.driven:
            phases.append(("driven", time.monotonic()))
        course.stay(launcher, watch.gone)
        ended = course.end(launcher, target)
    taken, peak, caveats = _peak(ended, method, watch.peak_pss, sampled=sampled)
    return Measurement(
        {"peak_memory": float(peak), "cpu_time": ended.usage.cpu_time},
        details=curve(watch, ((_level(taken), float(peak)),), phases),
        metrics=(replace(metric, method=taken),),
        run_delay=ended.usage.run_delay,
        caveats=(*caveats, *driven.caveats),
    )


def _level(taken: str) -> str:
    """A cgroup is not charged for pages of libraries that others had loaded, so its peak may lie below the RSS."""
    return "peak of its cgroup" if taken.startswith("cgroup") else "peak"


def _peak(ended: Exit, method: str, pss: int, *, sampled: bool) -> tuple[str, int, tuple[str, ...]]:
    """The method taken, the peak in B and what is to be said of it."""
    usage = ended.usage
    if method in {"auto", "cgroup"} and ended.cgroup_peak is not None:
        return ended.cgroup_method, ended.cgroup_peak, ()
    if method == "cgroup":
        hint = 'method = "auto" takes another way; a cgroup needs root or a delegated one'
        raise Skipped("no memory cgroup can be made for it here", hint=hint)
    if method == "pss" or (sampled and not usage.alone):
        # one process's own high-water mark bounds the tree's need from below as well, and never misses a spike
        highest = usage.peak_memory if usage.peak_memory > usage.floor else 0
        seen = max(pss, highest)
        return "pss", seen or usage.peak_memory, ("lower bound" if seen else AT_FLOOR,)
    several = () if usage.alone else ("largest process only",)
    floored = (AT_FLOOR,) if usage.peak_memory <= usage.floor else ()
    return "maxrss", usage.peak_memory, several + floored
