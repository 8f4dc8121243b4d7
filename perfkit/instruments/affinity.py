"""Keeping the generator and the measured service off each other's cores."""

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from perfkit.instruments.cpu import tree

_CPUS = Path("/sys/devices/system/cpu")


@dataclass(frozen=True, slots=True)
class Cores:
    """Logical CPUs for either side, never shared."""

    generator: frozenset[int]
    service: frozenset[int]

    def __str__(self) -> str:
        return f"generator on CPU {_named(self.generator)}, service on CPU {_named(self.service)}"


def split_cores() -> Cores | None:
    """The last usable CPU for the generator, the others for the service; None where there is only one or no affinity.

    The generator's hyperthread siblings are left idle where the service has others.
    """
    if not hasattr(os, "sched_getaffinity"):
        return None
    usable = frozenset(os.sched_getaffinity(0))
    if len(usable) < 2:
        return None
    generator = frozenset({max(usable)})
    return Cores(generator, usable - _siblings(max(usable)) or usable - generator)


@contextmanager
def pinned(cores: Cores | None, service: int) -> Iterator[None]:
    """The calling thread on the generator's cores and the tree of process `service` on its own, while inside.

    Afterwards the calling thread has back what it had; the service is left as it is, for it is about to end.
    """
    if cores is None:
        yield
        return
    before = os.sched_getaffinity(0)
    pin_tree(service, cores.service)
    os.sched_setaffinity(0, cores.generator)
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def pin_tree(pid: int, cpus: frozenset[int]) -> None:
    """Every thread of process `pid` and its descendants on `cpus`; what they start later inherits it."""
    for member in tree(pid):
        with suppress(OSError):
            for task in Path(f"/proc/{member}/task").iterdir():
                with suppress(OSError):  # a thread that has just ended
                    os.sched_setaffinity(int(task.name), cpus)


def _siblings(cpu: int) -> frozenset[int]:
    try:
        text = (_CPUS / f"cpu{cpu}" / "topology" / "thread_siblings_list").read_text()
    except OSError:
        return frozenset({cpu})
    found: set[int] = {cpu}
    for part in text.strip().split(","):
        first, _, last = part.partition("-")
        found |= set(range(int(first), int(last or first) + 1))
    return frozenset(found)


def _named(cpus: frozenset[int]) -> str:
    return ", ".join(map(str, sorted(cpus)))
