"""How many files, which sockets are too, a process may have open."""

from contextlib import suppress

from perfkit.instruments.cpu import tree
from perfkit.model.errors import Skipped

_OWN = 64
"""Files that the generator has open beside its connections."""
_SERVICES = 1024
"""Files that a service may have open beside its connections: what most systems allow it anyhow."""


def allow_open_files(connections: int, service: int | None = None) -> None:
    """Let this process, and the tree of process `service`, hold so many connections, as far as the hard limit goes.

    Raises Skipped where this process's hard limit is below that. Without limits (Windows) nothing is done.
    """
    try:
        import resource
    except ImportError:
        return
    needed = connections + _OWN
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY and hard < needed:
        raise Skipped(
            f"{connections} connections need {needed} open files and this machine allows {hard}",
            hint=f"raise the hard limit (ulimit -Hn {needed}, or LimitNOFILE=), or ask for fewer connections",
        )
    if soft != resource.RLIM_INFINITY and soft < needed:
        with suppress(ValueError, OSError):  # macOS has a lower limit of its own
            resource.setrlimit(resource.RLIMIT_NOFILE, (needed, hard))
    if service is None or not hasattr(resource, "prlimit"):
        return
    for pid in tree(service):
        with suppress(OSError, ValueError):
            _raise_for(pid, connections + _SERVICES)


def _raise_for(pid: int, needed: int) -> None:
    import resource

    soft, hard = resource.prlimit(pid, resource.RLIMIT_NOFILE)
    most = needed if hard == resource.RLIM_INFINITY else min(needed, hard)
    if soft != resource.RLIM_INFINITY and soft < most:
        resource.prlimit(pid, resource.RLIMIT_NOFILE, (most, hard))
