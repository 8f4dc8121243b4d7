"""Probe command on scripted output."""

import pytest

from perfkit.model.errors import Failed, Skipped, UsageError
from perfkit.model.metric import Better, Kind, Resource, Scale
from perfkit.model.reasons import evidence, said
from perfkit.probes import build
from perfkit.probes._json_path import parse_path, value_at
from tests.fakes import MIB, FakeLauncher, an_exit

FPS = {"regex": "fps: ([0-9.]+)", "unit": "1/s", "better": "higher"}


def command(**settings):
    return build("command", {"command": ["render"], "prints": {"fps": FPS}, **settings})


def values(folder, stdout, **printed):
    fake = FakeLauncher(folder, [an_exit(stdout=stdout)])
    return command(prints={"x": printed}).measure(fake).values["x"]


def failure(folder, stdout, **printed):
    with pytest.raises(Failed) as caught:
        values(folder, stdout, **printed)
    return str(caught.value)


def test_what_it_prints_and_what_its_run_took(tmp_path):
    probe = command(cwd="src", env={"A": "1"})
    fake = FakeLauncher(tmp_path, [an_exit(stdout="warming up\nfps: 59.7\n")])
    measured = probe.measure(fake)
    assert measured.values == {"fps": 59.7, "cpu_time": 0.25, "peak_memory": 50 * MIB}
    assert measured.run_delay == 0.001
    assert [metric.name for metric in probe.metrics] == list(measured.values)
    assert (fake.programs[0].cwd, fake.programs[0].env) == ("src", {"A": "1"})


def test_a_metric_is_what_is_said_of_it():
    told = {"json": "$.loss", "unit": "dB", "scale": "difference", "kind": "count", "resource": "cpu"}
    fps, loss, wait = command(prints={"fps": FPS, "loss": told, "wait": {"json": "$.w", "unit": "ms"}}).metrics[:3]
    assert (fps.unit, fps.better, fps.resource) == ("1/s", Better.HIGHER, Resource.WALL)
    assert (loss.unit, loss.scale, loss.kind, loss.resource) == ("dB", Scale.DIFFERENCE, Kind.COUNT, Resource.CPU)
    assert (wait.unit, wait.better, wait.resource) == ("s", Better.LOWER, Resource.WALL)


@pytest.mark.parametrize(
    ("stdout", "unit", "value"),
    [
        ("took 12.5", "ms", 0.0125),
        ("took 12.5 ms", "s", 0.0125),
        ("took 1e3", "1", 1000.0),
        ("took -3.5", "dB", -3.5),
        ("took 80", "%", 0.8),
        ("took 3 MiB", "B", 3 * MIB),
        ("took 1\ntook 2\nbye", "s", 2.0),
    ],
)
def test_a_number_is_kept_in_its_base_unit_and_the_last_one_counts(tmp_path, stdout, unit, value):
    assert values(tmp_path, stdout, regex="took (.+)", unit=unit) == pytest.approx(value)


@pytest.mark.parametrize(
    ("stdout", "path", "value"),
    [
        ('{"latency": {"p99": 0.004}}', "$.latency.p99", 0.004),
        ('{"runs": [{"t": 1}, {"t": "2.5"}]}', "$.runs[-1]['t']", 2.5),
        ('starting\n{"a b": 7}\n', '$["a b"]', 7.0),
        ("[3, 4]", "$[1]", 4.0),
        ("42", "$", 42.0),
    ],
)
def test_a_path_leads_to_one_value_of_all_of_it_or_of_its_last_line(tmp_path, stdout, path, value):
    assert values(tmp_path, stdout, json=path) == value


@pytest.mark.parametrize("path", ["", "latency", "$latency", "$.", "$.a[", "$.*", "$..a", "$[0:2]", "$.a b", "$[?@.x]"])
def test_a_path_that_may_select_many_is_refused(path):
    with pytest.raises(ValueError, match="not a path to one value"):
        parse_path(path)


def test_a_path_says_where_it_ends():
    with pytest.raises(LookupError, match=r"\$\.runs\[0\] has no 'p99': it is a table of p50, p90"):
        value_at({"runs": [{"p90": 1, "p50": 2}]}, parse_path("$.runs[0].p99"))
    with pytest.raises(LookupError, match=r"\$\.runs has no 3: it is a list of 1"):
        value_at({"runs": [1]}, parse_path("$.runs[3]"))


@pytest.mark.parametrize(
    ("stdout", "where", "message"),
    [
        ("well", {"regex": "fps: (.+)"}, "metric 'x': no line of stdout matches 'fps: (.+)'; its last line is: well"),
        ("", {"regex": "fps: (.+)"}, "metric 'x': no line of stdout matches 'fps: (.+)'; stdout is empty"),
        ("fps: many", {"regex": "fps: (.+)"}, "metric 'x': 'many' is not a number with a unit, such as '5 %'"),
        ("fps: nan", {"regex": "fps: (.+)"}, "metric 'x': 'nan' is not a finite number"),
        ("fps: 3", {"json": "$.fps"}, "metric 'x': neither stdout nor its last line is JSON"),
        ('{"fps": true}', {"json": "$.fps"}, "metric 'x': True is not a finite number"),
        ('{"fps": {"a": 1}}', {"json": "$.fps"}, "metric 'x': {'a': 1} is not a finite number"),
        ('{"frames": 1}', {"json": "$.fps"}, "metric 'x': $ has no 'fps': it is a table of frames"),
    ],
)  # fmt: skip
def test_what_cannot_be_read_fails_in_one_line_that_names_the_metric(tmp_path, stdout, where, message):
    assert said(failure(tmp_path, stdout, **where)).startswith(message)


def test_the_end_of_the_output_stands_below(tmp_path):
    told = failure(tmp_path, "".join(f"frame {n}\n" for n in range(900)), regex="fps: (.+)")
    assert said(told).endswith("its last line is: frame 899")
    assert evidence(told).endswith("frame 898\nframe 899")
    assert len(told) < 2000


def test_it_reads_stderr_or_a_file(tmp_path):
    fake = FakeLauncher(tmp_path, [an_exit(stderr="fps: 3")])
    assert command(output="stderr").measure(fake).values["fps"] == 3.0
    fake = FakeLauncher(tmp_path, [an_exit()], lambda program: (tmp_path / "out.txt").write_text("fps: 4"))
    assert command(output="out.txt").measure(fake).values["fps"] == 4.0
    with pytest.raises(Failed, match=r"did not write missing\.txt: No such file"):
        command(output="missing.txt").measure(FakeLauncher(tmp_path, [an_exit()]))


def test_a_command_that_is_missing_or_fails(tmp_path):
    with pytest.raises(Skipped, match="no-such-tool"):
        command(requires={"no-such-tool": "make tool"}).measure(FakeLauncher(tmp_path))
    with pytest.raises(Failed, match="ended with code 3"):
        command().measure(FakeLauncher(tmp_path, [an_exit(3, stdout="fps: 60")]))


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"command": []}, "command is empty"),
        ({"prints": {}}, "prints is empty"),
        ({"prints": {"cpu_time": FPS}}, "every command has this metric already"),
        ({"prints": {"x y|z": FPS}}, r"prints: 'x y\|z' is not a name; use letters, digits"),
        ({"prints": {"": FPS}}, "prints: '' is not a name"),
        ({"prints": {"x": {}}}, "one of regex and json"),
        ({"prints": {"x": {**FPS, "json": "$.x"}}}, "one of regex and json"),
        ({"prints": {"x": {"regex": "fps: "}}}, "has 0 groups"),
        ({"prints": {"x": {"regex": "fps: ("}}}, "not a regular expression"),
        ({"prints": {"x": {"json": "$..x"}}}, "not a path to one value"),
        ({"prints": {"x": {**FPS, "unit": "fps"}}}, "'fps' is not a unit"),
        ({"prints": {"x": {**FPS, "beter": "higher"}}}, "unknown key `prints.x.beter`"),
    ],
)
def test_settings_are_checked(settings, message):
    with pytest.raises(UsageError, match=message):
        command(**settings)
