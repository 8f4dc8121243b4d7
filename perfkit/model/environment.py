"""Where it was measured: what makes a machine the same machine, and the conditions that may change on it."""

import hashlib
from collections.abc import Mapping
from dataclasses import astuple, dataclass, field


@dataclass(frozen=True, slots=True)
class Machine:
    """The properties by which a machine is recognised; times are compared only within one."""

    architecture: str
    cpu: str
    stepping: str
    cpus: int
    memory_gib: int
    system: str
    hypervisor: str
    identity: str

    @property
    def fingerprint(self) -> str:
        """Twelve hexadecimal digits that name the machine."""
        return hashlib.sha256(repr(astuple(self)).encode()).hexdigest()[:12]

    def __str__(self) -> str:
        return f"{self.cpu}, {self.cpus} CPUs, {self.memory_gib} GiB, {self.system}"


@dataclass(frozen=True, slots=True)
class Conditions:
    """What may differ between runs on one machine (kernel, governor, Python, libraries): shown and warned about."""

    values: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Commit:
    """The measured revision; `dirty` if the work tree differed from it. Empty `id` outside a repository."""

    id: str = ""
    branch: str = ""
    dirty: bool = False

    def __str__(self) -> str:
        return (self.id[:10] or "no commit") + ("+changes" if self.dirty else "")
