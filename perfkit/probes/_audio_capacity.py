"""The search of probe `audio_capacity` for the highest level that is sustained."""

from collections.abc import Callable
from statistics import median_low

from perfkit.model.errors import Failed
from perfkit.model.launch import Launcher, Measurement
from perfkit.probes._audio_format import caveats
from perfkit.probes._audio_ramp import Try, decide, step_at, sustained
from perfkit.probes._capacity_settings import CapacitySettings
from perfkit.probes._capacity_told import capacity_details
from perfkit.probes._capacity_tries import Told, make_tries


def capacity(probe: CapacitySettings, launcher: Launcher) -> Measurement:
    """Search as often as asked. Raises Failed where not even a level of 1 is sustained."""
    told = Told()
    with make_tries(probe, launcher, told) as once:
        answers = _search(probe, once, told)
    middle = median_low(answers)
    if middle == 0:
        why = next((one.why for level in told.levels for one in level.tries if one.why), "")
        what = "stream" if probe.load else f"level of {probe.counted}"
        raise Failed(f"not even 1 {what} is sustained: {why}", hint="give it less to do, or larger blocks")
    return Measurement(
        values={"capacity": float(middle)},
        metrics=probe.metrics_through(told.server),
        details=capacity_details(probe, answers, told),
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
