"""What a stretch of blocks comes to: the values of its metrics and how it looked inside."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from perfkit.instruments.virtual_sink import Blocks, Played
from perfkit.model.detail import Curve, Detail, Facts, Histogram
from perfkit.model.units import format_quantity
from perfkit.stats.quantiles import harrell_davis, percentile

_BINS = 60
_POINTS = 500
_BLOCKS_FOR_P999 = 10_000


def block_values(played: Played) -> dict[str, float]:
    """One value per metric of probe `audio_deadline`, base units."""
    blocks = played.blocks
    p99 = harrell_davis(blocks.wall, 0.99)
    return {
        "block_time_p50": harrell_davis(blocks.wall, 0.5),
        "block_time_p99": p99,
        "block_time_p999": harrell_davis(blocks.wall, 0.999),
        "block_time_max": float(blocks.wall.max()),
        "load_p99": p99 / played.stretch.period,
        "latency": percentile(played.latency, 0.99),
        "deadline_misses": float(len(played.missed)),
        "lost_frames": float(played.lost_frames),
        "wakeup_late_p99": harrell_davis(blocks.late, 0.99),
        "block_cpu_p5": harrell_davis(blocks.cpu, 0.05),
        "block_cpu_p50": harrell_davis(blocks.cpu, 0.5),
        "disturbed_blocks": float(len(played.disturbed)),
    }


@dataclass(frozen=True, slots=True)
class Venue:
    """Where blocks were played, in words, and what else is told of it."""

    server: str = "virtual sink, in process"
    paste: str = "virtual sink (converters not included)"
    loop: str = "virtual, converters not included"
    rows: tuple[tuple[str, str], ...] = ()


_VIRTUAL_SINK = Venue()


def block_details(played: Played, venue: Venue = _VIRTUAL_SINK) -> tuple[Detail, ...]:
    """Histogram and curve of the block times with the deadline, and the facts."""
    return (_histogram(played), _curve(played), Facts("audio", _rows(played, venue)))


def paste(played: Played, venue: Venue = _VIRTUAL_SINK) -> str:
    """The result in one sentence, to be pasted anywhere."""
    stretch, blocks = played.stretch, played.blocks
    p99 = format_quantity(harrell_davis(blocks.wall, 0.99), "s")
    period, latency = format_quantity(stretch.period, "s"), format_quantity(percentile(played.latency, 0.99), "s")
    disturbed = f" (and {len(played.disturbed)} disturbed by the machine)" if played.disturbed else ""
    return (
        f"{stretch.frames} frames at {stretch.rate / 1000:g} kHz: block time p99 {p99} of {period}, "
        f"{len(played.missed)} of {len(blocks)} late{disturbed}; "
        f"latency {latency}, {venue.paste}"
    )


def _histogram(played: Played) -> Histogram:
    wall, period = played.blocks.wall, played.stretch.period
    low = max(1e-9, float(wall.min()) * 0.999)
    edges = np.geomspace(low, max(float(wall.max()), period) * 1.01, _BINS + 1)
    counts, _ = np.histogram(np.maximum(wall, low), bins=edges)
    marks = (("deadline", period), ("p99", harrell_davis(wall, 0.99)), _floor_mark(played))
    return Histogram("block time", "s", tuple(edges.tolist()), tuple(counts.tolist()), marks)


def _curve(played: Played) -> Curve:
    """The longest block time of each bucket over time; those with a missed or a disturbed block are marked."""
    wall, stretch = played.blocks.wall, played.stretch
    starts = np.unique(np.linspace(0, len(wall), min(_POINTS, len(wall)), endpoint=False).astype(int))
    asked = np.concatenate(([0], np.cumsum(played.blocks.waited)[:-1])) * stretch.period
    y: NDArray[np.float64] = np.maximum.reduceat(wall, starts)
    flagged, disturbed = (
        sorted({int(bucket) for bucket in np.searchsorted(starts, blocks, side="right") - 1})
        for blocks in (played.missed, played.disturbed)
    )
    return Curve(
        title="block time over the launch (longest of each bucket)",
        x_label="time",
        x_unit="s",
        y_label="block time",
        y_unit="s",
        x=tuple(asked[starts].tolist()),
        y=tuple(y.tolist()),
        lines=(("deadline", stretch.period), _floor_mark(played)),
        flagged=tuple(flagged),
        flag="missed",
        marks=tuple((bucket, "disturbed") for bucket in disturbed if bucket not in flagged),
    )


def _floor_mark(played: Played) -> tuple[str, float]:
    """By when an empty body was done: what no body can be below."""
    finished = played.floor.finished
    share, name = _tail_of(len(finished))
    return f"empty body {name}", harrell_davis(finished, share)


def _tail_of(blocks: int) -> tuple[float, str]:
    return (0.999, "p99.9") if blocks >= _BLOCKS_FOR_P999 else (0.99, "p99")


def _rows(played: Played, venue: Venue) -> tuple[tuple[str, str], ...]:
    return (
        ("result", paste(played, venue)),
        ("server", venue.server),
        ("loop", venue.loop),
        ("scheduling", played.policy if played.real_time else "non-RT (real-time scheduling refused; grant rtprio)"),
        ("floor", floor_sentence(played)),
        ("signal", _signal(played.peak or 0.0)),
        *(venue.rows or body_rows(played)),
    )


def body_rows(played: Played) -> tuple[tuple[str, str], ...]:
    """What is told of a body's process."""
    memory = "locked" if played.locked else "not locked"
    return (("CPU of the thread", cpu_sentence(played.blocks)), ("memory", memory), ("python", played.python))


def floor_sentence(played: Played) -> str:
    """How late an empty body was woken and done on this machine, before the program played."""
    late, finished = played.floor.late, played.floor.finished
    share, name = _tail_of(len(late))
    too_late = int((played.floor.waited > 1).sum())
    tail, longest = format_quantity(harrell_davis(late, share), "s"), format_quantity(float(late.max()), "s")
    return (
        f"empty body, {too_late} of {len(late)} blocks late: woken late {name} {tail}, max {longest}; "
        f"done by {format_quantity(float(finished.max()), 's')}"
    )


def cpu_sentence(blocks: Blocks) -> str:
    """CPU time of the blocks; what their wall time has beyond it is waiting, not work."""
    middle, tail = (format_quantity(harrell_davis(blocks.cpu, share), "s") for share in (0.5, 0.99))
    return f"p50 {middle}, p99 {tail} by block"


def silence(played: Played) -> tuple[str, ...]:
    """What reports repeat where a body was silent at its end."""
    return () if played.peak else ("silence in the last block: does the body write into it?",)


def _signal(peak: float) -> str:
    if peak == 0.0:
        return "silence in the last block"
    return f"peak of the last block {20 * np.log10(peak):+.1f} dBFS"
