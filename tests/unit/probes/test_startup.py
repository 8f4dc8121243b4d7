"""Probe startup on scripted ends."""

from pathlib import Path

import pytest

from perfkit.instruments.import_times import Import
from perfkit.instruments.instruction_count import Counter
from perfkit.model.errors import Failed, UsageError
from perfkit.model.launch import Ready, Stage
from perfkit.model.metric import Kind
from perfkit.probes import build
from perfkit.probes._startup.imports import _tree
from tests.fakes import MIB, FakeLauncher, an_exit


def startup(**settings):
    return build("startup", {"command": ["server", "--quiet"], **settings})


def test_without_ready_it_is_ready_when_it_ends(tmp_path):
    measured = startup().measure(FakeLauncher(tmp_path, [an_exit(started=10.0, ended=10.4)]))
    assert measured.values == {
        "ready_time": pytest.approx(0.4),
        "cpu_time": 0.25,
        "run_delay": 0.001,
        "peak_memory": 50 * MIB,
        "minor_faults": 1234,
    }
    assert set(measured.values) == {metric.name for metric in startup().metrics}
    assert measured.caveats == ()


def test_a_program_that_stays_is_stopped_once_ready(tmp_path):
    fake = FakeLauncher(tmp_path, [an_exit(-15, ready=100.3, stopped=True, peak_memory=10 * MIB)])
    measured = startup(ready={"stdout": "up"}, cwd="src", env={"A": "1"}).measure(fake)
    assert fake.targets[0].asked == ["wait_ready", "stop"]
    assert measured.values["ready_time"] == pytest.approx(0.3)
    assert (fake.programs[0].ready, fake.programs[0].cwd) == (Ready(stdout="up"), "src")
    assert "peak memory ≤ floor" in measured.caveats


def test_where_the_clocks_at_ready_cannot_be_read_those_of_the_end_stand_labelled(tmp_path):
    fake = FakeLauncher(tmp_path, [an_exit(0, ready=100.3)])
    measured = startup(ready={"stdout": "up"}).measure(fake)
    assert measured.values["cpu_time"] == 0.25
    assert measured.caveats == ("cpu_time includes the end",)


def test_a_program_that_fails_after_it_was_ready_has_failed(tmp_path):
    fake = FakeLauncher(tmp_path, [an_exit(3, ready=100.3, stderr="Traceback\nOops\n")])
    with pytest.raises(Failed, match="ended with code 3") as caught:
        startup(ready={"stdout": "up"}).measure(fake)
    assert "Oops" in caught.value.hint


def test_other_exit_codes_can_be_success(tmp_path):
    fake = FakeLauncher(tmp_path, [an_exit(3)])
    assert startup(exit_codes=[3]).measure(fake).values["ready_time"] == 1.5


STAGES = [{"name": "up", "stdout": "up"}, {"name": "http", "http": "http://127.0.0.1:{port}/"}]


def test_every_stage_is_a_metric_of_its_own_and_the_last_of_them_is_ready(tmp_path):
    probe = startup(ready=STAGES)
    assert [metric.name for metric in probe.metrics[:3]] == ["ready_time", "up_time", "http_time"]
    fake = FakeLauncher(tmp_path, [an_exit(-15, ready=100.5, stages=(100.5, 100.2), stopped=True)])
    measured = probe.measure(fake)
    assert fake.stages == [(Stage(name="up", stdout="up"), Stage(name="http", http="http://127.0.0.1:{port}/"))]
    assert fake.programs[0].ready.at_exit
    times = {name: measured.values[name] for name in ("ready_time", "up_time", "http_time")}
    assert times == {"ready_time": pytest.approx(0.5), "up_time": pytest.approx(0.5), "http_time": pytest.approx(0.2)}
    assert dict(measured.details[0].rows) == {
        "result": "ready through http 200 ms, up 500 ms",
        "http": "200 ms",
        "up": "500 ms, 300 ms later",
    }


def test_a_budget_on_what_was_not_asked_for_says_so():
    assert "instructions = true" in startup().why_missing("instructions")
    assert startup().why_missing("audio_time") == ""


def test_instructions_are_counted_in_a_start_of_their_own(tmp_path, monkeypatch):
    monkeypatch.setattr("perfkit.probes._startup.measure.find_counter", lambda wanted: Counter("valgrind"))

    def started(program):
        for word in program.command:
            if word.startswith("--log-file="):
                Path(word[11:].replace("%p", "9")).write_text("==9== I refs: 1,234\n")

    probe = startup(instructions=True, env={"A": "1", "PYTHONHASHSEED": "3"})
    fake = FakeLauncher(tmp_path, [an_exit(), an_exit()], started)
    measured = probe.measure(fake)
    assert measured.values["instructions"] == 1234.0
    (metric,) = measured.metrics
    assert (metric.identity, metric.kind) == (("instructions", "1", "valgrind"), Kind.DETERMINISTIC)
    own, counted = fake.programs
    assert (own.command, own.env) == (("server", "--quiet"), {"A": "1", "PYTHONHASHSEED": "3"})
    assert counted.command[-2:] == ("server", "--quiet")
    assert counted.env == {"A": "1", "PYTHONHASHSEED": "0", "PERFKIT_PAD": ""}
    assert metric.name in {each.name for each in probe.metrics}


def test_what_one_start_left_behind_is_gone_for_the_next(tmp_path):
    seen = []

    def started(program):
        seen.append(sorted(path.name for path in (tmp_path / "tmp").iterdir() if "perfkit" not in path.name))
        (tmp_path / "tmp" / "ready").touch()
        (tmp_path / "tmp" / "data").mkdir(exist_ok=True)
        if program.command[0] == "/bin/sh":
            Path(program.command[3]).write_text("import time:  500 |  700 | site\nimport time: 50 | 60 | json\n")

    measured = startup(importtime=True).measure(FakeLauncher(tmp_path, [an_exit(), an_exit(run_delay=0.0)], started))
    assert seen == [[], []]
    tree, heaviest = measured.details
    assert tree.title == "Imports: 760 µs for 2 modules, each with what it imports"
    assert tree.rows == (("site", "700 µs (92%), own 500 µs"), ("json", "60.0 µs (8%), own 50.0 µs"))
    assert heaviest.rows == (("site", "500 µs"), ("json", "50.0 µs"))


def test_of_many_imports_the_dearest_are_shown_each_below_what_imported_it():
    small = tuple(Import(f"small{number}", 0.001, 0.001) for number in range(40))
    first = Import("first", 0.01, 0.05, small)
    second = Import("second", 0.01, 0.09, (Import("inner", 0.08, 0.08),))
    tree = _tree((first, second))
    assert [name for name, _ in tree.rows] == ["second", "\u00a0\u00a0inner", "first", "40 more modules"]
    assert _tree((second,), waited=0.004).rows == _tree((second,)).rows
    waited = ("waiting for a core", "20.0 ms, which lengthened some of these")
    assert _tree((second,), waited=0.02).rows == (*_tree((second,)).rows, waited)
    many = tuple(Import(f"each{number}", 0.001 + number / 1e6, 0.001 + number / 1e6) for number in range(60))
    rows = _tree(many).rows
    assert (len(rows), rows[0][0], rows[29][0], rows[30][0]) == (31, "each59", "each30", "30 more modules")


def test_a_program_that_tells_of_no_imports_is_not_python(tmp_path):
    def started(program):
        if program.command[0] == "/bin/sh":
            Path(program.command[3]).touch()

    with pytest.raises(Failed, match="server told of no imports"):
        startup(importtime=True).measure(FakeLauncher(tmp_path, [an_exit(), an_exit()], started))


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"command": []}, "command is empty"),
        ({"command": "server --quiet"}, "must be a list"),
        ({"ready": {"stdout": "a", "tcp": 1}}, "one of stdout, tcp"),
        ({"ready": {"stdot": "a"}}, "unknown key `ready.stdot`"),
        ({"ready": {"stdout": "("}}, "ready.stdout .*not a regular expression: missing"),
        ({"grace": -1}, "not a positive duration"),
        ({"ready": []}, "ready is empty"),
        ({"ready": [{"stdout": "a"}]}, "name"),
        ({"ready": [{"name": "Up!", "stdout": "a"}]}, "'Up!' does not name a stage"),
        ({"ready": [{"name": "up"}]}, "stage 'up' does not say when"),
        ({"ready": [{"name": "up", "stdout": "a", "tcp": 1}]}, "one of stdout, tcp"),
        ({"ready": [{"name": "cpu", "stdout": "a"}]}, "a stage cannot be called 'cpu', as cpu_time is a metric"),
        ({"ready": [{"name": "a", "stdout": "a"}, {"name": "a", "tcp": 1}]}, "as a_time is a metric already"),
        ({"ready": [{"name": "a", "notify": True}, {"name": "b", "notify": True}]}, "only one stage can be notify"),
        ({"ready": [{"name": "a", "stdot": "a"}]}, r"unknown key `ready\[0\].stdot`"),
        ({"ready": {"name": "a", "stdout": "a"}}, "unknown key `ready.name`"),
        ({"cache": "icy"}, "cache"),
        ({"cache_files": ["data/**"]}, 'cache_files is for cache = "cold"'),
        ({"instructions": "gdb"}, "instructions"),
    ],
)
def test_settings_that_make_no_sense_are_refused(settings, message):
    with pytest.raises(UsageError, match=message):
        startup(**settings)
