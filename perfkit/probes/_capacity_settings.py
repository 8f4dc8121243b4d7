"""The settings of probe `audio_capacity` and its metrics."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Literal

from perfkit.model.metric import Better, Metric, Resource
from perfkit.model.units import Duration
from perfkit.probes._audio_format import check_body, check_format
from perfkit.probes.load import Load

if TYPE_CHECKING:
    from perfkit.instruments.virtual_sink import Stretch

_THREE_SECONDS = Duration(3.0)
_MOST = 4096


@dataclass(frozen=True, slots=True, kw_only=True)
class CapacitySettings:
    """The settings of probe `audio_capacity`, checked; what they mean stands there."""

    body: str = ""
    argument: str = "voices"
    arguments: Mapping[str, Any] = field(default_factory=dict)
    load: Load | None = None
    underruns: float = 0.0
    server: Literal["", "virtual", "pipewire", "jack", "auto"] = ""
    block: int = 128
    rate: int = 48_000
    duration: Duration = _THREE_SECONDS
    blocks: int = 1000
    warmup: int = 50
    start: int = 1
    most: int = _MOST
    precision: float = 0.02
    searches: int = 3
    cwd: str = ""
    env: Mapping[str, str] = field(default_factory=dict)
    env_pass: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.load is None:
            check_body(self.body)
            if not self.argument.isidentifier():
                raise ValueError(f"argument = {self.argument!r} must name an argument of the body")
            if self.argument in self.arguments:
                raise ValueError(f"arguments gives {self.argument!r}, which is what the search varies")
        elif self.body:
            raise ValueError("body and load are two programs: give one of them")
        elif self.load.streams is None or self.load.service is None:
            raise ValueError("load needs `streams` and `service`: a fresh service for each number of streams")
        check_format(self.rate, self.block, "block")
        if not 1 <= self.start <= self.most:
            raise ValueError(f"start = {self.start} must lie between 1 and most = {self.most}")
        if not 0 <= self.precision < 1 or not 0 <= self.underruns < 1:
            raise ValueError("precision and underruns are shares, from 0 to less than 1")
        if self.searches < 1 or self.blocks < 1 or self.warmup < 0:
            raise ValueError("searches and blocks are 1 or more, and warmup a number of blocks, 0 or more")

    @property
    def metrics(self) -> tuple[Metric, ...]:
        """What a launch yields. Where the server is chosen at the launch, the launch completes the method."""
        return self.metrics_through("" if self.server == "virtual" else self.server)

    def metrics_through(self, server: str) -> tuple[Metric, ...]:
        """The metric on `server`, whose name is part of its identity; empty is the virtual sink."""
        what = "streams" if self.load else self.argument
        method = "streams" if self.load else f"{self.argument}, {server or 'virtual sink'}"
        return (
            Metric(
                "capacity", "1", Better.HIGHER, resource=Resource.WALL, method=method,
                description=f"most {what} sustained without a miss",
            ),
        )  # fmt: skip

    def stretch(self, level: int) -> "Stretch":
        """The body's stretch at a level."""
        from perfkit.instruments.virtual_sink import Stretch

        return Stretch(
            body=self.body,
            arguments={**self.arguments, self.argument: level},
            frames=self.block,
            rate=self.rate,
            blocks=max(self.blocks, round(self.duration * self.rate / self.block)),
            warmup=self.warmup,
            until_miss=True,
            cwd=self.cwd,
            env=self.env,
            env_pass=self.env_pass,
        )

    def load_of(self, level: int) -> Load:
        """The load with so many streams."""
        assert self.load is not None
        assert self.load.streams is not None
        return replace(self.load, streams=replace(self.load.streams, count=level))
