"""A started program and its outputs."""

from __future__ import annotations

import os
import signal
import time

from .readings import read, write
from .ready import Ready

TYPE_CHECKING = False  # typing itself costs 0.8 MiB
if TYPE_CHECKING:
    from typing import Any

KEPT = {"stdout": 65536, "stderr": 16384}
DEFAULTED = (
    *(signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT),
    *(signal.SIGPIPE, signal.SIGXFSZ, signal.SIGCHLD),
)


class Stream:
    """One output pipe of a program, kept to its last bytes."""

    def __init__(self, fd: int, kept: int) -> None:
        os.set_blocking(fd, False)
        self.fd = fd
        self._kept, self._tail = kept, bytearray()

    def read(self) -> bytes | None:
        """The next bytes; None where nothing waits, empty at the end."""
        try:
            data = os.read(self.fd, 65536)
        except BlockingIOError:
            return None
        self._tail += data
        if len(self._tail) > 2 * self._kept:
            del self._tail[: -self._kept]
        return data

    def text(self) -> str:
        """What was kept."""
        return self._tail[-self._kept :].decode("utf-8", "replace")


class Target:
    """A started program. `cgroup` is {"join", "home"}: the cgroup.procs files of its own memory cgroup and of ours.

    `started` is stamped just before posix_spawn: the stamp of the parent after vfork would be late by a wake-up.
    Raises OSError where it cannot be started.
    """

    def __init__(self, request: dict[str, Any]) -> None:
        self.id: int = request["id"]
        self.cgroup: dict[str, str] | None = request["cgroup"]
        self.kill_at: float | None = None
        self.stopped = False
        self.awaited = [Ready(form) for form in request["ready"]]
        pipes = [os.pipe(), os.pipe()]
        try:
            self.pid, self.started = self._spawn(request, pipes[0][1], pipes[1][1])
        except OSError:
            for ready in self.awaited:
                ready.close()
            for fd, _ in pipes:
                os.close(fd)
            raise
        finally:
            for _, fd in pipes:
                os.close(fd)
        self.pidfd = os.pidfd_open(self.pid) if PIDFD else -1
        self.streams = {name: Stream(pair[0], KEPT[name]) for name, pair in zip(KEPT, pipes, strict=True)}

    def _spawn(self, request: dict[str, Any], out: int, err: int) -> tuple[int, float]:
        """Its process id and when it was started; we enter the cgroup ourselves, so that it is born inside."""
        actions: list[tuple[Any, ...]] = [(os.POSIX_SPAWN_DUP2, NULL, 0)]
        actions += [(os.POSIX_SPAWN_DUP2, out, 1), (os.POSIX_SPAWN_DUP2, err, 2)]
        options: dict[str, Any] = {"file_actions": actions, "setsigdef": DEFAULTED, "setsigmask": ()}
        path, argv, env = request["path"], request["argv"], request["env"]
        os.chdir(request["cwd"])
        try:
            self._enter_cgroup()
            started = time.monotonic()
            try:
                pid = os.posix_spawn(path, argv, env, setsid=True, **options)
            except NotImplementedError:  # a C library without POSIX_SPAWN_SETSID
                pid = os.posix_spawn(path, argv, env, setpgroup=0, **options)
        finally:
            if self.cgroup:
                write(self.cgroup["home"], "0")
            os.chdir("/")
        return pid, started

    def _enter_cgroup(self) -> None:
        try:
            if self.cgroup:
                write(self.cgroup["join"], "0")
        except OSError:
            self.cgroup = None

    @property
    def pending(self) -> list[Ready]:
        """What it has not reached yet."""
        return [ready for ready in self.awaited if ready.at is None]

    def way(self) -> dict[str, list[Any]]:
        """What is known of each thing that it is ready by."""
        return {"ready": [each.at for each in self.awaited], "refused": [each.refused for each in self.awaited]}

    def signal(self, number: int) -> None:
        """Send a signal to its process group."""
        try:
            os.killpg(self.pid, number)
        except (ProcessLookupError, PermissionError):
            return  # all gone; macOS says PermissionError of a group of zombies

    def owns(self, pid: int) -> bool:
        """Whether an adopted process is surely its descendant."""
        try:
            inside = self.cgroup is not None and str(pid) in read(self.cgroup["join"]).split()
            return inside or os.getsid(pid) == self.pid
        except OSError:
            return False


def kill(pid: int) -> None:
    """SIGKILL, unless it became somebody else's (a set-user-ID program)."""
    try:
        os.kill(pid, signal.SIGKILL)
    except PermissionError:
        return


def has_pidfd() -> bool:
    """Whether pidfd_open(2) works here."""
    try:
        os.close(os.pidfd_open(os.getpid()))
    except (AttributeError, OSError):
        return False
    return True


PIDFD = has_pidfd()
NULL = os.open(os.devnull, os.O_RDONLY)
