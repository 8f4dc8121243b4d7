"""Whole reports, compared with stored files.

PERFKIT_GOLDEN=write stores them anew; read the difference before committing it.
"""

import os
from collections.abc import Callable
from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console

from perfkit.reporting import REPORTS, View, console, github
from tests.reporting_builders import gate_view, run_view

STORED = Path(__file__).parent / "reports"


def at_width(width: int) -> Callable[[View], str]:
    def render(view: View) -> str:
        file = StringIO()
        console.print_view(view, Console(file=file, width=width, color_system=None, force_terminal=False))
        return file.getvalue()

    return render


CASES: dict[str, tuple[Callable[[View], str], Callable[[], View]]] = {
    "gate.md": (REPORTS["md"], gate_view),
    "gate.junit.xml": (REPORTS["junit"], gate_view),
    "gate.json": (REPORTS["json"], gate_view),
    "gate.annotations.txt": (github.annotations, gate_view),
    "gate.console.80.txt": (at_width(80), gate_view),
    "gate.console.120.txt": (at_width(120), gate_view),
    "run.md": (REPORTS["md"], run_view),
    "run.console.80.txt": (at_width(80), run_view),
}


@pytest.mark.parametrize("name", CASES)
def test_a_report_is_as_stored(name: str):
    render, view = CASES[name]
    text, path = render(view()), STORED / name
    if os.environ.get("PERFKIT_GOLDEN") == "write":
        path.write_text(text, encoding="utf-8", newline="\n")
    assert text == path.read_text(encoding="utf-8")
