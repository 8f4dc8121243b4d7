"""What the machine did meanwhile: pressure, steal and throttling between two moments.

Sources: the kernel's accounting/psi, proc_stat(5), and cpu.stat of admin-guide/cgroup-v2 and scheduler/sched-bwc.
"""

import os
import time
from dataclasses import dataclass
from pathlib import Path

from perfkit.model.launch import Disturbance

_TICKS = os.sysconf("SC_CLK_TCK") if hasattr(os, "sysconf") else 100


@dataclass(frozen=True, slots=True)
class Pressure:
    """The kernel's counters at one moment, all in s; None where they cannot be read.

    `cpu`, `memory` and `io` count the time in which at least one task waited for it, `steal` that of all CPUs which
    the hypervisor gave to others, `throttled` that in which our cgroup's quota held it.
    """

    clock: float
    cpu: float | None
    memory: float | None
    io: float | None
    steal: float | None
    throttled: float | None


def read_pressure(proc: Path = Path("/proc"), cgroups: Path = Path("/sys/fs/cgroup")) -> Pressure:
    """The counters as they are now."""
    return Pressure(
        clock=time.monotonic(),
        cpu=_stalled(_read(proc / "pressure" / "cpu")),
        memory=_stalled(_read(proc / "pressure" / "memory")),
        io=_stalled(_read(proc / "pressure" / "io")),
        steal=_stolen(_read(proc / "stat")),
        throttled=_throttled(_read(proc / "self" / "cgroup"), cgroups),
    )


def disturbance(before: Pressure, after: Pressure, run_delay: float | None = None) -> Disturbance:
    """The shares of the time between two moments, 0 to 1; `run_delay` is the program's own wait for a core, s."""
    wall = after.clock - before.clock

    def share(name: str) -> float | None:
        first, last = getattr(before, name), getattr(after, name)
        return None if first is None or last is None else _share(last - first, wall)

    return Disturbance(
        steal=share("steal"),
        throttled=share("throttled"),
        run_delay=None if run_delay is None else _share(run_delay, wall),
        cpu_pressure=share("cpu"),
        memory_pressure=share("memory"),
        io_pressure=share("io"),
    )


def _share(part: float, wall: float) -> float:
    return min(1.0, max(0.0, part / wall)) if wall > 0 else 0.0


def _read(path: Path) -> str:
    try:
        return path.read_text()
    except OSError:
        return ""


def _stalled(text: str) -> float | None:
    """`total` of the line `some`, µs."""
    for line in text.splitlines():
        kind, *values = line.split()
        if kind == "some":
            return int(dict(value.split("=") for value in values)["total"]) / 1e6
    return None


def _stolen(text: str) -> float | None:
    """The eighth number of the line `cpu`, ticks."""
    first = text.partition("\n")[0].split()
    return int(first[8]) / _TICKS if len(first) > 8 and first[0] == "cpu" else None


def _throttled(memberships: str, cgroups: Path) -> float | None:
    """throttled_usec of our cgroup v2 (µs), or throttled_time of v1 (ns), which adds up over its CPUs."""
    for line in memberships.splitlines():
        _, controllers, own = line.split(":", 2)
        mount = cgroups / "cpu" if "cpu" in controllers.split(",") else cgroups
        if controllers and mount == cgroups:
            continue
        for folder in (mount / own.strip("/"), mount):
            for stat in _read(folder / "cpu.stat").splitlines():
                name, _, value = stat.partition(" ")
                if name in {"throttled_usec", "throttled_time"}:
                    return int(value) / (1e6 if name == "throttled_usec" else 1e9)
    return None
