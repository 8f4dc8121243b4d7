"""Somebody's JACK client, started beside a server and watched until the end."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

from perfkit.instruments.audio_server import AudioServer
from perfkit.model.errors import Failed, NotMeasured
from perfkit.model.launch import Launcher, Program, Ready, Target
from perfkit.model.reasons import shortened


class External(Protocol):
    """The settings of a probe that starts a client."""

    @property
    def command(self) -> tuple[str, ...]:
        """Its command; empty where it runs already."""
        ...

    @property
    def ready(self) -> Ready | None:
        """When it is ready; None: as soon as its ports are there."""
        ...

    @property
    def cwd(self) -> str:
        """Its folder."""
        ...

    @property
    def env(self) -> Mapping[str, str]:
        """Variables that are set for it."""
        ...

    @property
    def env_pass(self) -> tuple[str, ...]:
        """Variables that are let through to it."""
        ...


@contextmanager
def external_client(probe: External, launcher: Launcher, server: AudioServer) -> Iterator[Target | None]:
    """Start the probe's command as a client of `server`; None without one. It must still run at the end.

    Raises Failed, with its last words, where it died meanwhile, whatever that made of the measurement.
    """
    if not probe.command:
        yield None
        return
    env = {**server.env, **probe.env}
    program = Program(probe.command, probe.cwd, env, probe.env_pass, probe.ready or Ready())
    name = " ".join(probe.command)
    target = launcher.start(program)
    if probe.ready is not None:
        target.wait_ready(launcher.remaining)
    try:
        yield target
    except NotMeasured as error:
        check_alive(target, name, error)
        target.stop()
        raise
    check_alive(target, name, None)
    target.stop()


def check_alive(target: Target, name: str, cause: Exception | None) -> None:
    """Raises Failed, with its last words, if the client has ended."""
    if Path(f"/proc/{target.pid}").exists():
        return
    ended = target.wait(1.0)
    lines = [shortened(line) for line in ended.stderr.strip().splitlines()]
    said = f": {lines[-1].strip()}" if lines else ""
    how = f"signal {-ended.code}" if ended.code < 0 else f"exit code {ended.code}"
    raise Failed(
        f"the client {name} ended in the middle of the measurement ({how}){said}",
        hint="run it by hand against a server: it must play until it is told to end",
    ) from cause
