"""A private jackd with its dummy driver, whose shared memory and sockets go with it."""

import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from perfkit.instruments.audio_server import AudioServer, awaited
from perfkit.model.errors import Skipped
from perfkit.model.launch import Launcher, Program, Ready
from perfkit.model.units import format_quantity

_SHARED_MEMORY = Path("/dev/shm")  # noqa: S108 - where jackd itself puts its memory
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
    ours: set[Path] = set()
    try:
        with awaited(target, "jackd"):
            ours = _mapped(target.pid)
            title = "jackd, dummy driver with monitor ports"
            yield AudioServer("jack", title, env, "system:playback_1", "system:monitor_1", rate)
    finally:
        _forget(ours)


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


def _mapped(pid: int) -> set[Path]:
    """The shared memory of the server `pid`."""
    lines = Path(f"/proc/{pid}/maps").read_text(encoding="utf-8").splitlines()
    paths = {Path(line.split(maxsplit=5)[-1]) for line in lines if f"{_SHARED_MEMORY}/jack-" in line}
    return {path for path in paths if path.name != "jack-shm-registry"}


def _forget(ours: set[Path]) -> None:
    """Remove what a jackd that was killed left, now or earlier, and JACK's registry once no server needs it."""
    for path in _SHARED_MEMORY.glob("jack_*perfkit-*"):
        owner = re.search(r"perfkit-(\d+)_", path.name)
        if owner and (int(owner[1]) == os.getpid() or not Path(f"/proc/{owner[1]}").exists()):
            path.unlink(missing_ok=True)
    for path in ours:
        path.unlink(missing_ok=True)
    if not any(_SHARED_MEMORY.glob("jack_sem.*")) and not any(_SHARED_MEMORY.glob("jack-[0-9]*")):
        shutil.rmtree(_SHARED_MEMORY / f"jack_db-{os.getuid()}", ignore_errors=True)
        (_SHARED_MEMORY / "jack-shm-registry").unlink(missing_ok=True)
