"""Private audio servers: PipeWire with a null sink, or jackd with its dummy driver, for one launch and for nobody else.

Both are real servers without a sound card. Neither is found by, nor finds, a server that runs already; nothing of them
is left behind.
"""

import os
import platform
import re
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from perfkit.model.errors import Failed, Skipped
from perfkit.model.launch import Launcher, Program, Ready, Target

ServerKind = Literal["pipewire", "jack"]

_JACK_FOLDERS = ("/usr/lib/*/pipewire-0.3/jack", "/usr/lib/pipewire-0.3/jack", "/usr/lib64/pipewire-0.3/jack")
_SHARED_MEMORY = Path("/dev/shm")  # noqa: S108 - where jackd itself puts its memory
_START_WITHIN = 10.0
_LONGEST_SOCKET = 100
"""Bytes of a socket's path: unix(7) allows 108 with the final zero."""


@dataclass(frozen=True, slots=True)
class AudioServer:
    """A running private server. `env` leads clients to it; what is played into `play` is recorded from `record`."""

    name: str
    env: Mapping[str, str]
    play: str
    record: str


def choose(wanted: Literal["pipewire", "jack", "auto"]) -> ServerKind:
    """The server to use: PipeWire, else jackd. Raises Skipped, naming the packages, where it is missing."""
    linux = platform.system() == "Linux"
    present: dict[ServerKind, bool] = {
        "pipewire": bool(linux and shutil.which("pipewire") and _pipewire_jack()),
        "jack": bool(linux and shutil.which("jackd")),
    }
    for kind, there in present.items():
        if there and wanted in {kind, "auto"}:
            return kind
    packages = {
        "pipewire": "pipewire pipewire-jack",
        "jack": "jackd2",
        "auto": "pipewire pipewire-jack (or jackd2)",
    }[wanted]
    raise Skipped("no JACK-compatible server on this machine", hint=f"apt-get install {packages}")


@contextmanager
def private_server(launcher: Launcher, kind: ServerKind, *, rate: int, block: int) -> Iterator[AudioServer]:
    """Run a private server of one loop at `rate` Hz in blocks of `block` frames. Raises Failed if it does not start."""
    start = _pipewire if kind == "pipewire" else _jackd
    with start(launcher, rate, block) as server:
        yield server


@contextmanager
def _pipewire(launcher: Launcher, rate: int, block: int) -> Iterator[AudioServer]:
    runtime, config = launcher.tmp / "audio", launcher.tmp / "audio-config"
    socket = runtime / "pipewire-0"
    if len(os.fsencode(socket)) > _LONGEST_SOCKET:
        raise Failed(f"the path of the socket {socket} is too long", hint="set TMPDIR to a shorter folder")
    runtime.mkdir(mode=0o700)
    (config / "pipewire").mkdir(parents=True)
    (config / "pipewire" / "pipewire.conf").write_text(_CONFIG.format(rate=rate, block=block), encoding="utf-8")
    env = {"XDG_RUNTIME_DIR": str(runtime), "PIPEWIRE_RUNTIME_DIR": str(runtime), "XDG_CONFIG_HOME": str(config)}
    program = Program(command=(_path("pipewire"),), env=env, ready=Ready(file=str(socket)), exit_codes=(0, -15))
    with _running(launcher.start(program), "PipeWire"):
        clients = env | {"LD_LIBRARY_PATH": _pipewire_jack()}
        yield AudioServer("PipeWire, null sink", clients, "perfkit:playback_FL", "perfkit:monitor_FL")


@contextmanager
def _jackd(launcher: Launcher, rate: int, block: int) -> Iterator[AudioServer]:
    name = f"perfkit-{os.getpid()}"
    socket = _SHARED_MEMORY / f"jack_{name}_{os.getuid()}_0"
    env = {"JACK_NO_AUDIO_RESERVATION": "1", "JACK_DEFAULT_SERVER": name, "JACK_NO_START_SERVER": "1"}
    command = (
        _path("jackd"),
        "-n",
        name,
        "-R",
        "-P70",
        "-p",
        "64",
        "-d",
        "dummy",
        "-m",
        "-r",
        str(rate),
        "-p",
        str(block),
    )
    target = launcher.start(Program(command=command, env=env, ready=Ready(file=str(socket)), exit_codes=(0, -15)))
    ours: set[Path] = set()
    try:
        with _running(target, "jackd"):
            ours = _mapped(target.pid)
            yield AudioServer("jackd, dummy driver with monitor ports", env, "system:playback_1", "system:monitor_1")
    finally:
        _forget(ours)


@contextmanager
def _running(target: Target, name: str) -> Iterator[None]:
    """Wait until the server listens and end it, by SIGTERM first so that it cleans up, whatever happens."""
    try:
        try:
            target.wait_ready(_START_WITHIN)
        except Failed as error:
            raise Failed(f"{name} did not start: {error}", hint=f"start {name} by hand and see what it says") from error
        yield
    finally:
        target.stop()


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


def _path(program: str) -> str:
    return shutil.which(program) or program


def _pipewire_jack() -> str:
    """The folder of PipeWire's own libjack, or an empty string."""
    found = (str(path.parent) for pattern in _JACK_FOLDERS for path in Path("/").glob(f"{pattern[1:]}/libjack.so.0"))
    return next(found, "")


_CONFIG = """\
context.properties = {{
    core.daemon = true
    core.name = pipewire-0
    link.max-buffers = 16
    default.clock.rate = {rate}
    default.clock.allowed-rates = [ {rate} ]
    default.clock.quantum = {block}
    default.clock.min-quantum = {block}
    default.clock.max-quantum = {block}
}}
context.spa-libs = {{
    audio.convert.* = audioconvert/libspa-audioconvert
    support.* = support/libspa-support
}}
context.modules = [
    {{ name = libpipewire-module-rt args = {{ rt.prio = 88 }} flags = [ ifexists nofail ] }}
    {{ name = libpipewire-module-protocol-native }}
    {{ name = libpipewire-module-metadata }}
    {{ name = libpipewire-module-spa-node-factory }}
    {{ name = libpipewire-module-client-node }}
    {{ name = libpipewire-module-access }}
    {{ name = libpipewire-module-adapter }}
    {{ name = libpipewire-module-link-factory }}
]
context.objects = [
    {{ factory = adapter args = {{
        factory.name = support.null-audio-sink
        node.name = perfkit
        media.class = Audio/Sink
        object.linger = true
        audio.position = [ FL FR ]
        priority.driver = 30000
        monitor.channel-volumes = false
        node.pause-on-idle = false
        adapter.auto-port-config = {{ mode = dsp monitor = true position = preserve }}
    }} }}
]
"""
"""A whole configuration, so that neither the system's nor the user's reaches in (theirs forces 1024 frames on virtual
machines). Without `adapter.auto-port-config` the sink has no ports until a session manager comes."""
