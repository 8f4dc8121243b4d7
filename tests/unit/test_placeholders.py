import pytest

from perfkit.model.placeholders import fill
from perfkit.probes import build

NAMES = {"port": 8080, "root": "/side", "tmp": "/tmp/launch", "flag": True}


@pytest.mark.parametrize(
    ("text", "filled"),
    [
        ("{port}", 8080),
        ("{flag}", True),
        ("http://127.0.0.1:{port}/a?b={root}", "http://127.0.0.1:8080/a?b=/side"),
        ('{"a": 1}', '{"a": 1}'),
        ('{"a": {"b": {}}}', '{"a": {"b": {}}}'),
        ('{"port":{port}}', '{"port":8080}'),
        ("{{port}}", "{port}"),
        ("{{anything}}", "{anything}"),
        ("{{{port}}}", "{8080}"),
        ("[0-9]{3} {1,2} {} {{}}", "[0-9]{3} {1,2} {} {{}}"),
        ("${HOME}x{tmp}", None),
    ],
)
def test_only_names_in_braces_are_placeholders(text, filled):
    if filled is None:
        with pytest.raises(ValueError, match=r"unknown placeholder \{HOME\} in .* known: \{flag\}, \{port\}"):
            fill(text, NAMES)
    else:
        assert fill(text, NAMES) == filled


def test_tables_and_lists_are_filled_and_keys_are_not():
    settings = {
        "command": ["x", "{port}"],
        "env": {"{port}": "{tmp}/a"},
        "n": 3,
        "none": None,
        "t": ("{root}",),
    }
    assert fill(settings, NAMES) == {
        "command": ["x", 8080],
        "env": {"{port}": "/tmp/launch/a"},
        "n": 3,
        "none": None,
        "t": ("/side",),
    }


def test_kept_names_and_doubled_braces_wait_for_the_last_fill():
    first = fill(["{voices}-{port}", "{{voices}}", "{{port}}", "{port}"], {"voices": 32}, keep=("port", "root", "tmp"))
    assert first == ["32-{port}", "{{voices}}", "{{port}}", "{port}"]
    assert fill(first, NAMES) == ["32-8080", "{voices}", "{port}", 8080]


def test_a_launch_placeholder_in_a_parameters_value_is_filled_by_the_launch():
    assert fill(fill("{url}", {"url": "http://h:{port}"}, keep=("port",)), {"port": 1}) == "http://h:1"


def test_a_number_becomes_text_only_where_text_is_wanted():
    settings = fill(
        {"command": ["python", "--port", "{port}"], "ready": {"tcp": "{port}"}, "env": {"P": "{port}"}}, NAMES
    )
    probe = build("startup", settings)
    assert probe.command == ("python", "--port", "8080")
    assert probe.ready.tcp == 8080
    assert probe.env == {"P": "8080"}
