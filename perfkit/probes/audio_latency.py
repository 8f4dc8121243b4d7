"""Probe `audio_latency`: how soon what is played can be heard."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Literal

from perfkit.model.launch import Launcher, Measurement
from perfkit.model.metric import Metric, Resource
from perfkit.model.units import Duration
from perfkit.probes.audio_deadline import check_body, check_format

_SIZES = (32, 64, 128, 256, 512, 1024)
_TWO_SECONDS = Duration(2.0)
_HALF_A_SECOND = Duration(0.5)


def latency_metric(method: str) -> Metric:
    """The metric `latency`; what it was measured through is part of its identity."""
    return Metric(
        "latency", "s", resource=Resource.WALL, method=method, description="from asking until it can be heard"
    )


def frames_metric(method: str) -> Metric:
    """The same latency in frames."""
    return Metric("latency_frames", "frames", resource=Resource.WALL, method=method, description="latency in frames")


_SMALLEST = Metric(
    "smallest_block",
    "frames",
    resource=Resource.WALL,
    method="virtual sink",
    description="the smallest block size that plays without a miss",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class AudioLatency:
    """Two ways to measure audio latency, by `mode`.

    `smallest_block`: plays `body` (as probe `audio_deadline` does) on the virtual sink and finds the smallest of
    `sizes`, refined by `step` frames, that runs for `duration` without a miss; a size fails if two of three tries miss.
    Its latency is that of a machine without a server.

    `round_trip`: plays seeded noise through a private audio `server` in blocks of `block` frames, records what comes
    back and correlates. A launch opens the server once. Recording goes on for `longest`, the largest delay to be found.
    """

    kind: ClassVar[str] = "audio_latency"

    mode: Literal["smallest_block", "round_trip"]
    rate: int = 48_000
    body: str = ""
    arguments: Mapping[str, Any] = field(default_factory=dict)
    sizes: tuple[int, ...] = _SIZES
    step: int = 16
    duration: Duration = _TWO_SECONDS
    warmup: int = 50
    cwd: str = ""
    env: Mapping[str, str] = field(default_factory=dict)
    env_pass: tuple[str, ...] = ()
    server: Literal["pipewire", "jack", "auto"] = "auto"
    block: int = 128
    longest: Duration = _HALF_A_SECOND

    def __post_init__(self) -> None:
        check_format(self.rate, self.block, "block")
        if self.mode == "round_trip":
            if self.body:
                raise ValueError("mode = 'round_trip' plays noise of its own: leave body out")
            return
        check_body(self.body)
        if not self.sizes:
            raise ValueError("sizes names no block size")
        for size in self.sizes:
            check_format(self.rate, size, "sizes")
        if self.step < 1 or self.warmup < 0:
            raise ValueError("step is a number of frames, 1 or more, and warmup a number of blocks, 0 or more")

    @property
    def metrics(self) -> tuple[Metric, ...]:
        """What a launch yields. Where the server is chosen at the launch, the launch completes the method."""
        if self.mode == "smallest_block":
            return (_SMALLEST, latency_metric("virtual sink"))
        return self.round_trip_metrics("" if self.server == "auto" else self.server)

    @staticmethod
    def round_trip_metrics(server: str) -> tuple[Metric, ...]:
        """The metrics of a round trip through `server`, which is empty where a launch will choose it."""
        method = f"round trip, {server}" if server else "round trip"
        return (latency_metric(method), frames_metric(method))

    def measure(self, launcher: Launcher) -> Measurement:
        """One search, or one open of a server."""
        from perfkit.probes import _audio_round_trip, _audio_search

        if self.mode == "smallest_block":
            return _audio_search.smallest_block(self, launcher)
        return _audio_round_trip.round_trip(self, launcher)
