"""A/A sessions made up to a known truth: noise, drift, order, modes, and what sessions differ by."""

import random
from math import exp

from perfkit.model.diagnosis import Repeat
from perfkit.model.environment import Conditions
from perfkit.model.launch import Disturbance

HOUR = 3600.0
TIMES = {"ready_time": 0.1, "cpu_time": 0.08, "peak_memory": 26e6}


def a_repeat(
    number=0, *, pairs=20, scatter=0.01, level=0.0, order=0.0, mode=0.0, drift=0.0, biased=0.0, **changes
) -> Repeat:
    """Session `number`, an hour after the one before.

    In ln units: `scatter` is the sd of a launch, `level` shifts the whole session, `order` each second launch, `mode`
    two launches in ten, `drift` the last launch against the first, `biased` each candidate.
    """
    draw = random.Random(number)
    swapped = tuple(draw.random() < 0.5 for _ in range(pairs))
    columns = ({name: [] for name in TIMES}, {name: [] for name in TIMES})
    for pair in range(pairs):
        for second, column in enumerate(columns):
            shift = level + order * second + biased * (second != swapped[pair]) + mode * (draw.random() < 0.2)
            shift += drift * (2 * pair + second) / (2 * pairs - 1)
            for name, size in TIMES.items():
                column[name].append(size * exp(shift + draw.gauss(0, scatter)))
    first, second = ({name: tuple(values) for name, values in column.items()} for column in columns)
    delays = {"run_delay": (0.001,) * pairs}
    started = 1.7e9 + number * HOUR
    known = {
        "started": started, "ended": started + 0.3 * pairs, "program": "CPython 3.12.1, 0123abcd",
        "conditions": Conditions({"governor": "performance"}), "first": first | delays, "second": second | delays,
        "swapped": swapped, "during": Disturbance(steal=0.0, cpu_pressure=0.02), "idle": Disturbance(cpu_pressure=0.0),
        "busy": 0.01, "contaminated": 0,
    }  # fmt: skip
    return Repeat(**(known | changes))
