"""Programs started through the light launcher: the client side of `perfkit.worker.launcher`."""

import os
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from perfkit.instruments.cgroup import make_memory_cgroup
from perfkit.instruments.command import resolve_command
from perfkit.instruments.environment import target_environment, venv_of
from perfkit.instruments.ready_form import notify_address, ready_form
from perfkit.instruments.started_program import StartedProgram
from perfkit.instruments.wire import Wire
from perfkit.model.errors import MeasurementError
from perfkit.model.launch import Exit, Program, Ready, Stage

_PATIENCE = 15.0
"""How long the launcher may take to end everything, s; it gives up on a process after 2 s by itself."""


class LauncherClient:
    """A light launcher and the launches made through it, one at a time and from one thread."""

    def __init__(self) -> None:
        self._wire = Wire()

    @classmethod
    @contextmanager
    def open(cls) -> Iterator["LauncherClient"]:
        """Start a launcher; it and everything it started end on leaving. Raises Skipped where there can be none."""
        client = cls()
        try:
            yield client
        finally:
            client.close()

    def close(self) -> None:
        """End the launcher and everything it started."""
        self._wire.close()

    @property
    def pid(self) -> int:
        """The launcher's process id."""
        return self._wire.pid

    @contextmanager
    def launch(
        self, *, root: Path, python: str, tmp: Path, seed: int, timeout: float, env_pass: Sequence[str] = ()
    ) -> Iterator["SideLauncher"]:
        """One launch; on leaving, everything that was started in it is ended.

        `timeout` s is its limit for all that is waited for. Raises MeasurementError where processes would not end.
        """
        if not self._wire.alive:
            self._wire.close()
            self._wire = Wire()
        launch = SideLauncher(self._wire, root, python, tmp, seed, timeout, tuple(env_pass))
        try:
            yield launch
        finally:
            launch.end()


class SideLauncher:
    """The launcher of one launch of one side (the protocol `Launcher`)."""

    def __init__(
        self, wire: Wire, root: Path, python: str, tmp: Path, seed: int, timeout: float, env_pass: tuple[str, ...]
    ) -> None:
        self._wire, self._env_pass = wire, env_pass
        self._root, self._python, self._tmp, self._seed = root, python, tmp, seed
        self._deadline = time.monotonic() + timeout
        self._started: dict[int, StartedProgram] = {}
        self._environments: dict[tuple[str, ...], dict[str, str]] = {}
        self._left: int | None = None

    @property
    def python(self) -> str:
        """The side's interpreter, as a real path."""
        return self._python

    @property
    def root(self) -> Path:
        """The side's root folder."""
        return self._root

    @property
    def tmp(self) -> Path:
        """An empty folder that is removed after the launch."""
        return self._tmp

    @property
    def seed(self) -> int:
        """The seed of this launch."""
        return self._seed

    @property
    def remaining(self) -> float:
        """Seconds left of this launch's time limit."""
        return max(0.0, self._deadline - time.monotonic())

    def start(self, program: Program, *, cgroup: bool = False, stages: tuple[Stage, ...] = ()) -> StartedProgram:
        """Start a program at once. Raises Failed if it cannot be; `cgroup` asks for a memory cgroup of its own.

        With `stages` it is ready when it has passed all of them.
        """
        return self._start(program, cgroup=cgroup, quiet=False, stages=stages)

    def run(self, program: Program, *, timeout: float | None = None) -> Exit:
        """Start, wait for the end, and raise Failed for an exit code outside `exit_codes`, with the tail of stderr."""
        started = self._start(program, cgroup=False, quiet=True)
        ended = started.wait(self.remaining if timeout is None else timeout)
        started.check_code(ended)
        return ended

    def _start(self, program: Program, *, cgroup: bool, quiet: bool, stages: tuple[Stage, ...] = ()) -> StartedProgram:
        awaited: tuple[Ready, ...] = stages or (() if program.ready.at_exit else (program.ready,))
        cwd = self._root / program.cwd
        number = len(self._started)
        notify = notify_address(self._tmp, number)
        env = self._environment(program) | ({"NOTIFY_SOCKET": notify} if any(one.notify for one in awaited) else {})
        command = resolve_command(program.command, cwd, self._python, env["PATH"])
        forms = [ready_form(one, cwd, notify) for one in awaited]
        made = make_memory_cgroup(self._wire.pid) if cgroup else None
        started = StartedProgram(self, program, command, made, awaited)
        self._started[number] = started
        self._wire.send(
            {"do": "start", "id": number, "path": command.path, "argv": list(command.argv), "cwd": str(cwd), "env": env}
            | {"ready": forms, "cgroup": made.doors if made else None, "quiet": quiet}
        )
        if not quiet:
            started.wait_started()
        return started

    def _environment(self, program: Program) -> dict[str, str]:
        passed = (*self._env_pass, *program.env_pass)
        if passed not in self._environments:  # reading os.environ costs as much as a fork
            self._environments[passed] = target_environment(
                os.environ, seed=self._seed, env_pass=passed, venv=venv_of(self._python)
            )
        return {**self._environments[passed], **program.env}

    def stop_program(self, started: StartedProgram, grace: float) -> None:
        """Ask the launcher to end one program."""
        number = next(number for number, each in self._started.items() if each is started)
        self._wire.send({"do": "stop", "id": number, "grace": grace})

    def pump(self, timeout: float) -> bool:
        """Take one message from the launcher, waiting up to `timeout` s; whether one came."""
        message = self._wire.receive(timeout)
        if message is None:
            return False
        if "left" in message:
            self._left = message["left"]
        elif started := self._started.get(message["id"]):
            started.take(message)
        return True

    def end(self) -> None:
        """End everything that was started. Raises MeasurementError where something would not end."""
        if not self._started:
            return
        try:
            self._wire.send({"do": "clear"})
            deadline = time.monotonic() + _PATIENCE
            while self._left is None and self.pump(deadline - time.monotonic()):
                continue
        finally:
            if self._left is None:
                self._wire.close()
            for started in self._started.values():
                started.forget(running=self._left is None)
        if self._left != 0:
            raise MeasurementError(
                f"{self._left or 'some'} processes of this launch would not end",
                hint="look for processes in state D (ps) before measuring on",
            )
