"""Private audio servers: PipeWire with a null sink, or jackd with its dummy driver, for one launch and nobody else.

Both are real servers without a sound card. Neither is found by, nor finds, a server that runs already; nothing of them
is left behind. A server that runs already is used only where a scenario asks for it by `running`.
"""

import os
import platform
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

from perfkit.instruments.audio_server import AudioServer as AudioServer  # noqa: PLC0414 - what the servers here are
from perfkit.instruments.audio_server import ServerKind as ServerKind  # noqa: PLC0414
from perfkit.instruments.jackd import private_jackd
from perfkit.instruments.pipewire import jack_library, private_pipewire
from perfkit.model.errors import Skipped
from perfkit.model.launch import Launcher

_PASSED = (
    "XDG_RUNTIME_DIR",
    "PIPEWIRE_RUNTIME_DIR",
    "PIPEWIRE_REMOTE",
    "JACK_DEFAULT_SERVER",
    "JACK_PROMISCUOUS_SERVER",
    "LD_LIBRARY_PATH",
)


def choose(wanted: Literal["pipewire", "jack", "running", "auto"]) -> ServerKind:
    """The server to use; `auto` is PipeWire, else jackd. Raises Skipped, naming the packages, where it is missing."""
    if wanted == "running":
        return "running"
    linux = platform.system() == "Linux"
    present: dict[ServerKind, bool] = {
        "pipewire": bool(linux and shutil.which("pipewire") and jack_library()),
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
    """Run a private server of one loop at `rate` Hz in blocks of `block` frames; `running` is the user's own.

    Raises Failed if it does not start, Skipped where none runs or the machine has no room for it.
    """
    if kind == "running":
        yield _running(rate)
        return
    start = private_pipewire if kind == "pipewire" else private_jackd
    with start(launcher, rate, block) as server:
        yield server


def _running(rate: int) -> AudioServer:
    """The user's own server: PipeWire where its socket is, else jackd."""
    env = {name: os.environ[name] for name in _PASSED if name in os.environ}
    runtime = env.get("PIPEWIRE_RUNTIME_DIR") or env.get("XDG_RUNTIME_DIR") or f"/run/user/{os.getuid()}"
    if (Path(runtime) / env.get("PIPEWIRE_REMOTE", "pipewire-0")).is_socket() and jack_library():
        there = env | {"XDG_RUNTIME_DIR": runtime, "LD_LIBRARY_PATH": jack_library()}
        return AudioServer("running", "PipeWire that runs here", there, "", "", rate)
    name = env.get("JACK_DEFAULT_SERVER", "default")
    if (Path("/dev/shm") / f"jack_{name}_{os.getuid()}_0").exists():  # noqa: S108 - jackd's own place
        return AudioServer("running", "jackd that runs here", env, "", "", rate)
    raise Skipped("no audio server runs here", hint='start PipeWire or jackd, or leave `server = "running"` out')
