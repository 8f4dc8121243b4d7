"""The search of probe `audio_capacity` for the highest level that is sustained."""

from collections.abc import Callable
from statistics import median, median_low

from perfkit.model.errors import Failed, Invalid, NotMeasured
from perfkit.model.launch import Launcher, Measurement
from perfkit.probes._audio_format import caveats
from perfkit.probes._audio_ramp import Ending, Try, decide, step_at, sustained
from perfkit.probes._capacity_settings import CapacitySettings
from perfkit.probes._capacity_told import capacity_details
from perfkit.probes._capacity_tries import Told, make_tries

_LOW = 0.5
"""Of the period: a program of which 99 % of the blocks take less does not miss by its load."""


def capacity(probe: CapacitySettings, launcher: Launcher) -> Measurement:
    """Search as often as asked. Raises Failed where not even 1 is sustained, Invalid if its load does not say why."""
    told = Told()
    with make_tries(probe, launcher, told) as once:
        answers = _search(probe, once, told)
    middle = median_low(answers)
    if middle == 0:
        raise _none_sustained(probe, told)
    return Measurement(
        values={"capacity": float(middle)},
        metrics=probe.metrics_through(told.server),
        details=capacity_details(probe, answers, told),
        caveats=(*caveats(probe.block, real_time=told.real_time), *told.silent),
    )


def _none_sustained(probe: CapacitySettings, told: Told) -> NotMeasured:
    """Why not even 1 is sustained: the program's load, or misses that it does not explain."""
    tries = [one for level in told.levels for one in level.tries if one.ending is Ending.FAILED]
    why = next((one.why for one in tries if one.why), "")
    what = f"not even 1 of {probe.counted} is sustained: {why}"
    load = median(one.load for one in tries)
    if probe.load is not None or not load < _LOW:
        return Failed(what, hint="give it less to do, or larger blocks")
    told_load = f"although 99 % of its blocks take {100 * load:.0f} % of the period at most"
    return Invalid(f"{what}, {told_load}", hint="measure on a machine at rest, or look for blocks that take far longer")


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
