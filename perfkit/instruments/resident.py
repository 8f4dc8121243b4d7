"""Memory of a running process that is resident: RSS, PSS, and the high-water mark of a phase."""

from contextlib import suppress
from pathlib import Path

import psutil

_PROC = Path("/proc")
_PAGE = 4096
with suppress(ImportError):
    import resource

    _PAGE = resource.getpagesize()

PSS_READABLE = (_PROC / "self" / "smaps_rollup").exists()
"""Whether this kernel tells a process's proportional set size."""
PEAKS_RESETTABLE = (_PROC / "self" / "clear_refs").exists()
"""Whether this kernel lets a process's high-water mark begin anew."""
_RESET_PEAK = b"5"
_HAS_PROC = _PROC.is_dir()
_STATM_BYTES = 256


def rss(pid: int) -> int:
    """Resident set size in B, shared pages included; 0 if it is gone."""
    with suppress(OSError, psutil.Error):
        if _HAS_PROC:
            with open(f"/proc/{pid}/statm", "rb", buffering=0) as statm:  # noqa: PTH123 - a third of Path's cost
                return int(statm.read(_STATM_BYTES).split()[1]) * _PAGE
        return int(psutil.Process(pid).memory_info().rss)
    return 0


def pss(pid: int) -> int:
    """Proportional set size in B (each shared page divided by its users); 0 if it is gone.

    Costs about 9 µs per resident MiB, and the program may have to wait for it.
    """
    with suppress(OSError):
        for line in (_PROC / str(pid) / "smaps_rollup").read_bytes().splitlines():
            if line.startswith(b"Pss:"):
                return int(line.split()[1]) * 1024
    return 0


def reset_peak(pid: int) -> None:
    """Let its high-water mark begin anew at what is resident now (proc_pid_clear_refs(5)), if it is there.

    ru_maxrss forgets what it was before as well. Raises PermissionError for a process of somebody else.
    """
    with suppress(FileNotFoundError, ProcessLookupError):
        (_PROC / str(pid) / "clear_refs").write_bytes(_RESET_PEAK)


def peak_rss(pid: int) -> int:
    """Its high-water mark in B since its exec, its fork or the last `reset_peak`; 0 if it is gone."""
    with suppress(OSError):
        for line in (_PROC / str(pid) / "status").read_bytes().splitlines():
            if line.startswith(b"VmHWM:"):
                return int(line.split()[1]) * 1024
    return 0
