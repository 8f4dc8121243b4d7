"""Which imports of a Python cost how much, read in a start of its own."""

from collections.abc import Iterable, Iterator

from perfkit.instruments.import_times import TELLS_ITS_IMPORTS, Import, read_imports
from perfkit.model.detail import Facts
from perfkit.model.errors import Failed
from perfkit.model.launch import Launcher
from perfkit.model.units import counted, format_quantity
from perfkit.probes._startup.start import Start, told_by_python

_MOST_ROWS = 30
_LEAST_SHARE = 0.01
_HEAVIEST = 15
_DISTURBED = 0.05
_INDENT = "\u00a0\u00a0"
"""Spaces that no report joins into one."""


def import_details(start: Start, launcher: Launcher) -> tuple[Facts, Facts]:
    """The imports as a tree, by what each cost with all that it caused, and the heaviest by their own code.

    Raises Failed where nothing told of imports.
    """
    said, ended = told_by_python(start, launcher, TELLS_ITS_IMPORTS)
    tops = read_imports(said)
    if not tops:
        raise Failed(
            f"importtime = true, but {start.name} told of no imports",
            hint="leave it away for a program that is not Python",
        )
    return _tree(tops, ended.usage.run_delay), _heaviest(tops)


def _tree(tops: tuple[Import, ...], waited: float = 0.0) -> Facts:
    """`waited` is how long the program waited for a core, s, which these times hold."""
    whole = sum(one.total for one in tops)
    totals = sorted((one.total for top in tops for one in top.walk()), reverse=True)
    least = max(whole * _LEAST_SHARE, totals[:_MOST_ROWS][-1])
    rows = [
        (_INDENT * depth + one.name, f"{_time(one.total)} ({one.total / whole:.0%}), own {_time(one.own)}")
        for depth, one in _shown(tops, least)
    ]
    left = len(totals) - len(rows)
    more = [(counted(left, "more module"), f"each less than {_time(least)}")] if left else []
    if waited > whole * _DISTURBED:
        more.append(("waiting for a core", f"{_time(waited)}, which lengthened some of these"))
    title = f"Imports: {_time(whole)} for {counted(len(totals), 'module')}, each with what it imports"
    return Facts(title, (*rows, *more))


def _shown(imports: Iterable[Import], least: float, depth: int = 0) -> Iterator[tuple[int, Import]]:
    """Those that cost at least `least` s in all, the dearest first, each with its depth."""
    for one in sorted(imports, key=lambda one: -one.total):
        if one.total >= least > 0:
            yield depth, one
            yield from _shown(one.inner, least, depth + 1)


def _heaviest(tops: tuple[Import, ...]) -> Facts:
    every = sorted((one for top in tops for one in top.walk()), key=lambda one: -one.own)
    return Facts("Imports by their own time", tuple((one.name, _time(one.own)) for one in every[:_HEAVIEST]))


def _time(seconds: float) -> str:
    return format_quantity(seconds, "s")
