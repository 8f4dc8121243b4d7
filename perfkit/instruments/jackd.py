"""A private jackd with its dummy driver, whose shared memory and sockets go with it."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from perfkit.instruments.audio_server import AudioServer, awaited
from perfkit.model.errors import Skipped
from perfkit.model.launch import Launcher, Program, Ready
from perfkit.model.units import format_quantity

_SHARED_MEMORY = Path("/dev/shm")  # noqa: S108 - where jackd itself puts its memory
_GUARD = Path(__file__).parents[1] / "worker" / "jackd_guard.py"
_PORTS = 64
_NEEDED = 48 * 2**20
"""Bytes: jackd takes 40 MB at 64 ports, and its clients some more."""


@contextmanager
def private_jackd(launcher: Launcher, rate: int, block: int) -> Iterator[AudioServer]:
    """One loop at `rate` Hz in blocks of `block` frames. Raises Failed if it does not start."""
    check_room(_SHARED_MEMORY, _NEEDED)
    name = f"perfkit-{os.getpid()}"
    socket = _SHARED_MEMORY / f"jack_{name}_{os.getuid()}_0"
    env = {"JACK_NO_AUDIO_RESERVATION": "1", "JACK_DEFAULT_SERVER": name, "JACK_NO_START_SERVER": "1"}
    of_server = ("-n", name, "-R", "-P70", "-p", str(_PORTS))
    of_driver = ("-d", "dummy", "-m", "-r", str(rate), "-p", str(block))
    command = (shutil.which("jackd") or "jackd", *of_server, *of_driver)
    target = launcher.start(Program(command=command, env=env, ready=Ready(file=str(socket)), exit_codes=(0, -15)))
    with _guarded(name, target.pid) as guard, awaited(target, "jackd"):
        _look(guard)
        title = "jackd, dummy driver with monitor ports"
        yield AudioServer("jack", title, env, "system:playback_1", "system:monitor_1", rate, block)


@contextmanager
def _guarded(name: str, pid: int) -> Iterator["subprocess.Popen[bytes]"]:
    """A process that removes what jackd leaves, which it does even if this one is killed."""
    guard = subprocess.Popen(
        (sys.executable, "-I", "-S", str(_GUARD), name, str(pid)),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        yield guard
    finally:
        guard.communicate()


def _look(guard: "subprocess.Popen[bytes]") -> None:
    """Let the guard see what belongs to jackd, which is ready."""
    if guard.stdin is not None and guard.stdout is not None:
        guard.stdin.write(b"look\n")
        guard.stdin.flush()
        guard.stdout.readline()


def check_room(folder: Path, needed: int) -> None:
    """Raises Skipped unless the file system of `folder` has `needed` bytes free: jackd would die of SIGBUS."""
    room = os.statvfs(folder)
    free = room.f_bavail * room.f_frsize
    if free < needed:
        wanted, there = (format_quantity(size, "B") for size in (needed, free))
        raise Skipped(
            f"{folder} has {there} free and jackd needs {wanted}",
            hint="enlarge it (docker run --shm-size 256m; mount -o remount,size=256m /dev/shm) or use PipeWire",
        )
