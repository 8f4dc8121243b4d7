"""What is told of a run while it goes on."""

from dataclasses import replace
from io import StringIO
from types import SimpleNamespace

from rich.console import Console

from perfkit.cli.progress import LiveProgress
from perfkit.model.events import Progress
from perfkit.model.launch import Outcome
from tests.builders import a_launch

FAILED = replace(a_launch({}), outcome=Outcome.FAILED, reason="it ended with code 3\nTraceback\nOops")


def told(width: int, *, terminal: bool = False) -> tuple[LiveProgress, StringIO]:
    out = StringIO()
    return LiveProgress(Console(file=out, width=width, force_terminal=terminal, color_system=None)), out


def test_what_was_not_measured_is_said_once_and_in_one_line():
    progress, out = told(20)
    for _ in range(3):
        progress.launch_ended("server", FAILED, Progress("server", 0))
    progress.launch_ended("other", FAILED, Progress("other", 0))
    assert out.getvalue() == "server: failed: it ended with code 3\nother: failed: it ended with code 3\n"


def test_on_a_screen_it_is_cut_at_its_edge():
    progress, out = told(20, terminal=True)
    progress.launch_ended("server", FAILED, Progress("server", 0))
    assert out.getvalue() == "server: failed: it …\n"


def test_a_long_name_keeps_its_parameters_on_a_narrow_screen():
    progress, out = told(80, terminal=True)
    names = [f"application_start_with_a_long_name[busy={busy}]" for busy in (0.02, 0.1)]
    with progress:
        progress.session_started([SimpleNamespace(id=name) for name in names])
        progress.launch_ended(names[0], a_launch({}), Progress(names[0], 1, trouble="no configuration " * 9))
    assert "[busy=0.02]  1 launch " in out.getvalue()
    assert "[busy=0.1]  " in out.getvalue()


def test_whom_is_waited_for_is_told():
    progress, out = told(20)
    progress.machine_held("`perfkit run` (pid 7)")
    assert out.getvalue() == "waiting for `perfkit run` (pid 7), which is measuring on this machine (Ctrl-C gives up)\n"
