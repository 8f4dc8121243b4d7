"""What the system refuses is said in a line, with a hint only where it helps."""

import errno
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from perfkit.cli import main, talk

FULL = Path("/dev/full")


@pytest.fixture
def same_signals():
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.mark.parametrize(
    ("number", "name", "hint"),
    [
        (errno.EACCES, "/p/reports/1/run.json", "make reports/ and baselines/"),
        (errno.ENOSPC, "/p/reports/1/run.json", "make room; what was measured is in the journal"),
        (errno.EFBIG, "/p/baselines/x/y.json", "ulimit -f"),
        (errno.EFBIG, None, "make room; what was measured is in the journal"),
        (errno.EACCES, "/p/.venv/bin/python", ""),
        (errno.ENOSPC, "standard output", ""),
        (errno.EIO, None, ""),
        (errno.ENAMETOOLONG, "/p/x", ""),
        (errno.EDQUOT, "/home/x", ""),
    ],
)
def test_what_the_system_refuses_is_no_bug_and_the_hint_is_about_that_file(capsys, number, name, hint):
    assert talk.complain_of_system(OSError(number, os.strerror(number), name)) == talk.USAGE
    said = capsys.readouterr().err
    assert said.startswith(f"perfkit: {name + ': ' if name else ''}{os.strerror(number)}\n")
    assert ("hint:" in said) == bool(hint)
    assert hint in said


@pytest.mark.skipif(not FULL.exists(), reason="this system has no /dev/full")
def test_a_full_stdout_is_named(tmp_path):
    with FULL.open("w") as full:
        done = subprocess.run(
            [sys.executable, "-c", "import sys; from perfkit.cli import main; sys.exit(main(['schema', 'run']))"],
            stdout=full, stderr=subprocess.PIPE, text=True, check=False, cwd=tmp_path,
        )  # fmt: skip
    assert done.returncode == talk.USAGE
    assert done.stderr == "perfkit: standard output: No space left on device\n"


@pytest.mark.skipif(not FULL.exists(), reason="this system has no /dev/full")
def test_a_full_stdout_is_named_for_drawings_too(monkeypatch, capfd):
    before = os.dup(1)
    with FULL.open("w") as full:
        os.dup2(full.fileno(), 1)
        monkeypatch.setattr(sys, "stdout", full)
        with pytest.raises(OSError, match="standard output"):
            talk.draw("a drawing")
        os.dup2(before, 1)
    os.close(before)


def test_an_interruption_before_anything_is_said(capsys, monkeypatch, same_signals):
    def interrupted(*arguments, **named):
        raise KeyboardInterrupt

    monkeypatch.setattr("perfkit.cli.options.request", interrupted)
    assert main(["run"]) == talk.INTERRUPTED
    assert "perfkit: interrupted before " in capsys.readouterr().err
