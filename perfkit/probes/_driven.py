"""A program that becomes ready, is exercised by a command or by requests, stays for a while, and is ended."""

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from threading import Event

from perfkit.model.errors import Failed, TimedOut
from perfkit.model.launch import Exit, Launcher, Program, Ready, Target
from perfkit.probes.load import Load

_TAIL = 400


@dataclass(frozen=True, slots=True)
class Driven:
    """What drove a program: what the driver printed, how many requests of ours in how many s, and caveats of that."""

    stdout: str = ""
    requests: int | None = None
    seconds: float | None = None
    caveats: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Course:
    """How a program is exercised: by `drive` or `load` once it is ready, then `hold` s more, then it is ended.

    Without `ready`, `drive` and `hold` it ends by itself.
    """

    program: Program
    drive: tuple[str, ...]
    load: Load | None
    hold: float | None
    grace: float

    @property
    def driven(self) -> bool:
        """Whether something of ours exercises it."""
        return bool(self.drive) or self.load is not None

    @property
    def ends_by_itself(self) -> bool:
        """Whether it is waited for rather than ended."""
        return not self.driven and self.hold is None and self.program.ready.at_exit

    def start(self, launcher: Launcher) -> Target:
        """Start it, with what will drive it at hand."""
        if self.load is not None:
            from perfkit.probes._driven_load import load_engine

            load_engine(self.load)
        return launcher.start(self.program)

    def await_ready(self, launcher: Launcher, target: Target) -> None:
        """Wait until it is ready, where it tells so."""
        if not self.program.ready.at_exit:
            target.wait_ready(launcher.remaining)

    def exercise(self, launcher: Launcher, target: Target, started: Callable[[int], None]) -> Driven:
        """Drive it, if anything does; `started` is told the driver's process id.

        Raises Failed where the program ends badly meanwhile, the driver fails, or no request gets its answer.
        """
        try:
            return self._exercise(launcher, target, started)
        except Failed:
            self.end(launcher, target)  # a program that died is the cause, and says more
            raise

    def _exercise(self, launcher: Launcher, target: Target, started: Callable[[int], None]) -> Driven:
        if self.load is not None:
            from perfkit.probes._driven_load import send

            sent = send(self.load, launcher, target)
            return Driven(requests=sent.requests or None, seconds=sent.seconds, caveats=sent.caveats)
        if not self.drive:
            return Driven()
        driver = launcher.start(replace(self.program, command=self.drive, ready=Ready(), exit_codes=(0,)))
        started(driver.pid)
        ended = driver.wait(launcher.remaining)
        check_code(ended, self.drive[0], (0,))
        return Driven(ended.stdout)

    def stay(self, launcher: Launcher, gone: Event) -> None:
        """Wait for `hold`, or until it is gone. Raises TimedOut where the launch has less time left."""
        if self.hold is None:
            return
        if self.hold > launcher.remaining:
            raise TimedOut(f"hold = {self.hold:g} s is longer than the launch may last", hint="raise its timeout")
        gone.wait(self.hold)

    def end(self, launcher: Launcher, target: Target) -> Exit:
        """Its end: awaited, or brought about. Raises Failed where it ended by itself and badly."""
        ended = target.wait(launcher.remaining) if self.ends_by_itself else target.stop(float(self.grace))
        if not ended.stopped:
            check_code(ended, self.program.command[0], self.program.exit_codes)
        return ended


def check_code(ended: Exit, name: str, allowed: tuple[int, ...]) -> None:
    """Raises Failed for an exit code that is no success."""
    if ended.code not in allowed:
        hint = f"stderr: {ended.stderr.strip()[-_TAIL:] or 'empty'}"
        raise Failed(f"{name} ended with code {ended.code}", hint=hint)


def check_course(command: tuple[str, ...], ready: Ready, drive: tuple[str, ...], load: Load | None) -> None:
    """Raises ValueError for settings that make no sense together."""
    if not command:
        raise ValueError("command is empty; give the program and its arguments as a list")
    if drive and load is not None:
        raise ValueError("drive and load exclude each other: a command or requests")
    if (drive or load is not None) and ready.at_exit:
        raise ValueError(f"{'drive' if drive else 'load'} needs ready: say when the program can be exercised")
    if load is not None and load.service is not None:
        raise ValueError("load.service: the measured program is the service; give its `command`")


def check_work(work: float | str | None, name: str) -> None:
    """Raises ValueError unless `work` is a positive number or a regular expression with one group."""
    if isinstance(work, str):
        try:
            groups = re.compile(work).groups
        except re.error as error:
            raise ValueError(f"{name} {work!r} is not a regular expression: {error}") from None
        if groups != 1:
            raise ValueError(f"{name} {work!r} needs one group, around the number")
    elif work is not None and not work > 0:
        raise ValueError(f"{name} must be positive, not {work:g}")


def work_done(work: float | str, stdout: str, name: str) -> float:
    """The units of work: as given, or the last match of the expression in `stdout`. Raises Failed where none is."""
    if not isinstance(work, str):
        return float(work)
    found = re.findall(work, stdout)
    if not found:
        raise Failed(f"{name} {work!r} matches nothing that was printed", hint=f"stdout: {stdout[-_TAIL:] or 'empty'}")
    try:
        units = float(found[-1])
    except ValueError:
        raise Failed(f"{name} matched {found[-1]!r}, which is no number", hint="put the group around digits") from None
    if not units > 0:
        raise Failed(f"{name} matched {found[-1]!r}: no work was done", hint="see what it printed")
    return units
