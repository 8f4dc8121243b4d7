"""`perfkit doctor` on this machine, in sessions far shorter and closer than those that count."""

import json
import os
import signal
import subprocess
import sys
import time

import pytest

from tests.cli_project import own_lock, perfkit


def kept(folder):
    files = list((folder.parent / f"{folder.name}-tmp" / "state" / "perfkit" / "machines").glob("*.json"))
    return json.loads(files[0].read_text())["sessions"] if files else []


def test_sessions_are_measured_kept_and_told(tmp_path):
    done = perfkit(tmp_path, "doctor", "--pairs", "3", "--sessions", "2", "--gap", "0.1s", "--format", "json")
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert told["schema"] == "perfkit-doctor/1"
    assert told["noise"]["sessions"] == 2
    assert told["noise"]["apart"] == 1  # they are not a minute apart
    wall, _, cpu, memory = told["noise"]["spreads"]
    assert wall["launches"] == 12
    assert wall["median"] > 0.5 * cpu["median"] > 0
    assert memory["median"] > 16 * 2**20  # the program holds that much
    assert wall["between"]["seen"] is None
    assert "session 2 of 2" in done.stderr
    assert told["kept"] in done.stderr
    assert [len(session["swapped"]) for session in kept(tmp_path)] == [3, 3]
    again = perfkit(tmp_path, "doctor", "--pairs", "3", COLUMNS="80")
    assert again.returncode == 0, again.stderr
    assert "this machine can" in again.stdout
    assert len(kept(tmp_path)) == 3


def test_ctrl_c_keeps_the_sessions_that_are_done(tmp_path):
    process = subprocess.Popen(
        [sys.executable, "-m", "perfkit", "doctor", "--sessions", "3", "--pairs", "3"],
        cwd=tmp_path,
        env={**os.environ, **own_lock(tmp_path)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    deadline = time.monotonic() + 60
    while not kept(tmp_path) and time.monotonic() < deadline:
        time.sleep(0.05)
    os.killpg(process.pid, signal.SIGINT)
    stdout, stderr = process.communicate(timeout=30)
    assert process.returncode == 130, stderr
    assert "interrupted; 1 session was kept" in stderr
    assert "1 session of 3 pairs" in stdout
    assert len(kept(tmp_path)) == 1


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--no-noise", "--sessions", "3"], "launches nothing"),
        (["--gap", "60s"], "--gap needs two sessions"),
        (["--sessions", "2", "--gap", "soon"], "--gap: 'soon'"),
        (["--pairs", "2"], "--pairs"),
    ],
)
def test_options_that_cannot_mean_anything_are_refused(tmp_path, arguments, says):
    done = perfkit(tmp_path, "doctor", *arguments)
    assert done.returncode == 2
    assert says in done.stderr
    assert not kept(tmp_path)


def test_damaged_sessions_are_named_before_anything_is_measured_and_left_alone(tmp_path):
    perfkit(tmp_path, "doctor", "--pairs", "3")
    (file,) = (tmp_path.parent / f"{tmp_path.name}-tmp" / "state" / "perfkit" / "machines").iterdir()
    file.write_text("{")
    done = perfkit(tmp_path, "doctor", "--pairs", "3")
    assert done.returncode == 2
    assert file.name in done.stderr
    assert "session 1" not in done.stderr
    assert file.read_text() == "{"
