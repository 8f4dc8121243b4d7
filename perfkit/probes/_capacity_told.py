"""What a search for a capacity came to, in a sentence, in rows and as a picture."""

from math import isnan
from statistics import median_low

from perfkit.model.detail import Curve, Detail, Facts
from perfkit.model.units import format_quantity
from perfkit.probes._audio_ramp import Ending, Level
from perfkit.probes._capacity_settings import CapacitySettings
from perfkit.probes._capacity_tries import Told


def capacity_details(probe: CapacitySettings, answers: list[int], told: Told) -> tuple[Detail, ...]:
    """Of searches that ended at `answers`."""
    return (
        capacity_curve(probe, median_low(answers), told),
        Facts("audio", _rows(probe, answers, told)),
        Facts("levels tried", _tried(told)),
    )


def capacity_curve(probe: CapacitySettings, middle: int, told: Told) -> Curve:
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
        ("canary", f"late by half a period {told.canary_late} times, longest {longest}"),
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
