"""What blocks that were filled as fast as possible come to: values, histogram and curve."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from perfkit.model.detail import Curve, Histogram
from perfkit.model.units import format_quantity
from perfkit.stats.quantiles import harrell_davis

_BINS = 60
_POINTS = 500


@dataclass(frozen=True, slots=True)
class Blocks:
    """`wall` and `cpu` time of each block, s, all of which `took` so long, s; a block is `frames` at `rate` Hz."""

    frames: int
    rate: int
    wall: NDArray[np.float64]
    cpu: NDArray[np.float64]
    took: float

    @property
    def period(self) -> float:
        """Duration of a block when played, s."""
        return self.frames / self.rate

    @property
    def seconds(self) -> float:
        """Duration of the sound, s."""
        return self.period * len(self.wall)


def block_values(blocks: Blocks) -> dict[str, float]:
    """One value per metric of blocks that were rendered."""
    wall, cpu = blocks.wall, blocks.cpu
    p99 = harrell_davis(wall, 0.99)
    return {
        "real_time_factor": blocks.seconds / blocks.took,
        "cpu": float(cpu.sum()) / blocks.seconds,
        "block_time_p50": harrell_davis(wall, 0.5),
        "block_time_p99": p99,
        "block_time_max": float(wall.max()),
        "block_cpu_p50": harrell_davis(cpu, 0.5),
        "load_p99": p99 / blocks.period,
    }


def sentence(seconds: float, took: float, cpu: float) -> str:
    """The result of `seconds` of sound in words; `cpu` in cores."""
    return (
        f"{seconds:.3g} s of sound in {format_quantity(took, 's')}: {seconds / took:.3g} times real time, "
        f"{format_quantity(cpu, 'cores')} of a core in real time"
    )


def block_sentence(blocks: Blocks) -> str:
    """The result of blocks in words."""
    return sentence(blocks.seconds, blocks.took, float(blocks.cpu.sum()) / blocks.seconds)


def histogram(blocks: Blocks) -> Histogram:
    """The block times, with the period."""
    wall, period = blocks.wall, blocks.period
    low = max(1e-9, float(wall.min()) * 0.999)
    edges = np.geomspace(low, max(float(wall.max()), period) * 1.01, _BINS + 1)
    counts, _ = np.histogram(np.maximum(wall, low), bins=edges)
    marks = (("period", period), ("p99", harrell_davis(wall, 0.99)))
    return Histogram("block time", "s", tuple(edges.tolist()), tuple(counts.tolist()), marks)


def curve(blocks: Blocks) -> Curve:
    """The longest block time of each stretch, over the time of the sound."""
    wall, period = blocks.wall, blocks.period
    starts = np.unique(np.linspace(0, len(wall), min(_POINTS, len(wall)), endpoint=False).astype(int))
    return Curve(
        title="block time over the render (longest of each stretch)",
        x_label="time in the sound",
        x_unit="s",
        y_label="block time",
        y_unit="s",
        x=tuple((starts * period).tolist()),
        y=tuple(np.maximum.reduceat(wall, starts).tolist()),
        lines=(("period", period),),
    )
