"""One program in the light launcher (the protocol `Target`), and what is said when it disappoints."""

import math
import os
import re
import shlex
import signal
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, Protocol

from perfkit.instruments.cgroup import MemoryCgroup
from perfkit.instruments.command import CommandLine
from perfkit.instruments.reaching import Way, latest
from perfkit.model.errors import Failed, TimedOut
from perfkit.model.launch import Exit, Program, Ready, Usage
from perfkit.model.reasons import shortened

_TAIL = 10
"""Lines of stderr that a message repeats."""
_OWN = str(Path(__file__).parents[1] / "worker")
"""Where perfkit's own programs lie: what they are given is gone when they have failed."""


class Pump(Protocol):
    """The launch that a program belongs to: where its messages come from."""

    @property
    def remaining(self) -> float:
        """Seconds left of the launch's time limit."""
        ...

    @property
    def python(self) -> str:
        """The side's interpreter."""
        ...

    def pump(self, timeout: float) -> bool:
        """Take one message, waiting up to `timeout` s; whether one came."""
        ...

    def stop_program(self, started: "StartedProgram", grace: float) -> None:
        """Ask for the end of one program."""
        ...


class StartedProgram:
    """A started program; it is ready when everything in `awaited` is so, where that is empty when it ends."""

    def __init__(
        self,
        launch: Pump,
        program: Program,
        command: CommandLine,
        cgroup: MemoryCgroup | None,
        awaited: tuple[Ready, ...],
    ) -> None:
        self._launch, self._program, self._command, self._cgroup = launch, program, command, cgroup
        self._pid = 0
        self._started = math.nan
        self._way = Way(awaited)
        self._exit: Exit | None = None
        self._refused: Failed | None = None

    @property
    def pid(self) -> int:
        """Its process id."""
        return self._pid

    def take(self, message: dict[str, Any]) -> None:
        """Note what the launcher tells of it."""
        if "error" in message:
            self._refused = self._command.refused(message["errno"], message["error"])
        elif "ended" in message:
            self._pid, self._started = message["pid"], message["started"]
            self._way.take(message["ready"], message["refused"], time.monotonic())
            self._exit = self._read_exit(message)
        elif "started" in message:
            self._pid, self._started = message["pid"], message["started"]
        else:
            self._way.take(message["ready"], message["refused"], time.monotonic())

    def wait_started(self) -> None:
        """Wait until it runs. Raises Failed where it cannot be started."""
        self._until(lambda: bool(self._pid), 10.0)

    def wait_ready(self, timeout: float) -> float:
        """Seconds from exec to ready. Raises Failed if it ends before, TimedOut after `timeout` seconds."""
        if self._way.ends_at_exit:
            ended = self.wait(timeout)
            self.check_code(ended)
            return ended.wall_time
        waited = self._until(lambda: self._way.passed, timeout)
        if self._way.passed:
            return max(self._way.clocks(self._started, self._command.name)) - self._started
        if self._exit is not None:
            raise self._failed(self._exit, f" before it was ready{self._way.not_passed()}")
        raise TimedOut(
            f"{self._command.name} was not ready after {waited:.3g} s: {self._way.wanting()}",
            hint="look at `ready`, or raise the `timeout`",
        )

    def wait(self, timeout: float) -> Exit:
        """Wait for its end. Raises TimedOut after `timeout` seconds (its process group is then killed)."""
        waited = self._until(lambda: False, timeout)
        if self._exit is None:
            self.stop(0.0)
            raise TimedOut(
                f"{self._command.name} still ran after {waited:.3g} s", hint="raise the scenario's `timeout`"
            )
        return self._exit

    def stop(self, grace: float = 5.0) -> Exit:
        """SIGTERM to its process group, SIGKILL after `grace` seconds; returns how it ended."""
        if self._exit is None:
            self._launch.stop_program(self, grace)
            self._until(lambda: False, grace + 10.0, beyond=True)
        if self._exit is None:
            raise TimedOut(f"{self._command.name} cannot be ended", hint="look for it in state D (ps)")
        return self._exit

    def check_code(self, ended: Exit) -> None:
        """Raise Failed for an exit code that is no success."""
        if ended.code not in self._program.exit_codes:
            raise self._failed(ended)

    def forget(self, *, running: bool = False) -> None:
        """Remove its cgroup; where the launcher died and it may still be `running`, kill its group first."""
        if running and self._pid and self._exit is None:
            with suppress(OSError):
                os.killpg(self._pid, signal.SIGKILL)
        if self._cgroup:
            self._cgroup.remove()
            self._cgroup = None

    def _until(self, so: Callable[[], bool], timeout: float, *, beyond: bool = False) -> float:
        """Take messages until it is `so` or it has ended; the seconds this was allowed to take."""
        allowed = timeout if beyond else min(timeout, self._launch.remaining)
        deadline = time.monotonic() + allowed
        while not so() and self._exit is None:
            if self._refused:
                raise self._refused
            if not self._launch.pump(deadline - time.monotonic()):
                break
        return allowed

    def _failed(self, ended: Exit, when: str = "") -> Failed:
        how = f"exited with code {ended.code}" if ended.code >= 0 else f"was killed by {_signal_name(-ended.code)}"
        lines = [shortened(line) for line in ended.stderr.strip().splitlines()]
        tail = "".join(f"\n  {line}" for line in lines[-_TAIL:])
        said = f": {lines[-1].strip()}" if lines else ""
        return Failed(f"{self._command.name} {how}{when}{said}{tail if len(lines) > 1 else ''}", hint=self._hint(ended))

    def _hint(self, ended: Exit) -> str:
        if re.search(r"No module named|ModuleNotFoundError", ended.stderr):
            return f"the side's interpreter is {self._launch.python}; `[project] python` names another"
        if "ddress already in use" in ended.stderr:
            return "{port} is a free port of each launch"
        if any(_OWN in word or word.startswith("perfkit.worker.") for word in self._command.argv):
            return ""
        return f"run it by hand: cd {shlex.quote(str(self._command.cwd))} && {shlex.join(self._command.argv)}"

    def _read_exit(self, message: dict[str, Any]) -> Exit:
        peak = self._cgroup.peak() if self._cgroup and message["cgroup"] else None
        method = f"cgroup {self._cgroup.method}" if self._cgroup and peak is not None else ""
        self.forget()
        passed = self._way.seen(self._started)
        return Exit(
            code=message["code"],
            started=message["started"],
            ended=message["ended"],
            ready=message["ended"] if self._way.ends_at_exit else latest(passed),
            usage=_read_usage(message),
            stdout=message["stdout"],
            stderr=message["stderr"],
            stopped=message["stopped"],
            cgroup_peak=peak,
            cgroup_method=method,
            stages=passed,
        )


def _read_usage(message: dict[str, Any]) -> Usage:
    """Run delay is NaN where the system does not tell it."""
    return Usage(
        user_time=message["utime"],
        system_time=message["stime"],
        run_delay=math.nan if message["delay"] is None else message["delay"],
        peak_memory=message["maxrss"],
        floor=message["floor"],
        minor_faults=message["minflt"],
        major_faults=message["majflt"],
        voluntary_switches=message["nvcsw"],
        involuntary_switches=message["nivcsw"],
        blocks_in=message["inblock"],
        alone=message["alone"],
    )


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"
