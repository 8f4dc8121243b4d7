"""Probe `audio_deadline`: does an audio program fill each block before it must play."""

from dataclasses import dataclass
from typing import ClassVar

from perfkit.model.launch import Launcher, Measurement
from perfkit.probes._deadline_settings import DeadlineSettings
from perfkit.probes._requires import check_requirements


@dataclass(frozen=True, slots=True, kw_only=True)
class AudioDeadline(DeadlineSettings):
    """Holds an audio program's blocks against their deadlines.

    A `body` runs in the side's interpreter: `module:function` or `path/to/file.py:function`, called as
    `function(frames, rate, **arguments)`; it returns a callable that fills a block (float32, frames × 2). It plays on
    the `virtual` sink, which needs neither a server nor a sound card, or as a JACK client in its own process on a
    private `server`: `pipewire`, `jack`, or `auto` (PipeWire, else jackd, else the virtual sink).

    Somebody's JACK client is started by `command` (`ready` as elsewhere, else as soon as its ports are there, within
    `ports_within`), or runs already on a `running` server, and is observed at its `output_port`: block times are from
    the begin of a cycle until its block was there. `notes` are held at its `midi_port`, if it plays nothing by itself.

    `block` is in frames and `rate` in Hz; `warmup` blocks are played but not counted, and `floor` is how long an empty
    body is played before, to know the machine's own wake-up lateness (beside a client, a canary shows it). Blocks of 64
    frames and fewer are judged only under real-time scheduling.

    `requires` names programs on PATH, or files, and what to do where they are missing; the scenario is then skipped.
    """

    kind: ClassVar[str] = "audio_deadline"

    def measure(self, launcher: Launcher) -> Measurement:
        """One process, one stretch of blocks."""
        check_requirements(self.requires, launcher.root)
        from perfkit.instruments.jack_clients import persistently
        from perfkit.probes import _audio_server, _audio_virtual

        if not self.body:
            return persistently(lambda: _audio_server.observe_client(self, launcher))
        kind = _audio_virtual.server_for(self.server)
        if kind is None:
            return _audio_virtual.play_body(self, launcher)
        return persistently(lambda: _audio_server.play_body(self, kind, launcher))
