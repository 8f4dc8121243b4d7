"""What may differ between two runs on one machine: kernel, governor, limits, interpreters, power."""

import os
import platform
import subprocess
from pathlib import Path

import psutil

from perfkit.model.environment import Conditions

_CPU = "sys/devices/system/cpu"


def read_conditions(python: str, root: Path = Path("/")) -> Conditions:
    """The conditions by name, in words; what this system does not tell is left out.

    `python` is the side's interpreter; `root` is where /proc and /sys stand.
    """
    values = {
        "kernel": f"{platform.system()} {platform.release()}",
        "perfkit's Python": platform.python_version(),
        "side's Python": _python_version(python),
        "governor": _governors(root),
        "turbo": _turbo(root),
        "SMT": _read(root / _CPU / "smt/control"),
        "ASLR": {"0": "off", "1": "partly", "2": "on"}.get(_read(root / "proc/sys/kernel/randomize_va_space"), ""),
        "THP": _chosen(_read(root / "sys/kernel/mm/transparent_hugepage/enabled")),
        "clock source": _read(root / "sys/devices/system/clocksource/clocksource0/current_clocksource"),
        "affinity": _affinity(),
        "CPU quota": _quota(root),
        "power": _power(),
    }
    return Conditions({name: value for name, value in values.items() if value})


def _read(path: Path) -> str:
    try:
        return path.read_text(errors="replace").strip()
    except OSError:
        return ""


def _python_version(python: str) -> str:
    question = "import platform; print(platform.python_implementation(), platform.python_version())"
    try:
        told = subprocess.run([python, "-I", "-c", question], capture_output=True, text=True, timeout=30, check=True)
    except (OSError, subprocess.SubprocessError):
        return ""
    return told.stdout.strip()


def _governors(root: Path) -> str:
    found = {_read(path) for path in (root / _CPU).glob("cpu[0-9]*/cpufreq/scaling_governor")}
    return ", ".join(sorted(found))


def _turbo(root: Path) -> str:
    intel, others = _read(root / _CPU / "intel_pstate/no_turbo"), _read(root / _CPU / "cpufreq/boost")
    return {"0": "on", "1": "off"}.get(intel) or {"1": "on", "0": "off"}.get(others, "")


def _chosen(text: str) -> str:
    """The bracketed one of `always [madvise] never`."""
    return text.partition("[")[2].partition("]")[0]


def _affinity() -> str:
    """The logical CPUs we may use, where they are not all."""
    if not hasattr(os, "sched_getaffinity"):
        return ""
    allowed = sorted(os.sched_getaffinity(0))
    return "" if len(allowed) == psutil.cpu_count() else ",".join(map(str, allowed))


def _quota(root: Path) -> str:
    """Our cgroup's CPU quota in cores, of v2's cpu.max or v1's cfs files; empty for none."""
    groups = root / "sys/fs/cgroup"
    for line in _read(root / "proc/self/cgroup").splitlines():
        _, controllers, own = line.split(":", 2)
        folder = groups / own.strip("/") if not controllers else groups / "cpu" / own.strip("/")
        if controllers and "cpu" not in controllers.split(","):
            continue
        quota, _, period = _read(folder / "cpu.max").partition(" ")
        if controllers:
            quota, period = _read(folder / "cpu.cfs_quota_us"), _read(folder / "cpu.cfs_period_us")
        if quota.isdigit() and period.isdigit():
            return f"{int(quota) / int(period):g} cores"
    return ""


def _power() -> str:
    """Mains or battery, where there is one."""
    battery = psutil.sensors_battery() if hasattr(psutil, "sensors_battery") else None
    if battery is None:
        return ""
    return "mains" if battery.power_plugged else "battery"
