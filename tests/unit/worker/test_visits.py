"""The worker that calls async functions at given times, in every interpreter that a project may have."""

import json
import subprocess
import sys
import time
from array import array
from pathlib import Path

import pytest

import perfkit
from tests.interpreters import interpreters

WORKER = Path(perfkit.__file__).with_name("worker") / "visits.py"
JOURNEY = """
import asyncio

async def journey(log, seconds):
    calls = 0
    async def once():
        nonlocal calls
        calls += 1
        fifth = calls % 5 == 0
        await asyncio.sleep(seconds)
        if fifth:
            raise KeyError("fifth")
    yield once
    with open(log, "w") as file:
        file.write(str(calls))

async def bare(seconds):
    await asyncio.sleep(seconds)

def plain():
    pass
"""


def visit(python: str, tmp_path: Path, call: str, *, most=100, timeout=5.0, seconds=0.02, **arguments):
    """20 calls, 5 ms apart: what was told, and each call's (sent, done, state)."""
    (tmp_path / "my_journey.py").write_text(JOURNEY)
    (tmp_path / "due").write_bytes(array("d", [index * 0.005 for index in range(20)]).tobytes())
    (tmp_path / "start").write_text(repr(time.monotonic() + 0.5))
    request = {
        "call": f"my_journey.py:{call}", "arguments": {"seconds": seconds, **arguments}, "timeout": timeout,
        "due": str(tmp_path / "due"), "start": str(tmp_path / "start"), "most": most,
    }  # fmt: skip
    report = tmp_path / "report"
    ended = subprocess.run(
        [python, str(WORKER), json.dumps(request), str(report)], cwd=tmp_path, capture_output=True, text=True
    )
    if ended.returncode:
        return ended.stderr, None
    columns = (tmp_path / "report.columns").read_bytes()
    sent, done = array("d", columns[:160]), array("d", columns[160:320])
    return json.loads(report.read_text()), list(zip(sent, done, columns[320:], strict=True))


@pytest.mark.parametrize("python", interpreters())
def test_calls_are_made_at_their_times_and_counted_by_how_they_end(python, tmp_path):
    told, calls = visit(python, tmp_path, "journey", log=str(tmp_path / "log"))
    assert told["errors"] == {"KeyError": [4, 9, 14, 19]}
    assert told["first_error"] == "KeyError: 'fifth'"
    assert [state for *_, state in calls] == [1, 1, 1, 1, 2] * 4
    for index, (sent, done, _) in enumerate(calls):
        assert sent >= told["start"] + index * 0.005
        assert done - sent >= 0.019
    assert (tmp_path / "log").read_text() == "20"


def test_what_takes_too_long_is_cut_off_and_counts_with_the_timeout(tmp_path):
    python = sys.executable
    told, calls = visit(python, tmp_path, "bare", seconds=60, timeout=0.1)
    assert {state for *_, state in calls} == {3}
    assert all(done - sent == pytest.approx(0.1) for sent, done, _ in calls)
    assert len(told["errors"]["timeout"]) == 20


def test_calls_beyond_the_most_at_once_are_dropped(tmp_path):
    python = sys.executable
    told, calls = visit(python, tmp_path, "bare", seconds=1.0, most=4)
    assert [state for *_, state in calls] == [1] * 4 + [4] * 16
    assert told["most_in_flight"] == 4


def test_a_function_that_is_not_async_is_refused(tmp_path):
    python = sys.executable
    assert "has no async function plain" in visit(python, tmp_path, "plain")[0]
