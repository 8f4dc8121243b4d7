"""Probe `audio_latency`: how soon what is played can be heard."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Literal

from perfkit.model.launch import Launcher, Measurement, Ready
from perfkit.model.metric import Metric, Resource, Scale
from perfkit.model.units import Duration
from perfkit.probes.audio_deadline import check_body, check_format

_SIZES = (32, 64, 128, 256, 512, 1024)
_TWO_SECONDS = Duration(2.0)
_HALF_A_SECOND = Duration(0.5)
_A_TENTH = Duration(0.1)
_FIVE_SECONDS = Duration(5.0)
_SHORTEST_SPACING = 0.01

_SMALLEST = Metric(
    "smallest_block",
    "frames",
    resource=Resource.WALL,
    method="virtual sink",
    description="the smallest block size that plays without a miss",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class AudioLatency:
    """Four ways to measure audio latency, by `mode`.

    `smallest_block`: plays `body` (as probe `audio_deadline` does) on the virtual sink and finds the smallest of
    `sizes`, refined by `step` frames, that runs for `duration` without a miss; a size fails if two of three tries miss.
    Its latency is that of a machine without a server.

    The others play seeded noise through an audio `server` in blocks of `block` frames, record and correlate. A launch
    opens the server once. Recording goes on for `longest`, the largest delay to be found. `server` is a private
    `pipewire` or `jack`, `auto` (PipeWire, else jackd), or `running`: the one that runs here already.

    `round_trip`: through the server and back; on a `running` one from `output_port` into `input_port`.

    `app`: into `input_port` of a JACK client and out of its `output_port`, less a self-loop beside it. The client is
    started by `command` (`ready` as elsewhere, else as soon as its ports are there, within `ports_within`), or runs
    already. `midi`: note-ons of `note` to its `midi_port` at random frames, `notes` of them, `spacing` or more apart,
    until each begins to sound at `output_port`, less the self-loop; `jitter` is the largest less the smallest.
    """

    kind: ClassVar[str] = "audio_latency"

    mode: Literal["smallest_block", "round_trip", "app", "midi"]
    rate: int = 48_000
    body: str = ""
    arguments: Mapping[str, Any] = field(default_factory=dict)
    sizes: tuple[int, ...] = _SIZES
    step: int = 16
    duration: Duration = _TWO_SECONDS
    warmup: int = 50
    command: tuple[str, ...] = ()
    ready: Ready | None = None
    input_port: str = ""
    output_port: str = ""
    midi_port: str = ""
    ports_within: Duration = _FIVE_SECONDS
    note: int = 96
    notes: int = 20
    spacing: Duration = _A_TENTH
    cwd: str = ""
    env: Mapping[str, str] = field(default_factory=dict)
    env_pass: tuple[str, ...] = ()
    server: Literal["pipewire", "jack", "running", "auto"] = "auto"
    block: int = 128
    longest: Duration = _HALF_A_SECOND

    def __post_init__(self) -> None:
        check_format(self.rate, self.block, "block")
        if self.mode == "smallest_block":
            self._check_search()
            return
        if self.body:
            plays = "notes" if self.mode == "midi" else "noise"
            raise ValueError(f"mode = {self.mode!r} plays {plays} of its own: leave body out")
        self._check_ports()
        if self.notes < 1 or not 0 <= self.note <= 127 or self.spacing < _SHORTEST_SPACING:
            raise ValueError("notes is 1 or more, note a MIDI note from 0 to 127 and spacing 10 ms or more")

    def _check_search(self) -> None:
        check_body(self.body)
        if not self.sizes:
            raise ValueError("sizes names no block size")
        for size in self.sizes:
            check_format(self.rate, size, "sizes")
        if self.step < 1 or self.warmup < 0:
            raise ValueError("step is a number of frames, 1 or more, and warmup a number of blocks, 0 or more")

    def _check_ports(self) -> None:
        own = self.mode == "round_trip"
        if own and (self.command or self.midi_port):
            raise ValueError("mode = 'round_trip' goes through no client: leave command and midi_port out")
        needed = {"round_trip": ("input_port", "output_port"), "app": ("input_port", "output_port")}
        for name in needed.get(self.mode, ("midi_port", "output_port")):
            given = getattr(self, name)
            if not given and (not own or self.server == "running"):
                raise ValueError(f"{name} is missing: the full name of a port, such as 'client:port'")
            if given and ":" not in given:
                raise ValueError(f"{name} = {given!r} is not the full name of a port, such as 'client:port'")
        if not own and not self.command and self.server != "running":
            raise ValueError("command is missing: nothing else is a client of a private server (or server = 'running')")

    @property
    def metrics(self) -> tuple[Metric, ...]:
        """What a launch yields. Where the server is chosen at the launch, the launch completes the method."""
        if self.mode == "smallest_block":
            return (_SMALLEST, _latency("virtual sink", Scale.RATIO))
        return self.metrics_through("" if self.server == "auto" else self.server)

    def metrics_through(self, server: str) -> tuple[Metric, ...]:
        """The metrics of a way through `server`, which is empty where a launch will choose it.

        What was measured through is part of a metric's identity. A client may add no latency, so that its latencies
        are compared by their difference.
        """
        title = self.mode.replace("_", " ")
        method = f"{title}, {server}" if server else title
        scale = Scale.RATIO if self.mode == "round_trip" else Scale.DIFFERENCE
        frames = Metric(
            "latency_frames", "frames", scale=scale, resource=Resource.WALL, method=method,
            description="latency in frames",
        )  # fmt: skip
        jitter = Metric(
            "jitter", "s", scale=scale, resource=Resource.WALL, method=method,
            description="the longest less the shortest of the notes' latencies",
        )  # fmt: skip
        return (_latency(method, scale), frames, *((jitter,) if self.mode == "midi" else ()))

    def measure(self, launcher: Launcher) -> Measurement:
        """One search, or one open of a server."""
        from perfkit.probes import _audio_app, _audio_midi, _audio_round_trip, _audio_search

        if self.mode == "smallest_block":
            return _audio_search.smallest_block(self, launcher)
        if self.mode == "app":
            return _audio_app.app_latency(self, launcher)
        if self.mode == "midi":
            return _audio_midi.midi_latency(self, launcher)
        return _audio_round_trip.round_trip(self, launcher)


def _latency(method: str, scale: Scale) -> Metric:
    return Metric(
        "latency", "s", scale=scale, resource=Resource.WALL, method=method,
        description="from asking until it can be heard",
    )  # fmt: skip
