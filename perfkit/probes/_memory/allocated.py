"""Mode `allocated`: what Python code asks of its allocators, counted by memray in a launch of its own.

Requested bytes do not depend on the allocator's arenas, on page sizes or on the machine's load. memray runs in the
side's interpreter, traces Python's own allocators too, and follows forks; programs that are exec'ed are not counted.
"""

import json
import os
from collections import Counter
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

from perfkit.model.detail import RESULT, Facts
from perfkit.model.errors import Failed, NotMeasured, Skipped
from perfkit.model.launch import Exit, Launcher, Measurement, Program, Ready
from perfkit.model.units import format_quantity
from perfkit.probes._driven import Course, Driven
from perfkit.probes._memory.watching import watched
from perfkit.probes._python_command import python_parts

_TRACED = ("run", "--quiet", "--force", "--follow-fork", "--trace-python-allocators", "--output")
_STEADY = {"PYTHONHASHSEED": "0", "PERFKIT_PAD": ""}
"""What varies from launch to launch by design moves allocations too; here the same code is to give the same bytes."""
_TOLD = 10
_OWN = f"{os.sep}memray{os.sep}commands{os.sep}"


@dataclass(frozen=True, slots=True)
class _Counted:
    """What memray counted in one process: requested B, calls, the highest B at once, and the largest places."""

    requested: int
    calls: int
    peak: int
    places: tuple[tuple[str, int], ...]


def measure(course: Course, launcher: Launcher, limit: float | None) -> Measurement:
    """One launch. Raises Skipped where the side's interpreter lacks memray, Failed where a command fails."""
    folder = Path(mkdtemp(dir=launcher.tmp))
    capture = folder / "allocations.bin"
    python, options, what = python_parts(course.program.command)
    tracker = (python, *options, "-m", "memray")
    program = replace(
        course.program,
        command=(*tracker, *_TRACED, str(capture), *what),
        env={**_STEADY, **course.program.env},
    )
    ended, driven = _run(replace(course, program=program), launcher, limit)
    captures = sorted(folder.iterdir())
    if not captures:
        raise Failed("memray recorded nothing", hint=f"stderr: {ended.stderr.strip()[-400:] or 'empty'}")
    counted = [_read(launcher, program, tracker, file) for file in captures]
    total = _together(counted)
    values = {
        "allocated": float(total.requested),
        "allocations": float(total.calls),
        "peak_heap": float(total.peak),
    }
    return Measurement(
        values,
        details=_details(total, len(counted), launcher.root),
        run_delay=ended.usage.run_delay,
        caveats=driven.caveats,
    )


def _run(course: Course, launcher: Launcher, limit: float | None) -> tuple[Exit, Driven]:
    target = launcher.start(course.program)
    try:
        with watched(target.pid, limit) as watch:
            course.await_ready(launcher, target)
            driven = course.exercise(launcher, target, watch.end_with)
            course.stay(launcher, watch.gone)
            return course.end(launcher, target), driven
    except NotMeasured as error:
        if "No module named memray" not in f"{error} {error.hint}":
            raise
        python = launcher.python
        raise Skipped(
            f"memray is not in the side's interpreter {python}", hint=f"{python} -m pip install memray"
        ) from None


def _read(launcher: Launcher, program: Program, tracker: tuple[str, ...], capture: Path) -> _Counted:
    """Count a capture with the same interpreter's memray: only it surely knows the capture's format."""
    answer = capture.with_name(f"{capture.name}.json")
    words = ("stats", "--json", "--force", "--num-largest", str(2 * _TOLD), "--output", str(answer), str(capture))
    launcher.run(replace(program, command=(*tracker, *words), ready=Ready(), exit_codes=(0,)))
    stats: dict[str, Any] = json.loads(answer.read_text(encoding="utf-8"))
    return _Counted(
        requested=stats["total_bytes_allocated"],
        calls=stats["total_num_allocations"],
        peak=stats["metadata"]["peak_memory"],
        places=tuple(
            (place["location"], place["size"])
            for place in stats["top_allocations_by_size"]
            if _OWN not in place["location"]
        ),
    )


def _together(counted: list[_Counted]) -> _Counted:
    """All processes: requests add up, of the peaks the highest counts."""
    places: Counter[str] = Counter()
    for one in counted:
        places.update(dict(one.places))
    return _Counted(
        sum(one.requested for one in counted),
        sum(one.calls for one in counted),
        max(one.peak for one in counted),
        tuple(places.most_common(_TOLD)),
    )


def _details(total: _Counted, processes: int, root: Path) -> tuple[Facts, ...]:
    asked, calls = format_quantity(total.requested, "B"), format_quantity(total.calls, "1")
    rows = [
        (RESULT, f"{asked} requested in {calls} allocations, at most {format_quantity(total.peak, 'B')} at once"),
        ("processes", str(processes)),
    ]
    places = [(format_quantity(size, "B"), _place(where, root)) for where, size in total.places]
    return (Facts("allocations", tuple(rows)), Facts("most bytes requested by", tuple(places)))


def _place(where: str, root: Path) -> str:
    """What memray writes as `function:file:line`, as people read it; a file of the project from its root."""
    function, _, place = where.partition(":")
    return f"{function}  {place.removeprefix(f'{root}{os.sep}')}" if place else where
