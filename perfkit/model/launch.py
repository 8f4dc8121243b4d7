"""One launch: what is started, what came of it, and what the machine did meanwhile."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Final, Protocol
from urllib.parse import urlsplit

from perfkit.model.detail import Detail
from perfkit.model.metric import Metric
from perfkit.model.outcome import Outcome as Outcome  # noqa: PLC0414 - its home for all but the errors

AT_FLOOR: Final = "peak memory ≤ floor"
"""The caveat of a launch whose `peak_memory` is the launcher's own size at fork (`Usage.floor`), an upper bound."""


_STAGE = re.compile(r"[a-z][a-z0-9_]*")
_PLACEHOLDER = re.compile(r"\{\w+\}")


class Side(StrEnum):
    """The two sides of a comparison."""

    BASE = "base"
    CANDIDATE = "candidate"


@dataclass(frozen=True, slots=True)
class Ready:
    """When a started program counts as ready; at most one field is set, none means when it exits.

    `stdout` is a regular expression searched in each line, `tcp` a port that accepts, `http` a URL that answers
    below 400, `file` a path that exists, `notify` a READY=1 datagram to $NOTIFY_SOCKET (sd_notify(3)). `stamp` is a
    path to which the program writes the moment by itself, CLOCK_MONOTONIC in ns; a group `stamp` in `stdout` reads
    the same from a whole line. Every path starts at the program's cwd.
    """

    stdout: str | None = None
    tcp: int | None = None
    http: str | None = None
    file: str | None = None
    notify: bool = False
    stamp: str | None = None

    def __post_init__(self) -> None:
        if self._forms > 1:
            raise ValueError("ready takes one of stdout, tcp, http, file, notify, stamp")
        try:
            re.compile(self.stdout or "")
        except re.error as error:
            raise ValueError(f"ready.stdout {self.stdout!r} is not a regular expression: {error}") from None
        if self.http is not None and not _is_http(self.http):
            raise ValueError(
                f'ready.http {self.http!r} is not an address such as "http://127.0.0.1:{{port}}/"; for https, use `tcp`'
            )

    @property
    def at_exit(self) -> bool:
        """Whether ready means that the program has ended."""
        return self._forms == 0

    @property
    def _forms(self) -> int:
        forms = (self.stdout, self.tcp, self.http, self.file, self.stamp)
        return sum(form is not None for form in forms) + self.notify


def _is_http(url: str) -> bool:
    try:
        parts = urlsplit(_PLACEHOLDER.sub("1", url))  # a Python file declares it before the launch's port is known
        return parts.scheme == "http" and bool(parts.hostname) and parts.port != 0
    except ValueError:  # what is no port
        return False


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage(Ready):
    """A moment on a program's way to being ready, under a name of lower-case letters, digits and underscores."""

    name: str

    def __post_init__(self) -> None:
        Ready.__post_init__(self)  # super() does not find a class with slots
        if not _STAGE.fullmatch(self.name):
            raise ValueError(f"{self.name!r} does not name a stage; take lower-case letters, digits and underscores")
        if self.at_exit:
            raise ValueError(f"stage {self.name!r} does not say when it is reached, such as stdout = 'listening'")


@dataclass(frozen=True, slots=True)
class Program:
    """A program to start: a command (never a shell), where, with what environment, and when it is ready.

    `env` sets variables, `env_pass` names variables let through from the caller's environment.
    `cwd` is relative to the side's root. `exit_codes` are those that count as success when it ends by itself.
    """

    command: tuple[str, ...]
    cwd: str = ""
    env: Mapping[str, str] = field(default_factory=dict)
    env_pass: tuple[str, ...] = ()
    ready: Ready = field(default_factory=Ready)
    exit_codes: tuple[int, ...] = (0,)


@dataclass(frozen=True, slots=True)
class Usage:
    """What a program and all its descendants consumed, from wait4(2) and its zombie's schedstat.

    Times in s, memory in B. `run_delay` is the main thread's wait for a core. `peak_memory` is ru_maxrss: the largest
    single process; it cannot read below `floor`, the launcher's own size at fork. `alone` is False as soon as the
    program was seen with a child process.
    """

    user_time: float
    system_time: float
    run_delay: float
    peak_memory: int
    floor: int
    minor_faults: int
    major_faults: int
    voluntary_switches: int
    involuntary_switches: int
    blocks_in: int
    alone: bool

    @property
    def cpu_time(self) -> float:
        """User and system time together, s."""
        return self.user_time + self.system_time


@dataclass(frozen=True, slots=True)
class Exit:
    """How a started program ended. Clocks are CLOCK_MONOTONIC seconds; `started` is stamped just before exec.

    `code` is the exit code, or minus the signal's number. `stopped` tells that perfkit ended it.
    `cgroup_peak` is the kernel's high-water mark of the program's own memory cgroup in B, where one was asked for
    and could be made. `stages` are the clocks of what it was asked to pass through, in that order.
    """

    code: int
    started: float
    ended: float
    ready: float | None
    usage: Usage
    stdout: str
    stderr: str
    stopped: bool = False
    cgroup_peak: int | None = None
    cgroup_method: str = ""
    stages: tuple[float | None, ...] = ()

    @property
    def wall_time(self) -> float:
        """From exec to the end, s."""
        return self.ended - self.started


class Target(Protocol):
    """A started program."""

    @property
    def pid(self) -> int:
        """Its process id."""
        ...

    def wait_ready(self, timeout: float) -> float:
        """Seconds from exec to ready. Raises Failed if it ends before, TimedOut after `timeout` seconds."""
        ...

    def wait(self, timeout: float) -> Exit:
        """Wait for its end. Raises TimedOut after `timeout` seconds (its process group is then killed)."""
        ...

    def stop(self, grace: float = 5.0) -> Exit:
        """SIGTERM to its process group, SIGKILL after `grace` seconds; returns how it ended."""
        ...


class Launcher(Protocol):
    """Starts programs in a light process of its own, so that their peaks are not floored by perfkit's size.

    Leaving the launch ends everything it started.
    """

    @property
    def python(self) -> str:
        """The side's interpreter, as a real path."""
        ...

    @property
    def root(self) -> Path:
        """The side's root folder."""
        ...

    @property
    def tmp(self) -> Path:
        """An empty folder that is removed after the launch."""
        ...

    @property
    def seed(self) -> int:
        """The seed of this launch: environment pad, hash seed, arrival times."""
        ...

    @property
    def remaining(self) -> float:
        """Seconds left of this launch's time limit."""
        ...

    def start(self, program: Program, *, cgroup: bool = False, stages: tuple[Stage, ...] = ()) -> Target:
        """Start a program at once.

        Raises Failed if it cannot be started. `cgroup` asks for a memory cgroup of its own. With `stages` it is ready
        when it has passed all of them, and not by its own `ready`.
        """
        ...

    def run(self, program: Program, *, timeout: float | None = None) -> Exit:
        """Start, wait for the end, and raise Failed for an exit code outside `exit_codes`, with the tail of stderr."""
        ...


@dataclass(frozen=True, slots=True)
class Disturbance:
    """What the machine did during a launch, as shares of its wall time (0 to 1); None where it cannot be read."""

    steal: float | None = None
    throttled: float | None = None
    run_delay: float | None = None
    cpu_pressure: float | None = None
    memory_pressure: float | None = None
    io_pressure: float | None = None


@dataclass(frozen=True, slots=True)
class Measurement:
    """What a probe returns: one value per metric in base units, and what it saw inside.

    `metrics` holds definitions known only after measuring (a memory method, a body's own metrics); by name they
    replace or join the probe's. `run_delay` is how long the measured program waited for a core, s. `caveats` are
    short remarks about this launch that every report repeats (`non-RT`, `lower bound`). `disturbance` is what the
    machine did while the values arose, where the launch did more than that; by default that of the whole launch counts.
    """

    values: Mapping[str, float]
    details: tuple[Detail, ...] = ()
    metrics: tuple[Metric, ...] = ()
    run_delay: float | None = None
    caveats: tuple[str, ...] = ()
    disturbance: Disturbance | None = None


@dataclass(frozen=True, slots=True)
class Launch:
    """One launch as recorded: its outcome, values (metric name → base unit), and the circumstances.

    `started` is seconds since the epoch, `duration` s. `contaminated` names the rules that it broke; `replaced` tells
    that it was run again and the later launch counts instead.
    `details` is the details file's name in the run's folder, or empty. `pair` numbers the pairs of a session from 0;
    a pair that is run again takes the next number.
    """

    outcome: Outcome
    session: int
    order: int
    started: float
    duration: float
    seed: int
    values: Mapping[str, float] = field(default_factory=dict)
    reason: str = ""
    disturbance: Disturbance = field(default_factory=Disturbance)
    contaminated: tuple[str, ...] = ()
    replaced: bool = False
    caveats: tuple[str, ...] = ()
    details: str = ""
    side: Side = Side.CANDIDATE
    pair: int | None = None
