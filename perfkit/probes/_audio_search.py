"""The smallest block size that plays without a miss."""

from collections.abc import Callable, Iterable

from perfkit.instruments.stalls import play_beside_canary
from perfkit.instruments.virtual_sink import Played, Stretch
from perfkit.model.detail import Facts
from perfkit.model.errors import Failed
from perfkit.model.launch import Launcher, Measurement
from perfkit.probes._audio import block_details, block_values, silence
from perfkit.probes._audio_format import caveats
from perfkit.probes._latency_settings import LatencySettings

_TRIES = 3
_STALLED = 4
"""So often a try that a stall of the machine has ended is made anew; then the machine plays no such block."""
_FLOOR_SECONDS = 0.25


def smallest_passing(sizes: Iterable[int], step: int, passes: Callable[[int], bool]) -> int | None:
    """The smallest size that passes: upwards through `sizes`, then bisecting by `step` below the first that does.

    None if none passes. Takes it that whatever is larger than a passing size passes too.
    """
    failed = None
    for size in sorted(set(sizes)):
        if passes(size):
            break
        failed = size
    else:
        return None
    while failed is not None and size - failed > step:
        middle = failed + step * max(1, (size - failed) // (2 * step))
        if passes(middle):
            size = middle
        else:
            failed = middle
    return size


def smallest_block(probe: LatencySettings, launcher: Launcher) -> Measurement:
    """Search, each try in a fresh process. Raises Failed where even the largest size misses."""
    tries: dict[int, list[Played]] = {}

    def passes(size: int) -> bool:
        played = tries.setdefault(size, [])
        while True:
            played.append(_try(launcher, _stretch(probe, size)))
            missed = sum(not _whole(one) for one in played)
            if max(missed, len(played) - missed) > _TRIES // 2:
                return missed <= _TRIES // 2

    size = smallest_passing(probe.sizes, probe.step, passes)
    if size is None:
        raise Failed(
            f"{probe.body} misses its deadline even in blocks of {max(probe.sizes)} frames",
            hint="give it less to do, or larger sizes",
        )
    best = next(played for played in reversed(tries[size]) if _whole(played))
    everything = [played for group in tries.values() for played in group]
    return Measurement(
        values={"smallest_block": float(size), "latency": block_values(best)["latency"]},
        details=(*block_details(best), Facts("block sizes tried", _rows(tries))),
        run_delay=float(sum(played.blocks.run_delay.sum() for played in everything)),
        caveats=(*caveats(min(tries), real_time=all(one.real_time for one in everything)), *silence(best)),
    )


def _try(launcher: Launcher, stretch: Stretch) -> Played:
    for _ in range(_STALLED):
        played = play_beside_canary(launcher, stretch)
        if played.peak is None:
            raise Failed(
                f"{stretch.body} wrote values that are not finite", hint="look for an unstable filter or 0 / 0"
            )
        if played.missed or _whole(played):
            break
    return played


def _whole(played: Played) -> bool:
    """Whether all its blocks were played and none was missed."""
    return not played.missed and len(played.blocks) == played.stretch.blocks


def _stretch(probe: LatencySettings, size: int) -> Stretch:
    return Stretch(
        body=probe.body,
        arguments=probe.arguments,
        frames=size,
        rate=probe.rate,
        blocks=max(1, round(probe.duration * probe.rate / size)),
        warmup=probe.warmup,
        floor=max(1, round(_FLOOR_SECONDS * probe.rate / size)),
        until_misses=1,
        cwd=probe.cwd,
        env=probe.env,
        env_pass=probe.env_pass,
    )


def _rows(tries: dict[int, list[Played]]) -> tuple[tuple[str, str], ...]:
    return tuple(
        (f"{size} frames", f"{sum(not _whole(one) for one in played)} of {len(played)} tries missed")
        for size, played in sorted(tries.items())
    )
