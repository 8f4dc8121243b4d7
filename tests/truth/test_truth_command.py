"""A real program that prints what it knows of itself."""

from perfkit.probes import build

PROGRAM = "import json; print('rendering'); print(json.dumps({'frames': 250, 'took': {'p99': 1.5}}))"


def test_what_a_program_prints_is_what_is_recorded(launcher):
    probe = build(
        "command",
        {
            "command": ["python", "-c", PROGRAM],
            "prints": {
                "frames": {"json": "$.frames", "better": "higher", "kind": "count"},
                "p99": {"json": "$.took.p99", "unit": "ms"},
            },
        },
    )
    measured = probe.measure(launcher)
    assert measured.values["frames"] == 250.0
    assert measured.values["p99"] == 0.0015
    assert 0 < measured.values["cpu_time"] < 5
    assert measured.values["peak_memory"] > 2**20
