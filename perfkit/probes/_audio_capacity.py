"""The tries of probe `audio_capacity`, and what they come to."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from math import isnan, nan
from statistics import median_low

from perfkit.instruments.audio_servers import AudioServer, choose, private_server
from perfkit.instruments.canary import canary_beside
from perfkit.instruments.jack_clients import Hung, require_client
from perfkit.instruments.stalls import excused, play_and_watch
from perfkit.instruments.virtual_sink import Played, play
from perfkit.model.detail import Curve, Detail, Facts
from perfkit.model.errors import Failed
from perfkit.model.launch import Launcher, Measurement
from perfkit.model.units import format_quantity
from perfkit.probes._audio import block_values
from perfkit.probes._audio_format import caveats
from perfkit.probes._audio_observed import Observed, observe
from perfkit.probes._audio_ramp import Ending, Level, Try, decide, step_at, sustained
from perfkit.probes._audio_server import OnServer, body_on
from perfkit.probes._audio_virtual import server_for
from perfkit.probes._capacity_settings import CapacitySettings
from perfkit.stats.quantiles import harrell_davis

_FLOOR_SECONDS = 0.3
_CANARY_PERIOD = 0.01
_FEW = 0.01
"""Of the blocks: so many misses, each beside a late canary, are the machine's."""


@dataclass(slots=True)
class Told:
    """What the tries tell beside their endings."""

    real_time: bool = True
    canary_longest: dict[int, float] = field(default_factory=dict)
    canary_late: int = 0
    floor: float = 0.0
    where: str = "virtual sink"
    server: str = ""
    levels: list[Level] = field(default_factory=list)
    hangs: list[int] = field(default_factory=list)

    def see_canary(self, level: int, longest: float, late: int) -> None:
        """How late the canary beside a try was at most, s, and how often too late."""
        self.canary_longest[level] = max(self.canary_longest.get(level, 0.0), longest)
        self.canary_late += late


def capacity(probe: CapacitySettings, launcher: Launcher) -> Measurement:
    """Search as often as asked. Raises Failed where not even a level of 1 is sustained."""
    told = Told()
    with _tries(probe, launcher, told) as once:
        answers = _search(probe, once, told)
    middle = median_low(answers)
    if middle == 0:
        why = next((one.why for level in told.levels for one in level.tries if one.why), "")
        what = "stream" if probe.load else f"level of {probe.counted}"
        raise Failed(f"not even 1 {what} is sustained: {why}", hint="give it less to do, or larger blocks")
    return Measurement(
        values={"capacity": float(middle)},
        metrics=probe.metrics_through(told.server),
        details=_details(probe, answers, told),
        caveats=caveats(probe.block, real_time=told.real_time),
    )


def _search(probe: CapacitySettings, once: Callable[[int], Try], told: Told) -> list[int]:
    def passes(level: int) -> bool:
        decided = decide(level, once)
        told.levels.append(decided)
        return decided.passed

    answers: list[int] = []
    for _ in range(probe.searches):
        guess = answers[-1] if answers and answers[-1] else probe.start
        jump = step_at(guess, probe.precision) if answers else probe.start
        found = sustained(passes, guess=guess, jump=jump, most=probe.highest, precision=probe.precision)
        answers.append(found)
        if not found:
            break
    return answers


@contextmanager
def _tries(probe: CapacitySettings, launcher: Launcher, told: Told) -> Iterator[Callable[[int], Try]]:
    """How one try is made."""
    if probe.load is not None:
        told.where = "WebSocket streams"
        yield lambda level: _or_refused(lambda: _try_streams(probe, launcher, level, told), level, told)
        return
    kind = choose(probe.wanted) if probe.command else server_for(probe.server)
    if kind is None:
        yield lambda level: _or_refused(lambda: _try_virtual(probe, launcher, level, told), level, told)
        return
    with private_server(launcher, kind, rate=probe.rate, block=probe.block) as server:
        told.where, told.server = server.name, server.method
        once = _try_client if probe.command else _try_server
        yield lambda level: _or_refused(lambda: once(probe, launcher, server, level, told), level, told)


def _or_refused(once: Callable[[], Try], level: int, told: Told) -> Try:
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
    if told.real_time and hasattr(os, "sched_getaffinity"):
        played, canary = play_and_watch(launcher, stretch)
        if played.real_time and canary.real_time:
            told.see_canary(level, canary.longest, len(canary.late))
            return _judged(played, bool(played.missed), bool(excused(played, canary).missed), told)
    with canary_beside(launcher, stretch.period) as canary:  # elsewhere: on the same core the body makes it late
        played = play(launcher, stretch)
    told.see_canary(level, canary.longest, len(canary.late))
    alone = [block for block in played.missed if not canary.beside(*played.span(block))]
    return _judged(played, bool(played.missed), bool(alone), told)


def _try_server(probe: CapacitySettings, launcher: Launcher, server: AudioServer, level: int, told: Told) -> Try:
    return _beside(level, body_on(launcher, server, probe.stretch(level), floor=_FLOOR_SECONDS), told)


def _try_client(probe: CapacitySettings, launcher: Launcher, server: AudioServer, level: int, told: Told) -> Try:
    require_client()
    return _beside(level, observe(launcher, server, probe.client(level), probe.observing(level)), told)


def _beside(level: int, on: OnServer | Observed, told: Told) -> Try:
    """A try on a server, whose disturbed blocks are told from the missed ones already.

    A few misses that are all beside a late canary may be the machine's too; many are not, for they may make it late.
    """
    played, canary = on.played, on.canary
    told.see_canary(level, float(canary.since.max()), int((on.cycles.late > canary.period / 2).sum()))
    many = len(played.missed) > _FEW * len(played.blocks)
    return _judged(played, bool(played.missed), many or played.own_threads or bool(on.held.alone), told)


def _judged(played: Played, missed: bool, alone: bool, told: Told) -> Try:
    if played.peak is None:
        raise Failed("the body wrote values that are not finite", hint="look for an unstable filter or 0 / 0")
    told.real_time = told.real_time and played.real_time
    load = harrell_davis(played.blocks.wall, 0.99) / played.stretch.period
    if len(played.floor.finished):
        told.floor = max(told.floor, harrell_davis(played.floor.finished, 0.99) / played.stretch.period)
    latency = block_values(played)["latency"]
    if missed:
        return Try(Ending.FAILED if alone else Ending.CONTAMINATED, load, "deadline", latency)
    return Try(Ending.PASSED, load, "", latency)


def _try_streams(probe: CapacitySettings, launcher: Launcher, level: int, told: Told) -> Try:
    load = probe.load_of(level)
    assert load.streams is not None
    with canary_beside(launcher, _CANARY_PERIOD) as canary:
        measured = load.measure(launcher)
    told.see_canary(level, canary.longest, len(canary.late))
    expected = level * load.streams.rate * load.window
    missing = max(1 - measured.values["delivered"], measured.values.get("lost", 0.0) / expected)
    slack = 1 / (load.streams.rate * load.window)
    failed = missing > probe.underruns + slack or bool(measured.values["disconnects"])
    used = measured.values["cpu"]
    if not failed:
        return Try(Ending.PASSED, used)
    why = f"underruns ({100 * missing:.1f} % missing)"
    return Try(Ending.CONTAMINATED if canary.late else Ending.FAILED, used, why)


def _details(probe: CapacitySettings, answers: list[int], told: Told) -> tuple[Detail, ...]:
    return (
        _curve(probe, median_low(answers), told),
        Facts("audio", _rows(probe, answers, told)),
        Facts("levels tried", _tried(told)),
    )


def _curve(probe: CapacitySettings, middle: int, told: Told) -> Curve:
    """The load of each level, worst of the tries that decided it, and how late the canary was.

    What is sustained ends at the knee, `middle`.
    """
    passed: dict[int, bool] = {}
    for level in told.levels:
        passed[level.level] = passed.get(level.level, True) and level.passed
    loads: dict[int, list[float]] = {level: [] for level in passed}
    for level in told.levels:
        decided = Ending.PASSED if passed[level.level] else Ending.FAILED
        loads[level.level] += [one.load for one in level.tries if one.ending is decided and not isnan(one.load)]
    levels = sorted(level for level in loads if loads[level])
    streams, period = probe.load is not None, probe.block / probe.rate
    return Curve(
        title="capacity: the load of each level",
        x_label=probe.counted,
        x_unit="1",
        y_label="CPU of the service" if streams else "load p99 (share of the period)",
        y_unit="cores" if streams else "1",
        x=tuple(float(level) for level in levels),
        y=tuple(max(loads[level]) for level in levels),
        lines=() if streams else (("deadline", 1.0), *([("empty body p99", told.floor)] if told.floor else [])),
        flagged=tuple(k for k, level in enumerate(levels) if not passed[level]),
        flag="not sustained",
        marks=tuple((k, f"{middle} {probe.counted}") for k, level in enumerate(levels) if level == middle),
        beside=() if streams else (("canary's longest delay", tuple(told.canary_longest[n] / period for n in levels)),),
    )


def first_limit(levels: list[Level], middle: int, most: int) -> str:
    """What ends at the level above `middle`, in words."""
    above = [level for level in levels if level.level > middle and not level.passed]
    lowest = min(above, key=lambda level: level.level, default=None)
    if lowest is None:
        return f"none up to {most}, where the search ends"
    return next((one.why for one in lowest.tries if one.why), "deadline")


def sentence(probe: CapacitySettings, answers: list[int], told: Told) -> str:
    """The result in one sentence, to be pasted anywhere."""
    middle = median_low(answers)
    limit = first_limit(told.levels, middle, probe.highest)
    span = f"[{min(answers)}, {max(answers)}]"
    if probe.load is not None:
        return f"{middle} streams {span}, first limit: {limit}"
    best = [
        one.latency
        for level in told.levels
        if level.level <= middle
        for one in level.tries
        if one.ending is Ending.PASSED
    ]
    latency = format_quantity(best[-1], "s") if best else "-"
    return (
        f"{probe.block} frames at {probe.rate / 1000:g} kHz: {middle} {probe.counted} {span}, first limit: {limit}; "
        f"latency {latency} {told.where} (converters not included)"
    )


def _rows(probe: CapacitySettings, answers: list[int], told: Told) -> tuple[tuple[str, str], ...]:
    longest = format_quantity(max(told.canary_longest.values(), default=0.0), "s")
    tries = sum(len(level.tries) for level in told.levels)
    again = sum(one.ending is Ending.CONTAMINATED for level in told.levels for one in level.tries)
    return (
        ("result", sentence(probe, answers, told)),
        ("searches", ", ".join(str(answer) for answer in answers)),
        ("server", told.where),
        ("scheduling", "SCHED_FIFO" if told.real_time else "non-RT (real-time scheduling refused; grant rtprio)"),
        ("canary", f"late {told.canary_late} times, longest {longest}"),
        ("tries", f"{tries}, of which {again} contaminated and made again"),
    )


def _tried(told: Told) -> tuple[tuple[str, str], ...]:
    return tuple(
        (
            str(level.level),
            f"{'sustained' if level.passed else 'missed'} ({', '.join(one.ending for one in level.tries)})",
        )
        for level in told.levels
    )
