"""The settings of probe `audio_latency` and its metrics."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from perfkit.model.launch import Ready
from perfkit.model.metric import Metric, Resource, Scale
from perfkit.model.units import Duration
from perfkit.probes._audio_format import OF_A_CLIENT, check_body, check_format, check_unused

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
class LatencySettings:
    """The settings of probe `audio_latency`, checked; what they mean stands there."""

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
    requires: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        check_format(self.rate, self.block, "block")
        if self.mode == "smallest_block":
            self._check_search()
            return
        if self.body:
            plays = "notes" if self.mode == "midi" else "noise"
            raise ValueError(f"mode = {self.mode!r} plays {plays} of its own: leave body out")
        check_unused(self, ("arguments",), "is what a body is called with, and there is none")
        self._check_ports()
        if self.notes < 1 or not 0 <= self.note <= 127 or self.spacing < _SHORTEST_SPACING:
            raise ValueError("notes is 1 or more, note a MIDI note from 0 to 127 and spacing 10 ms or more")

    def _check_search(self) -> None:
        check_body(self.body)
        check_unused(
            self, ("command", "input_port", *OF_A_CLIENT), "is of a client, and mode = 'smallest_block' plays a body"
        )
        if self.server != "auto":
            raise ValueError("server has no part in mode = 'smallest_block', which needs none: leave it out")
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
        misreported = Metric(
            "misreported", "frames", scale=Scale.DIFFERENCE, resource=Resource.OTHER, method=method,
            description="how far the latency that the client tells JACK lies from the true one, either way",
        )  # fmt: skip
        own = {"midi": (jitter,), "app": (misreported,)}
        return (_latency(method, scale), frames, *own.get(self.mode, ()))


def _latency(method: str, scale: Scale) -> Metric:
    return Metric(
        "latency", "s", scale=scale, resource=Resource.WALL, method=method,
        description="from asking until it can be heard",
    )  # fmt: skip
