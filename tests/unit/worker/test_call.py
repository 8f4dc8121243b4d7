"""The call worker on bodies of every form: what it answers, and in which words it refuses."""

import json
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

import perfkit.worker
from tests.interpreters import interpreters

WORKER = Path(perfkit.worker.__file__).parent / "call.py"
QUICK = ("--min-time", "0.02", "--warmup", "0.001")


def run(tmp_path, text, function="body", *options, python=sys.executable):
    """The worker's answer for one function of a scenario file, and what the file printed."""
    file, out = tmp_path / "bench.py", tmp_path / "out.json"
    file.write_text("from perfkit import Metrics, scenario\n" + textwrap.dedent(text))
    command = [python, str(WORKER), "run", str(file), "--root", str(tmp_path), "--out", str(out)]
    done = subprocess.run([*command, "--function", function, *QUICK, *options], capture_output=True, text=True)
    answer = json.loads(out.read_text())
    assert done.returncode == ("error" in answer)
    return answer, done.stdout.split()


def refused(tmp_path, text, function="body", *options):
    answer, _ = run(tmp_path, text, function, *options)
    return answer["error"]


def test_the_body_of_a_generator_runs_between_set_up_and_tear_down(tmp_path):
    text = """
        def body(n):
            calls = []
            print("up")
            yield lambda: calls.append(n)
            print("down", calls[0], len(calls))
    """
    answer, printed = run(tmp_path, text, "body", "--params", '{"n": 5}')
    assert printed[:3] == ["up", "down", "5"]
    timed = len(answer["repeats"]) * answer["iterations"]
    assert int(printed[3]) > timed > 1000


@pytest.mark.parametrize("python", interpreters())
def test_every_interpreter_times_every_form(tmp_path, python):
    text = """
        import asyncio
        @scenario(params={"n": [1]}, extra={"seen": "lower"})
        async def body(n):
            async def work():
                await asyncio.sleep(0)
                return Metrics(seen=n)
            yield work
    """
    answer, _ = run(tmp_path, text, "body", "--params", '{"n": 3}', python=python)
    assert answer["extra"] == {"seen": 3}
    assert 0 < answer["cpu_time"] < 0.1


def test_a_decorated_function_with_parameters_is_its_own_body(tmp_path):
    text = """
        @scenario(params={"n": [1]}, extra={"seen": "lower"})
        def body(n):
            return Metrics(seen=n * 2)
    """
    assert run(tmp_path, text, "body", "--params", '{"n": 21}')[0]["extra"] == {"seen": 42}


def test_metrics_are_medians_over_the_repeats(tmp_path):
    text = """
        import itertools, time
        count = itertools.count()
        def body():
            time.sleep(0.002)
            return Metrics(number=next(count))
    """
    answer, _ = run(tmp_path, text)
    first = 2  # warm up took the two before
    last = first + len(answer["repeats"]) - 1
    assert answer["iterations"] == 1
    assert answer["extra"]["number"] >= (first + last) / 2


@pytest.mark.parametrize(
    "text",
    [
        """
        import asyncio
        async def body():
            await asyncio.sleep(0.001)
        """,
        """
        import asyncio
        def body():
            yield lambda: asyncio.sleep(0.001)
        """,
        """
        import asyncio
        async def body():
            loop = asyncio.get_running_loop()
            async def work():
                assert asyncio.get_running_loop() is loop
                await asyncio.sleep(0.001)
            yield work
            assert asyncio.get_running_loop() is loop
            print("down")
        """,
    ],
    ids=["coroutine", "generator of coroutines", "async generator"],
)
def test_async_bodies_are_awaited_in_one_loop(tmp_path, text):
    answer, printed = run(tmp_path, text)
    assert answer["wall_time"] >= 0.001
    assert printed == (["down"] if "down" in text else [])


def test_a_slow_first_call_does_not_tell_how_many_iterations_a_repeat_has(tmp_path):
    text = """
        import time
        slept = []
        def body():
            if not slept:
                slept.append(time.sleep(0.1))
    """
    assert run(tmp_path, text)[0]["iterations"] > 100


def test_the_garbage_collector_stays_on(tmp_path):
    text = "import gc\ndef body():\n    assert gc.isenabled() and gc.get_freeze_count() == 0\n"
    assert "error" not in run(tmp_path, text)[0]


def test_the_seed_reaches_random_before_the_file_is_loaded(tmp_path):
    text = """
        import random
        value = random.random()
        def body():
            return Metrics(value=value)
    """
    one, same, other = (run(tmp_path, text, "body", "--seed", seed)[0]["extra"]["value"] for seed in ("1", "1", "2"))
    assert one == same != other


def test_modules_beside_the_file_and_in_the_root_are_found_but_not_the_workers(tmp_path):
    (tmp_path / "beside.py").write_text("")
    text = "import beside\ndef body():\n    pass\ntry:\n    import timing\nexcept ImportError:\n    print('own')\n"
    assert run(tmp_path, text)[1] == ["own"]


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        ("def body():\n    raise KeyError('k')\n", 3, "KeyError: 'k'"),
        ("def body():\n    yield 5\n", 2, "BodyError: a generator must yield its body"),
        ("def body():\n    return\n    yield\n", 2, "BodyError: a generator must yield its body"),
        ("def body():\n    yield int\n    yield None\n", 2, "BodyError: a generator yields once"),
        ("def body():\n    yield int\n    raise OSError('down')\n", 4, "OSError: down"),
        ("def body():\n    return Metrics(a='x')\n", 2, "BodyError: the metric 'a' is 'x', not a finite number"),
        ("def body():\n    return Metrics(a=float('nan'))\n", 2, "BodyError: the metric 'a' is nan"),
        ("n = iter('a' * 9 + 'b' * 99)\ndef body():\n    return Metrics(**{next(n): 1})\n", 3, "['a'] and then ['b']"),
        ("@scenario(warmup='1 ms')\ndef body():\n    yield 5\n", 3, "BodyError: a generator must yield its body"),
        ("async def body(n):\n    pass\n", 2, "TypeError: body() missing 1 required positional argument"),
        ("def other():\n    pass\n", 1, "AttributeError: module 'bench' has no attribute 'body'"),
        ("def body():\n    raise SystemExit(0)\n", 3, "SystemExit: 0"),
    ],
)  # fmt: skip
def test_a_body_that_breaks_is_told_in_words(tmp_path, text, line, message):
    error = refused(tmp_path, text)
    assert error["line"] == line
    assert message in f"{error['type']}: {error['message']}"


def test_the_exception_of_a_body_stands_before_that_of_its_tear_down(tmp_path):
    text = """
        def fail():
            raise OSError("first")
        def body():
            try:
                yield fail
            finally:
                raise OSError("second")
    """
    assert refused(tmp_path, text)["message"] == "first"
