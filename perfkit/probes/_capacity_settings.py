"""The settings of probe `audio_capacity` and its metrics."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Literal

from perfkit.model.launch import Ready
from perfkit.model.metric import Better, Metric, Resource
from perfkit.model.units import Duration
from perfkit.probes._audio_format import OF_A_CLIENT, check_body, check_format, check_unused
from perfkit.probes.load import Load

if TYPE_CHECKING:
    from perfkit.instruments.virtual_sink import Stretch
    from perfkit.probes._audio_observed import Observing

_THREE_SECONDS = Duration(3.0)
_FIVE_SECONDS = Duration(5.0)
_MOST = 4096
_CHANNELS = (*range(9), *range(10, 16))
"""MIDI channels from 0, without the one of drums in General MIDI."""
_NOTES = 128
_MISSES = 20
"""So many end a try: most may turn out to be the machine's."""


@dataclass(frozen=True, slots=True)
class Client:
    """A JACK client at one level, as `External` asks for it."""

    command: tuple[str, ...]
    ready: Ready | None
    cwd: str
    env: Mapping[str, str]
    env_pass: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class CapacitySettings:
    """The settings of probe `audio_capacity`, checked; what they mean stands there."""

    body: str = ""
    argument: str = "voices"
    arguments: Mapping[str, Any] = field(default_factory=dict)
    command: tuple[str, ...] = ()
    ready: Ready | None = None
    output_port: str = ""
    midi_port: str = ""
    channels: int = 1
    ports_within: Duration = _FIVE_SECONDS
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
    requires: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        given = [name for name in ("body", "command", "load") if getattr(self, name)]
        if len(given) > 1:
            raise ValueError(f"{' and '.join(given)} are two programs: give one of them")
        if self.load is not None:
            if self.load.streams is None or self.load.service is None:
                raise ValueError("load needs `streams` and `service`: a fresh service for each number of streams")
            check_unused(self, (*OF_A_CLIENT, "arguments", "server"), "has no part in the streams of a load")
        elif self.command:
            check_unused(self, ("arguments",), "is what a body is called with, and a client has its command")
            self._check_client()
        else:
            check_unused(self, OF_A_CLIENT, "is of a client, which command starts")
            self._check_body()
        check_format(self.rate, self.block, "block")
        if not 1 <= self.start <= self.highest:
            raise ValueError(f"start = {self.start} must lie between 1 and most = {self.highest}")
        if not 0 <= self.precision < 1 or not 0 <= self.underruns < 1:
            raise ValueError("precision and underruns are shares, from 0 to less than 1")
        if self.searches < 1 or self.blocks < 1 or self.warmup < 0:
            raise ValueError("searches and blocks are 1 or more, and warmup a number of blocks, 0 or more")

    def _check_body(self) -> None:
        check_body(self.body)
        if not self.argument.isidentifier():
            raise ValueError(f"argument = {self.argument!r} must name an argument of the body")
        if self.argument in self.arguments:
            raise ValueError(f"arguments gives {self.argument!r}, which is what the search varies")

    def _check_client(self) -> None:
        for name in ("output_port", "midi_port"):
            port = getattr(self, name)
            if ":" not in port and (port or name == "output_port"):
                raise ValueError(f"{name} = {port!r} must be the full name of a port: 'client:port'")
        if self.server == "virtual":
            raise ValueError("server = 'virtual' has no ports for a client")
        if bool(self.midi_port) == any(self._placeholder in word for word in self.command):
            raise ValueError(
                f"a client gets its level either as notes at midi_port or by {self._placeholder} in command, "
                f"which a scenario writes {{{self._placeholder}}}"
            )
        if not 1 <= self.channels <= len(_CHANNELS):
            raise ValueError(f"channels = {self.channels} must lie between 1 and {len(_CHANNELS)}")

    @property
    def _placeholder(self) -> str:
        return f"{{{self.argument}}}"

    @property
    def counted(self) -> str:
        """What a level is a number of."""
        return "streams" if self.load else "notes" if self.midi_port else self.argument

    @property
    def highest(self) -> int:
        """The highest level that is tried: there are only so many notes."""
        return min(self.most, _NOTES * self.channels) if self.midi_port else self.most

    @property
    def least_time(self) -> float:
        """What a launch takes at the least, s: two tries at one level in each search."""
        once = self.load.least_time if self.load else self._least_blocks * self.block / self.rate
        return 2 * self.searches * once

    @property
    def wanted(self) -> Literal["pipewire", "jack", "auto"]:
        """The server that a client needs."""
        return self.server or "auto"  # type: ignore[return-value]

    @property
    def metrics(self) -> tuple[Metric, ...]:
        """What a launch yields. Where the server is chosen at the launch, the launch completes the method."""
        return self.metrics_through("" if self.server == "virtual" else self.server)

    def metrics_through(self, server: str) -> tuple[Metric, ...]:
        """The metric on `server`, whose name is part of its identity; empty is a body's virtual sink."""
        if self.command:
            method = f"{self.counted}, observed, {server or 'auto'}"
        else:
            method = self.counted if self.load else f"{self.counted}, {server or 'virtual sink'}"
        return (
            Metric(
                "capacity", "1", Better.HIGHER, resource=Resource.WALL, method=method,
                description=f"most {self.counted} sustained without a miss",
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
            blocks=self._least_blocks,
            warmup=self.warmup,
            until_misses=_MISSES,
            cwd=self.cwd,
            env=self.env,
            env_pass=self.env_pass,
        )

    def client(self, level: int) -> Client:
        """The client at a level."""
        command = tuple(word.replace(self._placeholder, str(level)) for word in self.command)
        return Client(command, self.ready, self.cwd, self.env, self.env_pass)

    def observing(self, level: int) -> "Observing":
        """What of a client is observed at a level."""
        from perfkit.probes._audio_observed import Observing

        return Observing(
            output_port=self.output_port,
            blocks=self._least_blocks,
            warmup=self.warmup,
            block=self.block,
            rate=self.rate,
            ports_within=self.ports_within,
            midi_port=self.midi_port,
            notes=chord(level) if self.midi_port else (),
        )

    def load_of(self, level: int) -> Load:
        """The load with so many streams."""
        assert self.load is not None
        assert self.load.streams is not None
        return replace(self.load, streams=replace(self.load.streams, count=level))

    @property
    def _least_blocks(self) -> int:
        return max(self.blocks, round(self.duration * self.rate / self.block))


def chord(level: int) -> tuple[tuple[int, int], ...]:
    """So many notes (channel and MIDI note): from the middle of the keyboard outwards, channel after channel."""
    outwards = sorted(range(_NOTES), key=lambda note: abs(2 * note - _NOTES + 1))
    return tuple((_CHANNELS[number // _NOTES], outwards[number % _NOTES]) for number in range(level))
