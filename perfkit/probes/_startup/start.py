"""What is started in each launch of a `startup` scenario, once or for a further reading."""

import shutil
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import mkdtemp

from perfkit.instruments.command import with_python
from perfkit.model.errors import Failed
from perfkit.model.launch import Exit, Launcher, Program, Stage, Target

_TO_FILE = ("/bin/sh", "-c", 'exec "$@" 2>"$0"')


@dataclass(frozen=True, slots=True)
class Start:
    """A program under the name that messages give it, its stages until it is ready, and the s it may take to end."""

    name: str
    program: Program
    stages: tuple[Stage, ...]
    grace: float

    @property
    def at_exit(self) -> bool:
        """Whether it is ready when it has ended."""
        return self.program.ready.at_exit and not self.stages

    def instead(self, command: tuple[str, ...], env: Mapping[str, str]) -> "Start":
        """The same start with another command, and these variables over its own."""
        return replace(self, program=replace(self.program, command=command, env={**self.program.env, **env}))

    def begin(self, launcher: Launcher) -> Target:
        """Start it."""
        return launcher.start(self.program, stages=self.stages)

    def finish(self, target: Target, launcher: Launcher, end: Callable[[Target], Exit] | None = None) -> Exit:
        """Wait for its end; of a program that stays until it is ready, and `end` it then.

        Raises Failed if it ends before it is ready or with a code that is no success, TimedOut if it never is.
        """
        if self.at_exit:
            ended = target.wait(launcher.remaining)
        else:
            target.wait_ready(launcher.remaining)
            ended = target.stop(self.grace) if end is None else end(target)
        self.check(ended)
        return ended

    def check(self, ended: Exit) -> None:
        """Raise Failed where it ended by itself with a code that is no success."""
        if ended.stopped or ended.code in self.program.exit_codes:
            return
        tail = ended.stderr.strip()[-400:]
        when = "" if self.at_exit else " was ready and then"
        raise Failed(
            f"{self.name}{when} ended with code {ended.code}",
            hint=f"stderr: {tail}" if tail else "it printed nothing on stderr",
        )


def emptied(launcher: Launcher) -> Path:
    """A new folder in the launch's own, after all that a start before left there is removed."""
    for left in launcher.tmp.iterdir():
        if left.is_dir() and not left.is_symlink():
            shutil.rmtree(left, ignore_errors=True)
        else:
            left.unlink(missing_ok=True)
    return Path(mkdtemp(prefix="perfkit-", dir=launcher.tmp))


def told_by_python(
    start: Start,
    launcher: Launcher,
    asks: tuple[str, str],
    watching: Callable[[int], AbstractContextManager[object]] = lambda _: nullcontext(),
) -> tuple[str, Exit]:
    """Start it with a Python's option or variable set by which it tells more on stderr; all that, and how it ended.

    `watching` is entered with its process id while it runs. Raises Failed if it does not become ready so.
    """
    option, variable = asks
    said = emptied(launcher) / "stderr"
    command = with_python(start.program.command, launcher.python)
    if command != start.program.command or command[0] == launcher.python:
        command = (command[0], option, *command[1:])  # holds even where the variable is ignored (-I, -E)
    telling = start.instead((*_TO_FILE, str(said), *command), {variable: "1"})
    target = telling.begin(launcher)
    try:
        with watching(target.pid):
            ended = telling.finish(target, launcher)
    except Failed as error:
        lines = said.read_text(encoding="utf-8", errors="replace").splitlines()[-1:] if said.exists() else []
        raise Failed(
            f"{start.name} did not become ready with {variable}=1 set: {' '.join(lines) or error}",
            hint="it may not bear more on its stderr; leave the setting away that asks for this",
        ) from None
    return said.read_text(encoding="utf-8", errors="replace"), ended
