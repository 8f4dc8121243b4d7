"""What is said where a setting is missing or of another type."""

import pytest

from perfkit.model.errors import UsageError
from perfkit.probes import build

RUN = {"command": ["server"]}
FPS = {"regex": "fps: (.+)"}
LOAD = {"url": "http://a/", "rate": 100, "duration": 10}


@pytest.mark.parametrize(
    ("kind", "settings", "says", "hints"),
    [
        ("startup", {**RUN, "cache": "warmish"}, "`cache` must be 'warm' or 'cold', not 'warmish'", "mean 'warm'?"),
        ("startup", {**RUN, "cache": 3}, "`cache` must be 'warm' or 'cold', not 3", ""),
        ("startup", {**RUN, "instructions": "pref"},
         "must be true or false, 'perf' or 'valgrind', not 'pref'", "'perf'"),
        ("startup", {**RUN, "instructions": 3}, "must be true or false, 'perf' or 'valgrind', not 3", ""),
        ("startup", {"command": "./server --port 'a b'"},
         '`command` must be a list, such as ["./server", "--port", "a b"]: a shell is never used', ""),
        ("startup", {"command": "it's"}, '`command` must be a list, such as ["it\'s"]', ""),
        ("startup", {"command": ""}, '`command` must be a list, such as ["./server", "--port"]: a shell', ""),
        ("startup", {}, "`command` is missing", "it is a list"),
        ("startup", {**RUN, "ready": {"tcp": "80x"}}, "`ready.tcp` must be a port number or \"{port}\", not '80x'", ""),
        ("startup", {**RUN, "ready": "up"}, "`ready` must be a table or a list, not 'up'", ""),
        ("startup", {**RUN, "ready": [{"stdout": "x"}]}, "`ready[0].name` is missing", "it is text"),
        ("startup", {**RUN, "ready": [{"name": "a", "tcp": "x"}]}, "`ready[0].tcp` must be a port number", ""),
        ("startup", {**RUN, "env": {"A": "a", "B": ["b"]}}, "`env.B` must be text, not a list", ""),
        ("startup", {**RUN, "exit_codes": ["x"]}, "`exit_codes[0]` must be a whole number, not 'x'", ""),
        ("startup", {**RUN, "importtime": "yes"}, "`importtime` must be true or false, not 'yes'", ""),
        ("startup", {**RUN, "grace": "x"}, "`grace`: 'x' is not a number with a unit, such as '10 ms'", ""),
        ("audio_deadline", {"body": "m:f", "duration": 0}, "`duration`: 0 is not a positive duration", ""),
        ("memory", {**RUN, "mode": "laod"}, "`mode` must be 'peak', 'load', 'leak' or 'allocated'", "mean 'load'?"),
        ("audio_latency", {"body": "a.py:b"}, "`mode` is missing", "it is 'smallest_block'"),
        ("command", RUN, "`prints` is missing", "it is a table"),
        ("command", {**RUN, "prints": {"a": FPS, "b": {"regex": "x"}}}, "`prints.b`: regex 'x' has 0 groups", ""),
        ("command", {**RUN, "prints": {"a": FPS, "b": {**FPS, "better": "highr"}}},
         "`prints.b.better` must be 'lower' or 'higher', not 'highr'", "mean 'higher'?"),
        ("command", {**RUN, "prints": {"a": {**FPS, "kind": True}}}, "'deterministic' or 'count', not true", ""),
        ("command", {**RUN, "prints": {"a": FPS, "b": "(x)"}}, "`prints.b` must be a table, not '(x)'", ""),
        ("load", {**LOAD, "streams": {"url": "ws://a"}}, "`streams.rate` is missing", "it is a number"),
        ("load", {**LOAD, "rate": "fast"}, "`rate` must be a number, not 'fast'", ""),
        ("load", {**LOAD, "steps": [[1]]}, "`steps[0]` must be a list of length 2, not of 1", ""),
        ("load", {**LOAD, "steps": [[1, "x"]]}, "`steps[0][1]`: 'x' is not a number with a unit", ""),
        ("load", {**LOAD, "service": {"command": "serve"}}, '`service.command` must be a list, such as ["serve"]', ""),
    ],
)  # fmt: skip
def test_it_names_the_key_what_it_may_be_and_what_stands_there(kind, settings, says, hints):
    with pytest.raises(UsageError) as caught:
        build(kind, settings)
    assert says in str(caught.value)
    assert hints in caught.value.hint
    assert "\n" not in str(caught.value)
