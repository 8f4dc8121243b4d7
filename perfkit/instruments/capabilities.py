"""What can be measured on this machine, one check a line, and what would be needed for the rest."""

import os
import shutil
import sys
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

from perfkit.model.diagnosis import Capability


def read_capabilities() -> tuple[Capability, ...]:
    """Every check, in the order in which a report shows them. Nothing is changed on the machine."""
    return tuple(check() for check in _CHECKS)


def _processes() -> Capability:
    exact = sys.platform == "linux" and hasattr(os, "pidfd_open") and Path("/proc/self/schedstat").exists()
    return Capability(
        "launches and run delay",
        exact,
        "pidfd, /proc schedstat" if exact else f"{sys.platform}: portable readings only",
        "" if exact else "run on Linux 5.3 or later for exact clocks, run delay and peaks",
    )


def _pressure() -> Capability:
    found = Path("/proc/pressure/cpu").exists()
    return Capability(
        "disturbance by neighbours",
        found,
        "/proc/pressure" if found else "no /proc/pressure",
        "" if found else "boot with psi=1 to see pressure; steal and run delay are read anyway",
    )


def _memory() -> Capability:
    unified, legacy = Path("/sys/fs/cgroup/cgroup.subtree_control"), Path("/sys/fs/cgroup/memory")
    own = next(
        (path for path in (unified.parent if unified.exists() else None, legacy) if path and path.exists()), None
    )
    writable = own is not None and os.access(own, os.W_OK)
    return Capability(
        "peak memory of several processes",
        writable,
        f"memory cgroups at {own}" if writable else "no memory cgroup can be made here",
        "" if writable else "run as root or with a delegated cgroup; else peaks of trees are lower bounds from PSS",
    )


def _real_time() -> Capability:
    allowed = _may_run_in_real_time()
    return Capability(
        "real-time audio threads",
        allowed,
        "SCHED_FIFO is granted" if allowed else "SCHED_FIFO is refused",
        "" if allowed else "grant rtprio in /etc/security/limits.d; without it blocks of 64 frames are not judged",
    )


def _may_run_in_real_time() -> bool:
    if not hasattr(os, "sched_setscheduler"):
        return False
    before, parameters = os.sched_getscheduler(0), os.sched_getparam(0)
    try:
        os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(1))
        os.sched_setscheduler(0, before, parameters)
    except PermissionError:
        return False
    return True


def _audio() -> Capability:
    servers = [name for name in ("pipewire", "jackd") if shutil.which(name)]
    binding = find_spec("jack") is not None
    advice = [] if servers else ["apt-get install pipewire pipewire-bin pipewire-jack (or jackd2)"]
    advice += [] if binding else ["pip install 'perfkit[audio]'"]
    found = f"{', '.join(servers) or 'no server'}; JACK binding {'found' if binding else 'missing'}"
    return Capability("audio round trips", bool(servers) and binding, found, "; ".join(advice))


def _governor() -> Capability:
    path = Path("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor")
    governor = path.read_text(encoding="utf-8").strip() if path.exists() else "not visible"
    steady = governor in {"performance", "not visible"}
    return Capability(
        "steady clock frequency",
        steady,
        f"governor {governor}",
        "" if steady else "cpupower frequency-set -g performance; `pyperf system tune` does this and more",
    )


def _load() -> Capability:
    if not hasattr(os, "getloadavg"):
        return Capability("an idle machine", available=True, found="load not visible")
    load, cores = os.getloadavg()[0], os.cpu_count() or 1
    idle = load < 0.5 * cores
    return Capability(
        "an idle machine",
        idle,
        f"load {load:.1f} on {cores} CPUs",
        "" if idle else "end what else runs, or expect wide intervals",
    )


_CHECKS: tuple[Callable[[], Capability], ...] = (
    _processes,
    _pressure,
    _memory,
    _real_time,
    _audio,
    _governor,
    _load,
)
