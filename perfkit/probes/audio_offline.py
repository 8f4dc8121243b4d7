"""Probe `audio_offline`: how much faster than real time a renderer is."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, ClassVar

from perfkit.model.launch import Launcher, Measurement, Program
from perfkit.model.metric import Better, Metric, Resource
from perfkit.model.units import Duration
from perfkit.probes._audio_format import check_body, check_format, check_unused
from perfkit.probes._client_settings import ClientSettings
from perfkit.probes._requires import check_requirements

if TYPE_CHECKING:
    from perfkit.instruments.rendering import Rendering

_FOUR_SECONDS = Duration(4.0)

_RENDERER = (
    Metric(
        "real_time_factor", "1", better=Better.HIGHER, resource=Resource.WALL,
        description="seconds of sound per second of rendering",
    ),
    Metric(
        "cpu", "cores", resource=Resource.CPU,
        description="CPU time per second of sound: what it would take of a core in real time",
    ),
)  # fmt: skip
_BLOCKS = (
    Metric("block_time_p50", "s", resource=Resource.WALL, description="time to fill a block, median"),
    Metric("block_time_p99", "s", resource=Resource.WALL, description="time to fill a block, 99th percentile"),
    Metric("block_time_max", "s", resource=Resource.WALL, description="time to fill a block, longest"),
    Metric("block_cpu_p50", "s", resource=Resource.CPU, description="CPU time to fill a block, median"),
    Metric("load_p99", "1", resource=Resource.WALL, description="block time as a share of the period, 99th percentile"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class AudioOffline(ClientSettings):
    """Renders as fast as it goes: a `command`, a `body`, or a JACK client.

    `command` writes a sound file to `output` (`{tmp}/render.wav` where it is not set), whose length counts; or it
    writes nothing to be read and renders the `seconds` that are given. Its start-up is part of it. `body` is called as
    by probe `audio_deadline`, in blocks of `block` frames at `rate`: after `warmup` uncounted ones for `seconds`, 4 if
    not given. Its start-up is not part of it.

    With `output_port` the command starts a JACK client, unmodified, on a private jackd that freewheels: cycles follow
    each other as soon as the client is done. It is `ready` as elsewhere, else as soon as its ports are there, within
    `ports_within`. `notes` are held at its `midi_port`, if it plays nothing by itself. A block's time is
    that of a whole cycle of the server's, and CPU time is that of the client's process.

    `requires` names programs on PATH, or files, and what to do where they are missing; the scenario is then skipped.
    """

    kind: ClassVar[str] = "audio_offline"

    output: str = ""
    seconds: Duration | None = None
    body: str = ""
    arguments: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        check_format(self.rate, self.block, "block")
        if bool(self.command) == bool(self.body):
            raise ValueError("what renders is one of command and body")
        if self.body:
            check_body(self.body)
        else:
            check_unused(self, ("arguments",), "is what a body is called with, and there is none")
        if self.output_port:
            self._check_client()
        elif self.midi_port or self.notes or self.ready:
            raise ValueError("output_port is missing: midi_port, notes and ready belong to a JACK client")
        elif self.output and (self.body or self.seconds is not None):
            raise ValueError("output is the file of a command whose length counts; leave out body and seconds")
        if self.warmup < 0:
            raise ValueError("warmup is a number of blocks, 0 or more")

    def _check_client(self) -> None:
        self.check_ports()
        if not self.command or self.output:
            raise ValueError("output_port belongs to the JACK client that command starts: leave out body and output")

    @property
    def blocks(self) -> int:
        """How many blocks of a body or a JACK client are counted."""
        return max(1, round((self.seconds or _FOUR_SECONDS) * self.rate / self.block))

    @property
    def metrics(self) -> tuple[Metric, ...]:
        """What a launch yields; times of blocks only where there are blocks to be seen."""
        if not (self.body or self.output_port):
            return _RENDERER
        method = "freewheel, jack" if self.output_port else ""
        return tuple(replace(metric, method=method) for metric in (*_RENDERER, *_BLOCKS))

    def measure(self, launcher: Launcher) -> Measurement:
        """One render. Raises Failed where it gives no sound."""
        check_requirements(self.requires, launcher.root)
        if self.output_port:
            from perfkit.instruments.jack_clients import persistently
            from perfkit.probes import _audio_freewheel

            return persistently(lambda: _audio_freewheel.render_client(launcher, self, self.observing(self.blocks)))
        from perfkit.probes import _audio_offline

        if self.command:
            program = Program(self.command, self.cwd, self.env, self.env_pass)
            return _audio_offline.time_command(launcher, program, self.output, self.seconds)
        return _audio_offline.time_body(launcher, self._rendering)

    @property
    def _rendering(self) -> "Rendering":
        from perfkit.instruments.rendering import Rendering

        return Rendering(
            body=self.body,
            arguments=self.arguments,
            frames=self.block,
            rate=self.rate,
            blocks=self.blocks,
            warmup=self.warmup,
            cwd=self.cwd,
            env=self.env,
            env_pass=self.env_pass,
        )
