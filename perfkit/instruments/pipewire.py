"""A private PipeWire with a null sink that has ports, and no session manager."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from perfkit.instruments.audio_server import AudioServer, awaited
from perfkit.model.errors import Failed
from perfkit.model.launch import Launcher, Program, Ready

_JACK_FOLDERS = ("/usr/lib/*/pipewire-0.3/jack", "/usr/lib/pipewire-0.3/jack", "/usr/lib64/pipewire-0.3/jack")
_LONGEST_SOCKET = 100
"""Bytes of a socket's path: unix(7) allows 108 with the final zero."""


@contextmanager
def private_pipewire(launcher: Launcher, rate: int, block: int) -> Iterator[AudioServer]:
    """One loop at `rate` Hz in blocks of `block` frames. Raises Failed if it does not start."""
    runtime, config = launcher.tmp / "audio", launcher.tmp / "audio-config"
    socket = runtime / "pipewire-0"
    if len(os.fsencode(socket)) > _LONGEST_SOCKET:
        raise Failed(f"the path of the socket {socket} is too long", hint="set TMPDIR to a shorter folder")
    runtime.mkdir(mode=0o700, exist_ok=True)
    (config / "pipewire").mkdir(parents=True, exist_ok=True)
    (config / "pipewire" / "pipewire.conf").write_text(_CONFIG.format(rate=rate, block=block), encoding="utf-8")
    env = {"XDG_RUNTIME_DIR": str(runtime), "PIPEWIRE_RUNTIME_DIR": str(runtime), "XDG_CONFIG_HOME": str(config)}
    command = (shutil.which("pipewire") or "pipewire",)
    program = Program(command=command, env=env, ready=Ready(file=str(socket)), exit_codes=(0, -15))
    with awaited(launcher.start(program), "PipeWire"):
        clients = env | {"LD_LIBRARY_PATH": jack_library()}
        ports = ("perfkit:playback_FL", "perfkit:monitor_FL")
        yield AudioServer("pipewire", "PipeWire, null sink", clients, *ports, rate, block)


def jack_library() -> str:
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
    clock.power-of-two-quantum = false
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
