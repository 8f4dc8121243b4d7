"""The smallest block size that plays without a miss."""

from collections.abc import Callable, Iterable

from perfkit.instruments.virtual_sink import Played, Stretch, play
from perfkit.model.detail import Facts
from perfkit.model.errors import Failed
from perfkit.model.launch import Launcher, Measurement
from perfkit.probes._audio import block_details, block_values
from perfkit.probes._audio_format import caveats
from perfkit.probes._latency_settings import LatencySettings

_TRIES = 3
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
            played.append(play(launcher, _stretch(probe, size)))
            missed = sum(bool(one.missed) for one in played)
            if max(missed, len(played) - missed) > _TRIES // 2:
                return missed <= _TRIES // 2

    size = smallest_passing(probe.sizes, probe.step, passes)
    if size is None:
        raise Failed(
            f"{probe.body} misses its deadline even in blocks of {max(probe.sizes)} frames",
            hint="give it less to do, or larger sizes",
        )
    best = next(played for played in reversed(tries[size]) if not played.missed)
    everything = [played for group in tries.values() for played in group]
    return Measurement(
        values={"smallest_block": float(size), "latency": block_values(best)["latency"]},
        details=(*block_details(best), Facts("block sizes tried", _rows(tries))),
        run_delay=float(sum(played.blocks.run_delay.sum() for played in everything)),
        caveats=caveats(min(tries), real_time=all(played.real_time for played in everything)),
    )


def _stretch(probe: LatencySettings, size: int) -> Stretch:
    return Stretch(
        body=probe.body,
        arguments=probe.arguments,
        frames=size,
        rate=probe.rate,
        blocks=max(1, round(probe.duration * probe.rate / size)),
        warmup=probe.warmup,
        floor=max(1, round(_FLOOR_SECONDS * probe.rate / size)),
        until_miss=True,
        cwd=probe.cwd,
        env=probe.env,
        env_pass=probe.env_pass,
    )


def _rows(tries: dict[int, list[Played]]) -> tuple[tuple[str, str], ...]:
    return tuple(
        (f"{size} frames", f"{sum(bool(one.missed) for one in played)} of {len(played)} tries missed")
        for size, played in sorted(tries.items())
    )
