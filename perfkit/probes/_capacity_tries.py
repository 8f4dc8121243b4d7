"""One try at a level: a body, a client or a service's streams played for a while, and whether that was sustained."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from math import nan

from perfkit.instruments.audio_servers import AudioServer, choose, private_server
from perfkit.instruments.canary import Canary, canary_beside
from perfkit.instruments.jack_clients import Hung, require_client
from perfkit.instruments.stalls import core_watched, excused
from perfkit.instruments.virtual_sink import Played, play
from perfkit.model.errors import Failed
from perfkit.model.launch import Launcher
from perfkit.probes._audio import block_values, silence
from perfkit.probes._audio_cycles import Held
from perfkit.probes._audio_observed import observe
from perfkit.probes._audio_ramp import Ending, Level, Try
from perfkit.probes._audio_server import body_on
from perfkit.probes._audio_virtual import server_for
from perfkit.probes._capacity_settings import CapacitySettings
from perfkit.stats.quantiles import harrell_davis

_FLOOR_SECONDS = 0.3
_CANARY_PERIOD = 0.01
_FEW = 0.01
"""Of the blocks: so many misses, each beside a late canary, are the machine's."""
_MANY = 0.05
"""Of the blocks: so many that were late by themselves, or that the machine disturbed, decide a try."""
_SEEN = 0.1
"""Of a period: what a block was kept waiting for, more than a canary costs it."""
_WHOLE = 0.9
"""Of the blocks asked for: fewer were ended by misses, or by the server."""


@dataclass(slots=True)
class Told:
    """What the tries tell beside their endings."""

    real_time: bool = True
    silent: tuple[str, ...] = ()
    canary_longest: dict[int, float] = field(default_factory=dict)
    canary_late: int = 0
    floor: float = 0.0
    where: str = "virtual sink"
    server: str = ""
    levels: list[Level] = field(default_factory=list)
    hangs: list[int] = field(default_factory=list)

    def see_canary(self, level: int, canary: Canary, period: float) -> None:
        """How late the canary beside a try was at most, s, and how often by more than half a period."""
        self.canary_longest[level] = max(self.canary_longest.get(level, 0.0), canary.longest)
        self.canary_late += canary.stalls(period / 2)


@contextmanager
def make_tries(probe: CapacitySettings, launcher: Launcher, told: Told) -> Iterator[Callable[[int], Try]]:
    """How one try is made."""
    if probe.load is not None:
        told.where = "WebSocket streams"
        yield lambda level: or_refused(lambda: _try_streams(probe, launcher, level, told), level, told)
        return
    kind = choose(probe.wanted) if probe.command else server_for(probe.server)
    if kind is None:
        yield lambda level: or_refused(lambda: _try_virtual(probe, launcher, level, told), level, told)
        return
    with private_server(launcher, kind, rate=probe.rate, block=probe.block) as server:
        told.where, told.server = server.name, server.method
        once = _try_client if probe.command else _try_server
        yield lambda level: or_refused(lambda: once(probe, launcher, server, level, told), level, told)


def or_refused(once: Callable[[], Try], level: int, told: Told) -> Try:
    """A program that fails at a level has its limit there, unless no level has passed yet: then it is broken.

    So has one that hangs there again and again; hanging once may be chance.
    """
    try:
        return once()
    except Hung as error:
        before = told.hangs.count(level)
        told.hangs.append(level)
        return Try(Ending.FAILED if before else Ending.CONTAMINATED, nan, str(error))
    except Failed as error:
        if not any(level.passed for level in told.levels):
            raise
        return Try(Ending.FAILED, nan, f"it failed: {error}")


def _try_virtual(probe: CapacitySettings, launcher: Launcher, level: int, told: Told) -> Try:
    stretch = probe.stretch(level)
    if told.real_time:
        with core_watched(launcher, stretch.period) as canary:
            played = play(launcher, replace(stretch, core=canary.core))
        if played.real_time and canary.real_time:
            told.see_canary(level, canary, stretch.period)
            held = excused(played, canary)
            return judged(held, bool(held.missed), canary, told)
    with canary_beside(launcher, stretch.period) as canary:  # elsewhere: on the same core the body makes it late
        played = play(launcher, stretch)
    told.see_canary(level, canary, stretch.period)
    alone = [block for block in played.missed if not canary.beside(*played.span(block))]
    return judged(played, bool(alone), canary, told)


def _try_server(probe: CapacitySettings, launcher: Launcher, server: AudioServer, level: int, told: Told) -> Try:
    stretch = probe.stretch(level)
    with core_watched(launcher, stretch.period) as canary:
        on = body_on(launcher, server, replace(stretch, core=canary.core), floor=_FLOOR_SECONDS)
    return _beside(level, excused(on.played, canary), on.held, canary, told)


def _try_client(probe: CapacitySettings, launcher: Launcher, server: AudioServer, level: int, told: Told) -> Try:
    require_client()
    what = probe.observing(level)
    with core_watched(launcher, what.block / what.rate) as canary:
        seen = observe(launcher, server, probe.client(level), replace(what, core=canary.core))
    return _beside(level, excused(seen.played, canary) if seen.kept else seen.played, seen.held, canary, told)


def _beside(level: int, played: Played, held: Held, canary: Canary, told: Told) -> Try:
    """A try on a server, whose disturbed blocks are told from the missed ones already.

    A few misses that are all beside a late cycle may be the machine's too; many are not, for they may make it late.
    """
    told.see_canary(level, canary, played.stretch.period)
    many = len(played.missed) > _FEW * len(played.blocks)
    alone = set(held.alone) & set(played.missed)
    failed = bool(played.missed) and (many or played.own_threads or bool(alone))
    return judged(played, failed, canary, told)


def judged(played: Played, failed: bool, canary: Canary, told: Told) -> Try:
    """A try: `failed` by misses that are the program's, contaminated where the machine disturbed much, or passed."""
    if played.peak is None:
        raise Failed("the body wrote values that are not finite", hint="look for an unstable filter or 0 / 0")
    told.real_time = told.real_time and played.real_time
    told.silent = silence(played)
    period, many = played.stretch.period, _MANY * len(played.blocks)
    load = harrell_davis(played.blocks.wall, 0.99) / period
    if len(played.floor.finished):
        told.floor = max(told.floor, harrell_davis(played.floor.finished, 0.99) / period)
    latency = block_values(played)["latency"]
    if failed or len(_of_themselves(played, canary)) > many:
        return Try(Ending.FAILED, load, "deadline", latency)
    whole = len(played.blocks) >= _WHOLE * played.stretch.blocks
    if played.missed or not whole or len(played.disturbed) > many:
        return Try(Ending.CONTAMINATED, load, "deadline", latency)
    return Try(Ending.PASSED, load, "", latency)


def _of_themselves(played: Played, canary: Canary) -> list[int]:
    """The late blocks that were excused although nothing was seen that kept them waiting but the canary's beats."""
    waiting = (played.blocks.late + played.blocks.run_delay) > _SEEN * played.stretch.period
    return [block for block in played.disturbed if not waiting[block] and not canary.beside(*played.span(block))]


def _try_streams(probe: CapacitySettings, launcher: Launcher, level: int, told: Told) -> Try:
    load = probe.load_of(level)
    assert load.streams is not None
    with canary_beside(launcher, _CANARY_PERIOD) as canary:
        measured = load.measure(launcher)
    told.see_canary(level, canary, _CANARY_PERIOD)
    expected = level * load.streams.rate * load.window
    missing = max(1 - measured.values["delivered"], measured.values.get("lost", 0.0) / expected)
    slack = 1 / (load.streams.rate * load.window)
    failed = missing > probe.underruns + slack or bool(measured.values["disconnects"])
    used = measured.values["cpu"]
    if not failed:
        return Try(Ending.PASSED, used)
    why = f"underruns ({100 * missing:.1f} % missing)"
    return Try(Ending.CONTAMINATED if canary.late else Ending.FAILED, used, why)
