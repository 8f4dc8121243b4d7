"""Stand-ins for what a test must not depend on: processes whose ends are scripted."""

import sys
from collections import deque
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from perfkit.model.errors import Failed
from perfkit.model.launch import Exit, Program, Stage, Usage

MIB = 2**20


def an_exit(code: int = 0, **changes: Any) -> Exit:
    """How a program ended; fields of Usage may be given by name as well."""
    usage: dict[str, Any] = {
        "user_time": 0.2, "system_time": 0.05, "run_delay": 0.001, "peak_memory": 50 * MIB, "floor": 10 * MIB,
        "minor_faults": 1234, "major_faults": 0, "voluntary_switches": 5, "involuntary_switches": 1, "blocks_in": 0,
        "alone": True,
    }  # fmt: skip
    usage |= {name: changes.pop(name) for name in list(changes) if name in usage}
    fields: dict[str, Any] = {
        "code": code, "started": 100.0, "ended": 101.5, "ready": None, "usage": Usage(**usage), "stdout": "",
        "stderr": "",
    }  # fmt: skip
    return Exit(**{**fields, **changes})


class FakeTarget:
    """A program that is ready at once, unless it ended before, and ends as scripted."""

    def __init__(self, ended: Exit) -> None:
        self.pid = 0  # no process has it, so every reading finds it gone
        self._ended = ended
        self.asked: list[str] = []

    def wait_ready(self, timeout: float) -> float:
        self.asked.append("wait_ready")
        if self._ended.ready is None:
            raise Failed("it ended before it was ready")
        return self._ended.ready - self._ended.started

    def wait(self, timeout: float) -> Exit:
        self.asked.append("wait")
        return self._ended

    def stop(self, grace: float = 5.0) -> Exit:
        self.asked.append("stop")
        return self._ended


class FakeLauncher:
    """Hands out `exits` in order; `started` is called with each program, and may write the files that it would."""

    def __init__(
        self, root: Path, exits: Iterable[Exit] = (), started: Callable[[Program], None] = lambda program: None
    ) -> None:
        self.root, self.tmp = root, root / "tmp"
        self.tmp.mkdir(exist_ok=True)
        self.python, self.seed, self.remaining = sys.executable, 7, 60.0
        self.programs: list[Program] = []
        self.targets: list[FakeTarget] = []
        self.cgroups: list[bool] = []
        self.stages: list[tuple[Stage, ...]] = []
        self._exits, self._started = deque(exits), started

    def start(self, program: Program, *, cgroup: bool = False, stages: tuple[Stage, ...] = ()) -> FakeTarget:
        self.programs.append(program)
        self.cgroups.append(cgroup)
        self.stages.append(stages)
        self._started(program)
        self.targets.append(FakeTarget(self._exits.popleft()))
        return self.targets[-1]

    def run(self, program: Program, *, timeout: float | None = None) -> Exit:
        ended = self.start(program).wait(timeout or self.remaining)
        if ended.code not in program.exit_codes:
            raise Failed(f"{program.command[0]} ended with code {ended.code}", hint=ended.stderr)
        return ended
