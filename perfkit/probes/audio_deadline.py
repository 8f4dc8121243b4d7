"""Probe `audio_deadline`: does an audio body fill each block before it must play."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

from perfkit.model.errors import Failed
from perfkit.model.launch import Launcher, Measurement
from perfkit.model.metric import Kind, Metric, Resource, Scale
from perfkit.model.units import Duration

_BLOCKS_FOR_P999 = 10_000
_SMALL_BLOCK = 64
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
    _wall("latency", "s", "from asking for a block until it plays, 99th percentile; one period where all are in time"),
    _count("deadline_misses", "1", "blocks late by the program's own doing"),
    _count("lost_frames", "frames", "frames of silence caused by missed blocks"),
    _wall("wakeup_late_p99", "s", "how late the sink itself woke, 99th percentile"),
    Metric("block_cpu_p50", "s", resource=Resource.CPU, description="thread CPU time to fill a block, median"),
    _count("disturbed_blocks", "1", "blocks late because the machine woke or ran the thread late"),
)
_P999 = _wall("block_time_p999", "s", "time to fill a block, 99.9th percentile")


@dataclass(frozen=True, slots=True, kw_only=True)
class AudioDeadline:
    """Plays a body on the virtual sink, without a server or a sound card, in the side's interpreter.

    `body` is `module:function` or `path/to/file.py:function`, called as `function(frames, rate, **arguments)`; it
    returns a callable that fills a block (float32, frames × 2). `block` is in frames and `rate` in Hz; `warmup` blocks
    are played but not counted, and `floor` is how long an empty body is played before, to know the machine's own
    wake-up lateness. Blocks of 64 frames and fewer are judged only under real-time scheduling.
    """

    kind: ClassVar[str] = "audio_deadline"

    body: str
    arguments: Mapping[str, Any] = field(default_factory=dict)
    block: int = 128
    rate: int = 48_000
    duration: Duration = _TWO_SECONDS
    warmup: int = 50
    floor: Duration = _ONE_SECOND
    cwd: str = ""
    env: Mapping[str, str] = field(default_factory=dict)
    env_pass: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        check_body(self.body)
        check_format(self.rate, self.block, "block")
        if self.warmup < 0:
            raise ValueError("warmup is a number of blocks, 0 or more")

    @property
    def blocks(self) -> int:
        """How many blocks are counted."""
        return max(1, round(self.duration * self.rate / self.block))

    @property
    def metrics(self) -> tuple[Metric, ...]:
        """What a launch yields; the 99.9th percentile only of 10,000 blocks or more."""
        return (*_METRICS, _P999) if self.blocks >= _BLOCKS_FOR_P999 else _METRICS

    def measure(self, launcher: Launcher) -> Measurement:
        """One process, one stretch of blocks."""
        from perfkit.instruments.virtual_sink import Stretch, play
        from perfkit.probes._audio import block_details, block_values

        played = play(
            launcher,
            Stretch(
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
            ),
        )
        if played.peak is None:
            raise Failed(f"{self.body} wrote values that are not finite", hint="look for an unstable filter or 0 / 0")
        names = {metric.name for metric in self.metrics}
        return Measurement(
            values={name: value for name, value in block_values(played).items() if name in names},
            details=block_details(played),
            run_delay=float(played.blocks.run_delay.sum()),
            caveats=caveats(self.block, real_time=played.real_time),
        )


def caveats(smallest: int, *, real_time: bool) -> tuple[str, ...]:
    """What reports repeat where `smallest` frames were played: `not real-time` makes the verdict inconclusive."""
    if real_time:
        return ()
    return ("not real-time",) if smallest <= _SMALL_BLOCK else ("non-RT",)


def check_body(body: str) -> None:
    """Raises ValueError unless `body` names a function."""
    module, _, function = body.rpartition(":")
    if not (module and function.isidentifier()):
        raise ValueError(f"body = {body!r} must be 'module:function' or 'path/to/file.py:function'")


def check_format(rate: int, frames: int, key: str) -> None:
    """Raises ValueError for a sample rate or a block size that no sound card has."""
    if not 8_000 <= rate <= 768_000:
        raise ValueError(f"rate = {rate} must lie between 8000 and 768000 Hz")
    if not 8 <= frames <= 16_384:
        raise ValueError(f"{key} = {frames} must lie between 8 and 16384 frames")
