"""One launch of a `startup` scenario: the measured start, and one more for each reading that it must not carry."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from itertools import pairwise
from math import isfinite
from typing import Literal

from perfkit.instruments.instruction_count import find_counter
from perfkit.instruments.pressure import Pressure, disturbance, read_pressure
from perfkit.instruments.started import read_started
from perfkit.model.detail import RESULT, Facts
from perfkit.model.launch import AT_FLOOR, Disturbance, Exit, Launcher, Measurement
from perfkit.model.metric import Metric
from perfkit.model.units import format_quantity
from perfkit.probes._startup.cold import drop_files, proof
from perfkit.probes._startup.imports import import_details
from perfkit.probes._startup.instructions import as_counted, count_instructions
from perfkit.probes._startup.start import Start


@dataclass(frozen=True, slots=True)
class Asked:
    """What is asked of a launch beside its clocks; `counted` is the metric of its instructions."""

    cold: bool
    cache_files: tuple[str, ...]
    instructions: bool | Literal["perf", "valgrind"]
    importtime: bool
    counted: Metric


def measure(start: Start, asked: Asked, launcher: Launcher) -> Measurement:
    """Start it once and read it; then again where instructions or imports are asked for."""
    counter = find_counter(asked.instructions) if asked.instructions else None
    dropped = drop_files(start, launcher, asked.cache_files) if asked.cold else None
    before = read_pressure()
    measured, ended = _measured(start, launcher)
    disturbed = _disturbed(before, measured, cold=asked.cold)
    details = [_passed(start, measured.values)] if start.stages else []
    if dropped is not None:
        details.append(proof(dropped, ended))
    if counter is not None:
        count, how = count_instructions(start, counter, launcher)
        details.append(how)
        values = {**measured.values, asked.counted.name: count}
        measured = replace(measured, values=values, metrics=(as_counted(asked.counted, counter),))
    if asked.importtime:
        details += import_details(start, launcher)
    return replace(measured, details=tuple(details), disturbance=disturbed)


def _passed(start: Start, values: Mapping[str, float]) -> Facts:
    """The stages in the order in which they were reached, and how long after the one before."""
    clocks = sorted((values[f"{stage.name}_time"], stage.name) for stage in start.stages)
    told = [(name, format_quantity(at, "s")) for at, name in clocks]
    steps = [format_quantity(at - before, "s") for (before, _), (at, _) in pairwise(clocks)]
    rows = [told[0]] + [(name, f"{at}, {step} later") for (name, at), step in zip(told[1:], steps, strict=True)]
    return Facts("Stages", ((RESULT, "ready through " + ", ".join(f"{name} {at}" for name, at in told)), *rows))


def _disturbed(before: Pressure, measured: Measurement, *, cold: bool) -> Disturbance:
    """What the machine did during the measured start alone; that a cold one waits for the disk is its own doing."""
    waited = measured.run_delay if measured.run_delay is not None and isfinite(measured.run_delay) else None
    found = disturbance(before, read_pressure(), waited)
    return replace(found, io_pressure=None) if cold else found


def _measured(start: Start, launcher: Launcher) -> tuple[Measurement, Exit]:
    if start.at_exit:
        ended = launcher.run(start.program, timeout=launcher.remaining)
        return _measurement(start, ended.wall_time, ended, _until_the_end(ended)), ended
    target = start.begin(launcher)
    ready_time = target.wait_ready(launcher.remaining)
    reading = read_started(target.pid)
    ended = target.stop(start.grace)
    start.check(ended)
    if reading is None:
        return _measurement(start, ready_time, ended, _until_the_end(ended), "cpu_time includes the end"), ended
    until_ready = {
        "cpu_time": reading.cpu_time,
        "run_delay": reading.run_delay,
        "minor_faults": float(reading.minor_faults),
    }
    return _measurement(start, ready_time, ended, until_ready), ended


def _until_the_end(ended: Exit) -> dict[str, float]:
    usage = ended.usage
    return {
        "cpu_time": usage.cpu_time,
        "run_delay": usage.run_delay,
        "minor_faults": float(usage.minor_faults),
    }


def _measurement(
    start: Start, ready_time: float, ended: Exit, until_ready: Mapping[str, float], *caveats: str
) -> Measurement:
    if ended.usage.peak_memory <= ended.usage.floor:
        caveats = (*caveats, AT_FLOOR)
    stages = {
        f"{stage.name}_time": clock - ended.started
        for stage, clock in zip(start.stages, ended.stages, strict=False)
        if clock is not None
    }
    values = {"ready_time": ready_time, **stages, "peak_memory": float(ended.usage.peak_memory), **until_ready}
    return Measurement(values, run_delay=until_ready["run_delay"], caveats=caveats)
