"""Scenarios declared in Python: in perfkit's environment, and by interpreters that have no perfkit."""

import shutil
import sys
import textwrap

import pytest

import perfkit
from perfkit.loading.describe import describe
from perfkit.model.errors import UsageError
from perfkit.probes import build
from tests.interpreters import interpreters

SYNTH = """
    from perfkit import Cpu, File, Http, Load, Memory, Notify, Program, Size, Stage, Stamp, Startup, Stdout, Tcp
    from perfkit import scenario

    print("noise on stdout")

    start = scenario(
        Startup(command=["python", "-m", "synth"], ready=Stdout("audio ready"), grace=2),
        params={"voices": [1, 32]},
        budget={"ready_time": ["< 2 s", "+5 %"]},
        tags=["audio"],
        timeout="2 min",
    )
    listening = scenario(Startup(command=["serve"], ready=Tcp(8080)), name="serve")
    asked = scenario(Memory(command=("serve",), ready=Http("http://127.0.0.1:1/"), drive=["curl"], hold=0.5))
    loaded = scenario(
        Memory(
            mode="leak",
            command=["serve"],
            ready=Tcp(8080),
            load=Load(url="http://127.0.0.1:8080/", rate=50, duration=2),
            limit="500 MB",
        )
    )
    service = Program(["serve"], ready=Tcp(8080), cwd="src")
    served = scenario(Load(url="http://127.0.0.1:{port}/", rate=50, duration=2, service=service))
    threads = scenario(Cpu(command=["play"], hold=3, threads={"audio": "^audio"}))
    told = scenario(Startup(command=["a"], ready=Notify()))
    written = scenario(Startup(command=["a"], ready=File("here")))
    stamped = scenario(Startup(command=["a"], ready=Stamp("{tmp}/ready"), cache="cold", instructions=True))
    staged = scenario(Startup(command=["a"], ready=[Stage("up", Stdout("up")), Stage("http", Http("http://a/"))]))
    bundle = scenario(Size(files=["dist/**/*.js"]))
    _private = scenario(Size(files=["none"]))
"""
BODIES = """
    import json
    from perfkit import Metrics, audio, scenario

    @scenario(params={"items": [10, 1_000]}, budget={"wall_time": "+5 %"}, min_time="1 s", extra={"hits": "higher"})
    def json_dumps(items: int):
        payload = list(range(items))
        yield lambda: json.dumps(payload)

    @scenario
    def nothing():
        pass

    @audio(block=64)
    def echo(frames, rate):
        return lambda block: None

    @audio
    def hum(frames, rate):
        return lambda block: None
"""


def described(tmp_path, text, python=sys.executable):
    file = tmp_path / "bench.py"
    file.write_text(textwrap.dedent(text))
    return {raw["name"]: raw for raw in describe(file, python, tmp_path)}


def declared_here(text):
    namespace = {"__name__": "bench"}
    exec(textwrap.dedent(text), namespace)
    found = {}
    for name, value in namespace.items():
        declared = getattr(value, "__perfkit__", value)
        if isinstance(declared, perfkit.Declared) and not name.startswith("_"):
            plain = declared.plain(name)
            found[plain["name"]] = plain
    return found


@pytest.mark.parametrize("python", interpreters())
def test_every_interpreter_gives_the_same_declarations_as_perfkits_own_environment(tmp_path, python):
    elsewhere, here = described(tmp_path, SYNTH, python), declared_here(SYNTH)
    assert list(elsewhere) == [
        "start",
        "serve",
        "asked",
        "loaded",
        "served",
        "threads",
        "told",
        "written",
        "stamped",
        "staged",
        "bundle",
    ]
    assert elsewhere == here
    assert build("memory", elsewhere["loaded"]["settings"]).load.rate == 50
    assert build("load", elsewhere["served"]["settings"]).service == perfkit.Program(
        ("serve",), ready=perfkit.Tcp(8080), cwd="src"
    )
    assert build("cpu", elsewhere["threads"]["settings"]).threads == {"audio": "^audio"}


@pytest.mark.parametrize("python", interpreters())
def test_functions_are_scenarios_of_probe_call(tmp_path, python):
    raw = described(tmp_path, BODIES, python)
    assert raw["json_dumps"] == {
        "name": "json_dumps",
        "kind": "call",
        "settings": {
            "file": "bench.py",
            "function": "json_dumps",
            "params": {"items": "{items}"},
            "min_time": "1 s",
            "extra": {"hits": {"better": "higher"}},
        },
        "params": {"items": [10, 1000]},
        "budget": {"wall_time": "+5 %"},
        "tags": [],
        "line": 5,
    }
    assert raw["nothing"]["settings"] == {"file": "bench.py", "function": "nothing"}
    assert raw["echo"]["kind"] == "audio_deadline"
    assert raw["echo"]["settings"] == {"body": "bench.py:echo", "block": 64}
    assert raw["hum"]["settings"] == {"body": "bench.py:hum"}


def test_the_file_is_named_from_the_sides_root_even_through_links(tmp_path):
    (tmp_path / "side" / "scenarios").mkdir(parents=True)
    (tmp_path / "link").symlink_to("side")
    file = tmp_path / "side" / "scenarios" / "bench.py"
    file.write_text(textwrap.dedent(BODIES))
    by_link, by_name = (describe(file, sys.executable, tmp_path / root) for root in ("link", "side"))
    assert by_link == by_name
    assert by_link[0]["settings"]["file"] == "scenarios/bench.py"
    assert by_link[2]["settings"]["body"] == "scenarios/bench.py:echo"


def test_a_file_outside_the_root_keeps_its_path(tmp_path):
    (tmp_path / "side").mkdir()
    file = tmp_path / "bench.py"
    file.write_text("from perfkit import scenario\n@scenario\ndef a(): pass\n")
    (raw,) = describe(file, sys.executable, tmp_path / "side")
    assert raw["settings"]["file"] == str(file)


def test_a_default_that_is_written_builds_the_same_probe_as_one_that_is_not(tmp_path):
    text = "from perfkit import Startup, scenario\na = scenario(Startup(command=['a'], grace=5, ready={}))"
    written, dropped = described(tmp_path, text)["a"]["settings"], declared_here(text)["a"]["settings"]
    assert written == {"command": ["a"], "grace": 5, "ready": {}}
    assert build("startup", written) == build("startup", dropped) == build("startup", {"command": ["a"]})


def test_a_real_probe_serialises_to_what_differs_from_its_defaults():
    declared = perfkit.scenario(perfkit.Startup(command=("a",), ready=perfkit.Stdout("up"), exit_codes=(0, 3)))
    assert declared.settings == {"command": ["a"], "ready": {"stdout": "up"}, "exit_codes": [0, 3]}
    assert build(declared.kind, declared.settings).ready == perfkit.Ready(stdout="up")


def test_a_decorated_function_stays_a_function():
    @perfkit.scenario(params={"n": [1]})
    def double(n):
        return 2 * n

    assert double(4) == 8


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        ("from perfkit import scenario\n\n1 / 0", 3, "ZeroDivisionError: division by zero"),
        ("x = 1\ndef broken(:\n", 2, "SyntaxError"),
        ("import no_such_module_here", 1, "ModuleNotFoundError"),
        ("import sys\nsys.exit(0)", 2, "SystemExit"),
        ("from perfkit import Metric", 1, "ImportError: cannot import name 'Metric'"),
        ("from perfkit import scenario\n@scenario()\ndef a(n): pass", 2, "takes 'n', which params does not give"),
        ("from perfkit import scenario\n@scenario(params={'m': [1]})\ndef a(): pass", 2, "params gives 'm'"),
        ("from perfkit import Size, scenario\na = scenario(Size(files=[object()]))", 2, "neither text, a number"),
        ("import perfkit as p\na = p.scenario(p.Size(files=['a']), min_time=1)", 2, "in the probe's own settings"),
        ("import perfkit as p\na = p.scenario(p.Size(files=['a']), budgets={})", 2, "did you mean 'budget'?"),
        ("import perfkit as p\n@p.scenario(param={})\ndef a(): pass", 2, "scenario() takes no 'param'; did you"),
        ("import perfkit as p\n@p.audio(tag=['a'])\ndef a(): pass", 2, "audio() takes no 'tag'; did you mean 'tags'?"),
        ("from perfkit import scenario\na = scenario('startup')", 2, "takes a probe"),
    ],
)  # fmt: skip
def test_a_file_that_raises_is_told_with_its_line(tmp_path, text, line, message):
    with pytest.raises(UsageError, match=rf"bench\.py:{line}: ") as caught:
        described(tmp_path, text)
    assert message in str(caught.value)


def test_an_error_deep_in_other_modules_names_the_line_of_the_scenario_file(tmp_path):
    (tmp_path / "deep.py").write_text("def fail():\n    raise OSError('deep')\n")
    with pytest.raises(UsageError, match=r"bench\.py:3: OSError: deep"):
        described(tmp_path, "import deep\n\ndeep.fail()\n")


def test_imported_scenarios_belong_to_the_file_that_declares_them(tmp_path):
    (tmp_path / "other.py").write_text("from perfkit import scenario\n@scenario\ndef theirs(): pass\n")
    text = "from other import theirs\nfrom perfkit import scenario\n@scenario\ndef ours(): pass\n"
    assert list(described(tmp_path, text)) == ["ours"]


def test_a_scenario_file_may_measure_the_perfkit_of_its_own_side(tmp_path):
    package = tmp_path / "perfkit"
    package.mkdir()
    (package / "__init__.py").write_text("raise RuntimeError('the stand-in is there instead')\n")
    (package / "own.py").write_text("NUMBER = 5\n")
    text = "import perfkit\nfrom perfkit.own import NUMBER\na = perfkit.scenario(perfkit.Size(files=['a'] * NUMBER))\n"
    assert described(tmp_path, text)["a"]["settings"] == {"files": ["a"] * 5}


def test_a_file_that_never_ends_is_ended(tmp_path):
    file = tmp_path / "bench.py"
    file.write_text("import time\ntime.sleep(600)\n")
    with pytest.raises(UsageError, match=r"takes longer than 0\.5 s"):
        describe(file, sys.executable, tmp_path, timeout=0.5)


def test_an_interpreter_that_cannot_be_started_is_named(tmp_path):
    with pytest.raises(UsageError, match="no-such-python cannot be started"):
        described(tmp_path, "", str(tmp_path / "no-such-python"))


def test_a_program_that_is_no_python_is_named(tmp_path):
    with pytest.raises(UsageError, match="could not run it"):
        described(tmp_path, "", shutil.which("false"))


def test_every_public_name_is_there():
    assert [name for name in perfkit.__all__ if getattr(perfkit, name, None) is None] == []


def test_importing_everything_takes_what_a_scenario_file_can_use(tmp_path):
    text = "from perfkit import *\na = scenario(Load(rate=1))\nassert 'Metric' not in globals()\n"
    assert described(tmp_path, text)["a"]["kind"] == "load"


def test_the_stand_in_loads_nothing_of_perfkits_environment(tmp_path):
    text = "import sys, perfkit\nloaded = {'msgspec', 'numpy', 'psutil', 'perfkit.model'} & set(sys.modules)\n"
    assert described(tmp_path, text + "assert not loaded, loaded\n") == {}
