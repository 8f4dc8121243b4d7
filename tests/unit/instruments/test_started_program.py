"""What is said of a program that disappoints."""

from pathlib import Path

import pytest

import perfkit
from perfkit.instruments.command import CommandLine
from perfkit.instruments.started_program import StartedProgram
from perfkit.model.errors import Failed
from perfkit.model.launch import Exit, Program, Usage

_NOTHING = Usage(0.0, 0.0, 0.0, 0, 0, 0, 0, 0, 0, 0, alone=True)


class NoLaunch:
    remaining, python = 60.0, "/side/bin/python"

    def pump(self, timeout):
        return False

    def stop_program(self, started, grace):
        raise AssertionError("it has ended")


def failed(argv, stderr="", cwd=Path("/a project")):
    started = StartedProgram(NoLaunch(), Program(argv), CommandLine(argv[0], argv, cwd), None, ())
    with pytest.raises(Failed) as caught:
        started.check_code(Exit(3, 1.0, 2.0, None, _NOTHING, "", stderr))
    return caught.value


def test_the_command_to_try_by_hand_can_be_pasted():
    hint = failed(("python", "my app.py", "$HOME")).hint
    assert hint == "run it by hand: cd '/a project' && python 'my app.py' '$HOME'"


def test_nobody_is_sent_to_run_perfkits_own_workers_whose_files_are_gone():
    worker = str(Path(perfkit.__file__).parent / "worker" / "visits.py")
    assert failed(("python", worker, "{}", "/tmp/gone")).hint == ""
    assert failed(("python", "-m", "perfkit.worker.network_proxy", "{}")).hint == ""


def test_long_lines_are_cut():
    error = failed(("app",), f"first\n{'x' * 5000}\n")
    assert all(len(line) < 400 for line in str(error).splitlines())
    assert str(error).endswith("x …")
    assert "  first" in str(error)
