"""What machine this is."""

import hashlib
import os
import platform
import re
import subprocess
import sys
import uuid
from collections.abc import Mapping
from pathlib import Path

import psutil

from perfkit.instruments.conditions import read_conditions
from perfkit.model.environment import Machine

__all__ = ["read_conditions", "read_machine"]


def read_machine(root: Path = Path("/"), env: Mapping[str, str] = os.environ) -> Machine:
    """The properties by which this machine is recognised; `root` is where /proc, /sys and /etc stand.

    The identity is a digest of machine-id, or of boot-id where the machine does not outlive its boot.
    """
    cpuinfo = _cpuinfo(root)
    return Machine(
        architecture=platform.machine(),
        cpu=_cpu(cpuinfo),
        stepping=".".join(cpuinfo[key] for key in ("cpu family", "model", "stepping") if key in cpuinfo),
        cpus=psutil.cpu_count() or 1,
        memory_gib=round(psutil.virtual_memory().total / 2**30),
        system=_system(root),
        hypervisor=_hypervisor(root, cpuinfo),
        identity=_identity(root, ephemeral=is_ephemeral(root, env)),
    )


def is_ephemeral(root: Path = Path("/"), env: Mapping[str, str] = os.environ) -> bool:
    """Whether the machine is a container or a CI service's own, so that its machine-id tells nothing."""
    marks = (".dockerenv", "run/.containerenv", "run/systemd/container")
    hosted = env.get("RUNNER_ENVIRONMENT") == "github-hosted" or "CODESPACES" in env or "container" in env
    return hosted or any((root / mark).exists() for mark in marks)


def _read(path: Path) -> str:
    try:
        return path.read_text(errors="replace").strip()
    except OSError:
        return ""


def _cpuinfo(root: Path) -> dict[str, str]:
    """The first processor's lines of /proc/cpuinfo."""
    first = _read(root / "proc/cpuinfo").partition("\n\n")[0]
    pairs = (line.partition(":") for line in first.splitlines())
    return {key.strip(): value.strip() for key, _, value in pairs}


def _cpu(cpuinfo: Mapping[str, str]) -> str:
    if model := cpuinfo.get("model name"):
        return re.sub(r"\s+", " ", model)
    if "CPU part" in cpuinfo:
        return f"implementer {cpuinfo.get('CPU implementer', '?')} part {cpuinfo['CPU part']}"
    if sys.platform == "darwin":
        told = subprocess.run(
            ["/usr/sbin/sysctl", "-n", "machdep.cpu.brand_string"], capture_output=True, text=True, check=False
        )
        return told.stdout.strip() or platform.machine()
    return platform.processor() or platform.machine()


def _system(root: Path) -> str:
    """The system and its release family, such as `debian 12`."""
    if sys.platform == "darwin":
        return f"macOS {platform.mac_ver()[0].partition('.')[0]}"
    pairs = (line.partition("=") for line in _read(root / "etc/os-release").splitlines())
    release = {key: value.strip("\"'") for key, _, value in pairs}
    if "ID" in release:
        return f"{release['ID']} {release.get('VERSION_ID', '')}".strip()
    return f"{platform.system()} {platform.release() if sys.platform == 'win32' else ''}".strip()


def _hypervisor(root: Path, cpuinfo: Mapping[str, str]) -> str:
    """The virtualisation's name; empty on bare metal."""
    vendor, product = _read(root / "sys/class/dmi/id/sys_vendor"), _read(root / "sys/class/dmi/id/product_name")
    kind = _read(root / "sys/hypervisor/type")
    virtual = kind or "hypervisor" in cpuinfo.get("flags", "").split()
    return (kind or f"{vendor} {product}".strip() or "unnamed") if virtual else ""


def _identity(root: Path, *, ephemeral: bool) -> str:
    boot = _read(root / "proc/sys/kernel/random/boot_id")
    known = _read(root / "etc/machine-id") or _read(root / "var/lib/dbus/machine-id")
    raw = boot if ephemeral or not known else known
    return hashlib.sha256(f"perfkit {raw or uuid.getnode()}".encode()).hexdigest()[:12]
