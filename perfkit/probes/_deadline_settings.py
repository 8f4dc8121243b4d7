"""The settings of probe `audio_deadline` and its metrics."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Literal

from perfkit.model.metric import Kind, Metric, Resource, Scale
from perfkit.model.units import Duration
from perfkit.probes._audio_format import OF_A_CLIENT, check_body, check_format, check_unused
from perfkit.probes._client_settings import ClientSettings

if TYPE_CHECKING:
    from perfkit.instruments.virtual_sink import Stretch

_BLOCKS_FOR_P999 = 10_000
_ONE_SECOND = Duration(1.0)
_TWO_SECONDS = Duration(2.0)


def _wall(name: str, unit: str, description: str) -> Metric:
    return Metric(name, unit, resource=Resource.WALL, description=description)


def _count(name: str, unit: str, description: str) -> Metric:
    return Metric(name, unit, scale=Scale.DIFFERENCE, kind=Kind.COUNT, resource=Resource.WALL, description=description)


_METRICS = (
    _wall("block_time_p50", "s", "time to fill a block, median"),
    _wall("block_time_p99", "s", "time to fill a block, 99th percentile"),
    _wall("block_time_max", "s", "time to fill a block, longest"),
    _wall("load_p99", "1", "block time as a share of the period, 99th percentile"),
    _wall("latency", "s", "from asking for an undisturbed block until it plays, 99th percentile; one period: in time"),
    _count("deadline_misses", "1", "blocks late by the program's own doing"),
    _count("lost_frames", "frames", "frames of silence caused by missed blocks"),
    _wall("wakeup_late_p99", "s", "how late the sink itself woke, 99th percentile"),
    Metric("block_cpu_p5", "s", resource=Resource.CPU, description="thread CPU time of the least disturbed blocks"),
    Metric(
        "block_cpu_p50",
        "s",
        resource=Resource.CPU,
        description="CPU time to fill a block, median: of a body's thread, of a client's process",
    ),
    _count("disturbed_blocks", "1", "blocks late because the machine woke or ran the thread late"),
)
_P999 = _wall("block_time_p999", "s", "time to fill a block, 99.9th percentile")


_SERVER_METRICS = (
    _count("server_xruns", "1", "late cycles as the server itself counts them, which PipeWire does not"),
    _count("glitches", "1", "audible breaks in the recording of what was played"),
)
_OF_A_PROCESS = {"block_cpu_p5", "block_cpu_p50"}
"""Metrics that need the process, which is known where perfkit started it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DeadlineSettings(ClientSettings):
    """The settings of probe `audio_deadline`, checked; what they mean stands there."""

    body: str = ""
    arguments: Mapping[str, Any] = field(default_factory=dict)
    server: Literal["", "virtual", "pipewire", "jack", "running", "auto"] = ""
    duration: Duration = _TWO_SECONDS
    floor: Duration = _ONE_SECOND

    def __post_init__(self) -> None:
        if self.body or not (self.command or self.output_port):
            check_body(self.body)
            if self.command or self.output_port:
                raise ValueError("body and command are two programs: give one of them")
            if self.server == "running":
                raise ValueError("server = 'running' would play the body aloud: use it for a client")
            check_unused(self, (*OF_A_CLIENT, "notes"), "is of a client, which command starts")
        else:
            self._check_client()
        check_format(self.rate, self.block, "block")
        if self.warmup < 0:
            raise ValueError("warmup is a number of blocks, 0 or more")

    def _check_client(self) -> None:
        check_unused(self, ("arguments",), "is what a body is called with, and a client has its command")
        self.check_ports()
        if self.server == "virtual":
            raise ValueError("server = 'virtual' has no ports for a client")
        if not self.command and self.server != "running":
            raise ValueError("command is missing: nothing else is a client of a private server (or server = 'running')")

    @property
    def blocks(self) -> int:
        """How many blocks are counted."""
        return max(1, round(self.duration * self.rate / self.block))

    @property
    def least_time(self) -> float:
        """What a launch takes at the least, s."""
        return self.duration + self.warmup * self.block / self.rate + (self.floor if self.body else 0.0)

    @property
    def stretch(self) -> "Stretch":
        """The body's stretch."""
        from perfkit.instruments.virtual_sink import Stretch

        return Stretch(
            body=self.body,
            arguments=self.arguments,
            frames=self.block,
            rate=self.rate,
            blocks=self.blocks,
            warmup=self.warmup,
            floor=max(1, round(self.floor * self.rate / self.block)),
            cwd=self.cwd,
            env=self.env,
            env_pass=self.env_pass,
        )

    @property
    def wanted(self) -> Literal["pipewire", "jack", "running", "auto"]:
        """The server that a client needs."""
        return "auto" if self.server in {"", "virtual"} else self.server  # type: ignore[return-value]

    @property
    def metrics(self) -> tuple[Metric, ...]:
        """What a launch yields. Where the server is chosen at the launch, the launch completes the method."""
        if self.body and self.server in {"", "virtual"}:
            return self.metrics_through("")
        return self.metrics_through(self.server or "auto")

    def metrics_through(self, server: str) -> tuple[Metric, ...]:
        """The metrics on `server`, whose name is part of their identity; empty is the virtual sink.

        The 99.9th percentile comes only of 10,000 blocks or more.
        """
        found = (*_METRICS, _P999) if self.blocks >= _BLOCKS_FOR_P999 else _METRICS
        if not server:
            return found
        method = f"{'' if self.body else 'observed, '}{server}"
        kept = [metric for metric in found if self.body or self.command or metric.name not in _OF_A_PROCESS]
        return tuple(replace(metric, method=method) for metric in (*kept, *_SERVER_METRICS))
