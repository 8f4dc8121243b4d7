"""What every engine of a load is given and what it gives back."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from perfkit.instruments.affinity import Cores
from perfkit.instruments.cpu import CpuWindow
from perfkit.model.detail import Detail
from perfkit.model.launch import Launcher
from perfkit.probes._load.settings import Plan
from perfkit.probes._load.validity import Objection


@dataclass(frozen=True, slots=True)
class Site:
    """Where a load takes place. `service` is the process id of a service of ours, None where it is not ours.

    `cores` are None where nothing is pinned. While the engine runs, its own thread is on the generator's; a program
    that it starts through the launcher is not, and needs `prefix` before its command to reach the service.
    """

    launcher: Launcher
    service: int | None = None
    cores: Cores | None = None
    prefix: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """One load as an engine saw it.

    `values` are metrics by name; `requests` are those of the window, 0 without any. `objections` void the launch.
    `rows` are facts in words, `cpu` is the service's over the window, None where it is not ours.
    """

    values: Mapping[str, float]
    requests: int = 0
    objections: tuple[Objection, ...] = ()
    details: tuple[Detail, ...] = ()
    rows: tuple[tuple[str, str], ...] = ()
    caveats: tuple[str, ...] = ()
    cpu: CpuWindow | None = None
    service_ended: bool = False


Engine = Callable[[Plan, Site], Report]
"""Loads what listens. Raises Failed where nothing does, or where no request succeeds."""
