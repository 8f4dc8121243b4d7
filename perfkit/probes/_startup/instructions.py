"""How many instructions a start takes, counted in a start of its own."""

from dataclasses import replace

from perfkit.instruments.command import with_python
from perfkit.instruments.environment import PAD
from perfkit.instruments.instruction_count import Counter, can_fix_layout
from perfkit.model.detail import Facts
from perfkit.model.errors import Failed, TimedOut
from perfkit.model.launch import Exit, Launcher, Target
from perfkit.model.metric import Kind, Metric
from perfkit.probes._startup.start import Start, emptied

_SAME_EACH_TIME = {"PYTHONHASHSEED": "0", PAD: ""}
_SLOWER = 50.0
"""How much longer valgrind lets a program take to end."""


def count_instructions(start: Start, counter: Counter, launcher: Launcher) -> tuple[float, Facts]:
    """Start it under `counter`, without what differs between launches by intent; the count, and how it was made.

    A program that stays is asked to end once it is ready and at rest, so its way out is counted too. Raises Failed
    where it does not become ready so or nothing is counted, TimedOut where that takes too long.
    """
    folder = emptied(launcher)
    command = counter.command(with_python(start.program.command, launcher.python), folder)
    counted = start.instead(command, _SAME_EACH_TIME)

    def end(target: Target) -> Exit:
        return counter.end(target, min(start.grace * _SLOWER, launcher.remaining))

    try:
        counted.finish(counted.begin(launcher), launcher, end)
    except Failed as error:
        raise Failed(f"{start.name} failed under {counter.method}: {error}", hint=error.hint) from None
    except TimedOut as error:
        hint = "programs run some 50 times slower in valgrind: raise the scenario's `timeout`"
        raise TimedOut(f"under {counter.method}, {error}", hint=hint) from None
    count, processes = counter.read(folder)
    layout = "addresses fixed" if can_fix_layout() else "addresses drawn by lot: personality(2) is forbidden here"
    rows = (("counted by", f"{counter.method}, {layout}"), ("processes", str(processes) if processes else "not told"))
    return float(count), Facts("Instructions", rows)


def as_counted(metric: Metric, counter: Counter) -> Metric:
    """The metric as this method defines it: valgrind gives the same digits again, the processor's counters scatter."""
    kind = Kind.DETERMINISTIC if counter.method == "valgrind" else Kind.NOISY
    return replace(metric, method=counter.method, kind=kind)
