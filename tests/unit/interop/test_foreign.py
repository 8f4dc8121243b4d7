import json
from pathlib import Path

import pytest

from perfkit.interop import read_foreign
from perfkit.model.errors import DataError

DATA = Path(__file__).parent.parent.parent / "data" / "foreign"


def test_a_pyperf_run_is_a_launch_and_calibration_is_none():
    run = read_foreign(DATA / "pyperf.json")
    raw = json.loads((DATA / "pyperf.json").read_text())["benchmarks"][0]["runs"]
    measured = [each["values"] for each in raw if each.get("values")]
    (result,) = run.results
    assert len(result.launches) == len(measured)
    assert result.values("wall_time")[0] == sorted(measured[0])[len(measured[0]) // 2]
    assert result.metrics[0].unit == "s"
    assert run.machine.identity == "bench-host"


def test_every_hyperfine_time_is_a_launch():
    run = read_foreign(DATA / "hyperfine.json")
    assert run.results[0].benchmark == "sleep 0.1"
    assert run.results[0].values("wall_time") == (0.101, 0.102, 0.1035, 0.1012, 0.1011, 0.1024, 0.1031)
    assert "one machine" in run.notes[0]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ('{"results": [{"command": "x", "times": ["a"]}]}', r"\$\.results\[0\]\.times\[0\]"),
        ('{"results": [{"command": "x", "times": [1.0], "exit_codes": [1]}]}', "ended with an error"),
        ('{"version": "1.0", "benchmarks": [{"runs": [{"values": ["a"]}]}]}', "pyperf"),
        ('{"version": "9.0", "benchmarks": []}', "pyperf"),
    ],
)
def test_damage_is_named(tmp_path, text, says):
    path = tmp_path / "f.json"
    path.write_text(text)
    with pytest.raises(DataError, match=says):
        read_foreign(path)


@pytest.mark.parametrize("text", ["{}", "[1]", "not json", '{"schema": "perfkit-run/1", "results": []}'])
def test_what_no_format_recognises_is_nobodys(tmp_path, text):
    path = tmp_path / "f.json"
    path.write_text(text)
    assert read_foreign(path) is None
