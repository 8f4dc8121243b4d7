"""Probe call without a process: what it asks the worker, and what it makes of each answer."""

import json
from pathlib import Path

import pytest

from perfkit.model.detail import Curve
from perfkit.model.errors import Failed, UsageError
from perfkit.model.metric import Better
from perfkit.probes import build
from tests.fakes import MIB, FakeLauncher, an_exit

ANSWER = {
    "wall_time": 2e-3, "cpu_time": 1e-3, "extra": {}, "repeats": [1e-3, 2e-3, 3e-3], "iterations": 4,
    "overhead": 5e-8, "python": "3.12.1",
}  # fmt: skip


def call(**settings):
    return build("call", {"file": "scenarios/b.py", "function": "f", **settings})


def launcher(tmp_path, answer, **ended):
    def write(program):
        if answer is not None:
            out = Path(program.command[program.command.index("--out") + 1])
            out.write_text(json.dumps(answer))

    return FakeLauncher(tmp_path, [an_exit(**ended)], write)


def test_values_come_from_the_answer_and_the_peak_from_the_kernel(tmp_path):
    fake = launcher(tmp_path, ANSWER, peak_memory=33 * MIB)
    measured = call().measure(fake)
    assert measured.values == {"wall_time": 2e-3, "cpu_time": 1e-3, "peak_memory": 33 * MIB}
    assert measured.run_delay == 0.001
    curve = next(detail for detail in measured.details if isinstance(detail, Curve))
    assert curve.y == (1e-3, 2e-3, 3e-3)
    assert curve.lines == (("median", 2e-3),)
    assert measured.caveats == ()


def test_the_worker_is_asked_by_the_sides_interpreter_with_typed_parameters(tmp_path):
    fake = launcher(tmp_path, ANSWER)
    call(params={"n": 10, "name": "x"}, min_time="200 ms", env={"A": "1"}, env_pass=["HOME"]).measure(fake)
    (program,) = fake.programs
    words = program.command
    assert words[0] == fake.python
    assert words[3] == str(tmp_path / "scenarios/b.py")
    assert json.loads(words[words.index("--params") + 1]) == {"n": 10, "name": "x"}
    assert float(words[words.index("--min-time") + 1]) == 0.2
    assert words[words.index("--seed") + 1] == "7"
    assert (program.env, program.env_pass) == ({"A": "1"}, ("HOME",))


def test_metrics_of_the_body_are_declared_with_their_direction(tmp_path):
    probe = call(extra={"rate": {"better": "higher", "unit": "1/s"}})
    assert probe.metrics[-1].better is Better.HIGHER
    measured = probe.measure(launcher(tmp_path, {**ANSWER, "extra": {"rate": 5}}))
    assert measured.values["rate"] == 5.0


@pytest.mark.parametrize(
    ("extra", "returned", "message", "hint"),
    [
        ({}, {"hits": 1}, "'hits', which is not declared", '@scenario(extra={"hits": "lower"})'),
        ({"hits": {"better": "higher"}}, {}, "does not return the metric 'hits'", "perfkit.Metrics(hits=...)"),
    ],
)
def test_declared_and_returned_metrics_must_be_the_same(tmp_path, extra, returned, message, hint):
    with pytest.raises(Failed) as caught:
        call(extra=extra).measure(launcher(tmp_path, {**ANSWER, "extra": returned}))
    assert message in str(caught.value)
    assert hint in caught.value.hint


def test_a_scenario_that_raises_fails_the_launch_with_its_line(tmp_path):
    error = {"type": "KeyError", "message": "'k'", "line": 12, "file": "b.py"}
    with pytest.raises(Failed, match=r"scenarios/b\.py:12: KeyError: 'k'"):
        call().measure(launcher(tmp_path, {"error": error}, code=1))


def test_a_process_that_dies_is_told_by_its_last_words(tmp_path):
    with pytest.raises(Failed, match="died: Fatal Python error") as caught:
        call().measure(launcher(tmp_path, None, code=-11, stderr="Fatal Python error\n"))
    assert "exit code -11" in caught.value.hint


def test_caveats_where_the_call_itself_counts_or_the_peak_is_the_floor(tmp_path):
    fake = launcher(tmp_path, {**ANSWER, "wall_time": 2e-7}, peak_memory=10 * MIB)
    assert call().measure(fake).caveats == ("the call itself counts", "peak memory ≤ floor")


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"extra": {"wall_time": {"better": "lower"}}}, "every call has this metric already"),
        ({"extra": {"size": {"better": "lower", "unit": "MB"}}}, "not a base unit"),
        ({"extra": {"size": {}}}, "better"),
        ({"min_time": 0}, "not a positive duration"),
        ({"warm": 1}, "unknown key `warm`"),
        ({"extra": {"size": {"better": "lower", "units": "B"}}}, "unknown key `extra.size.units`"),
    ],
)
def test_settings_that_make_no_sense_are_refused(settings, message):
    with pytest.raises(UsageError, match=message):
        call(**settings)
