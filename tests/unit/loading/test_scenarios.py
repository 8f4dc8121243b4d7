import textwrap

import pytest

from perfkit import probes
from perfkit.loading import plugins
from perfkit.loading.config import read_config
from perfkit.loading.finding import find_benchmarks
from perfkit.loading.selecting import Selection
from perfkit.model.budget import Limit, Tolerance
from perfkit.model.errors import UsageError


def project(tmp_path, **files):
    (tmp_path / "scenarios").mkdir(exist_ok=True)
    for name, text in files.items():
        (tmp_path / "scenarios" / name.replace("__", ".")).write_text(textwrap.dedent(text))
    return tmp_path


@pytest.fixture(autouse=True)
def _registry(monkeypatch):
    """Plugins of one test are unknown to the next."""
    for module in (probes, plugins):
        monkeypatch.setattr(module, "REGISTRY", dict(probes.REGISTRY))
    monkeypatch.setattr(plugins, "REGISTRY", probes.REGISTRY)


def load(root, *select, keyword="", tags=(), server=""):
    if (root / "scenarios").exists():
        plugins.register_probes([root / "scenarios"])
    return find_benchmarks(read_config(root), Selection(select, keyword, tags, server), root, "python3")


SERVER = """
    [server]
    probe = "startup"
    command = ["server", "--voices", "{voices}", "--port", "{port}"]
    ready = { stdout = "up" }
    params.voices = [1, 32]
    tags = ["audio"]
    [server.budget]
    ready_time = ["< 2 s", "+5 %"]
    "voices=32".peak_memory = "< 100 MB"
"""


def test_parameters_expand_to_benchmarks_with_their_budgets(tmp_path):
    small, large = load(project(tmp_path, a__toml=SERVER))
    assert (small.id, large.id) == ("server[voices=1]", "server[voices=32]")
    assert small.settings["command"] == ["server", "--voices", 1, "--port", "{port}"]
    assert set(small.budgets) == {"ready_time"}
    assert large.budgets["peak_memory"] == (Limit("<", 100e6, "B"),)
    assert large.budgets["ready_time"] == (Limit("<", 2.0, "s"), Tolerance(0.05, "s", relative=True))
    assert small.fingerprint != large.fingerprint


def test_a_load_that_cannot_end_within_its_timeout_is_refused(tmp_path):
    text = """
        [far]
        probe = "load"
        url = "http://127.0.0.1:1/"
        rate = 100
        warmup = "1 s"
        duration = "7 s"
        timeout = "{}"
    """
    with pytest.raises(UsageError, match=r"\[far\] timeout: a launch takes up to 10 s .* its `timeout` is 10 s"):
        load(project(tmp_path, a__toml=text.format("10 s")))
    assert load(project(tmp_path, a__toml=text.format("11 s")))


def test_locust_needs_time_to_start_its_workers(tmp_path):
    text = """
        [far]
        probe = "load"
        engine = "locust"
        url = "http://127.0.0.1:1/"
        rate = 100
        duration = "7 s"
        timeout = "{}"
    """
    with pytest.raises(UsageError, match=r"a\.toml:2: \[far\] timeout: a launch takes up to 17 s .* is 17 s") as caught:
        load(project(tmp_path, a__toml=text.format("17 s")))
    assert "raise `timeout`" in caught.value.hint
    assert load(project(tmp_path, a__toml=text.format("18 s")))


def test_the_fingerprint_follows_the_definition_and_not_its_budget(tmp_path):
    (first, _) = load(project(tmp_path, a__toml=SERVER))
    (same, _) = load(project(tmp_path, a__toml=SERVER.replace("< 2 s", "< 3 s")))
    (other, _) = load(project(tmp_path, a__toml=SERVER.replace("--voices", "--v")))
    assert first.fingerprint == same.fingerprint != other.fingerprint


BUDGETED = "[a]\nprobe = 'startup'\ncommand = ['x']\nparams.w = [1, 2]\nparams.flag = [true, false]\nbudget.{}"


@pytest.mark.parametrize("condition", ["w=2,flag=true", "w = 2 , flag = true", "flag=True, w=2"])
def test_a_conditional_budget_is_in_force_where_it_says(tmp_path, condition):
    root = project(tmp_path, a__toml=BUDGETED.format(f'"{condition}".ready_time = "< 1 s"'))
    assert [b.id for b in load(root) if b.budgets] == ["a[w=2,flag=true]"]
    assert [b.id for b in load(root, f"a[{condition}]")] == ["a[w=2,flag=true]"]


def test_a_conditional_budget_takes_the_place_of_the_general_one_of_its_form(tmp_path):
    table = '{"w=2" = {ready_time = ["< 3 s", "+9 %"]}, ready_time = ["< 1 s", "> 1 ms", "+5 %"]}'
    one, two = load(
        project(tmp_path, a__toml=BUDGETED.format("").replace("budget.", f"budget = {table}")), "a[flag=true]"
    )
    assert list(map(str, one.budgets["ready_time"])) == ["< 1 s", "> 1 ms", "+5 %"]
    assert list(map(str, two.budgets["ready_time"])) == ["> 1 ms", "< 3 s", "+9 %"]


@pytest.mark.parametrize(
    ("text", "says", "hints"),
    [
        ("[a]\nprobe = 'startup'\ncomand = ['x']", "a.toml:1: [a] unknown key `comand`", "did you mean 'command'"),
        ("\n[a]\nprobe = 'startap'\ncommand = ['x']", "a.toml:2: [a] unknown probe 'startap'", "'startup'"),
        ("[a]\ncommand = ['x']", "has no `probe`", "startup"),
        ("[a]\nprobe = 'startup'\ncommand = ['x']\nready = { stdot = 'x' }", "unknown key `ready.stdot`", "stdout"),
        ("[a]\nprobe = 'startup'\ncommand = 'x'", "command", ""),
        ("[a]\nprobe = 'startup'\ncommand = ['{x}']", "{x}", ""),
        ("[a]\nprobe = 'startup'\ncommand = ['x']\nbudget.ready_time = '< 2 sec'", "budget.ready_time: 'sec'", ""),
        ("[a]\nprobe = 'startup'\ncommand = ['x']\nbudget.peak_memory = '< 9 KB'", "kB for 1000", ""),
        ("[a]\nprobe = 'startup'\ncommand = ['x']\nbudget.redy_time = '< 2 s'", "no such metric", "'ready_time'"),
        ("[a]\nprobe = 'startup'\ncommand = ['x']\nbudget.'v=1'.cpu_time = '+5 %'", "no parameter 'v'", ""),
        ("[a]\nprobe = 'startup'\ncommand = ['x']\nbudget.ready_time = '2 s'", "'== 2 s' can hardly", ""),
        ("[a]\nprobe = 'startup'\ncommand = ['x']\nbudget.cpu_time = ['+5 %', '+9 %']", "more than one tolerance", ""),
        ("[a]\nprobe = 'startup'\ncommand = ['x']\nparams.v = [1, 1]", "names a value twice", ""),
        ("[a]\nprobe = 'startup'\ncommand = ['x']\nparams.port = [1]", "is not a usable name", "perfkit's own"),
        ("[a]\nprobe = 'startup'\ncommand = ['x']\ntimeout = '-1 s'", "timeout", "60 s"),
        ("[a]\nprobe = 'startup'\ncommand = ['x'", "a.toml: ", "TOML"),
        (
            "[a]\nprobe = 'load'\nurl = 'http://a/'\nrate = 100\nduration = '2 s'\nbudget.response_p99 = '< 1 s'",
            "budget.response_p99: it needs 1000 requests a launch, and these settings give 200",
            "response_p50, response_p95",
        ),
        ("x = 1", "stands outside a table", ""),
        (BUDGETED.format('"w=7".ready_time = "< 1 s"'), "[a] budget.'w=7': w has no value 7; values: 1, 2", "params"),
        (BUDGETED.format('"w=2, x".ready_time = "< 1 s"'), "w has no value 2, x; values: 1, 2", ""),
        (BUDGETED.format('"w=2, junk=1".ready_time = "< 1 s"'), "no parameter 'junk'", "w, flag"),
        (BUDGETED.format('"w=2, w=1".ready_time = "< 1 s"'), "names a parameter twice", ""),
        (BUDGETED.format('"flag=yes".ready_time = "< 1 s"'), "flag has no value yes; values: true, false", ""),
        (BUDGETED.format('"w=2".no_such_metric = "garbage"'), "budget.no_such_metric: the probe has no such", ""),
        (BUDGETED.format('"w=2".ready_time = "garbage"'), "budget.ready_time: 'garbage'", ""),
        (BUDGETED.format('"w=2" = "< 1 s"'), "budget.'w=2': '< 1 s' is not a table", "cpu_time"),
        ("[a]\nprobe = 'startup'\ncommand = ['x']\nparams.v = [true, 'true']", "names a value twice", ""),
    ],
)
def test_what_is_wrong_is_said_with_file_and_key(tmp_path, text, says, hints):
    root = project(tmp_path, a__toml=text)
    with pytest.raises(UsageError) as caught:
        load(root)
    assert says in str(caught.value)
    assert "a.toml" in str(caught.value)
    assert "\n" not in str(caught.value)
    assert hints in caught.value.hint


def test_a_name_wins_over_a_file_or_folder_of_that_name(tmp_path):
    root = project(tmp_path, a__toml=MANY)
    (root / "server").mkdir()
    (root / "load").write_text("a program named like its scenario")
    assert [b.id for b in load(root, "load")] == ["load"]
    assert [b.scenario for b in load(root, "server")] == ["server", "server"]
    assert len(load(root, ".")) == len(load(root, "scenarios")) == 3


def test_two_scenarios_of_one_name_name_both_places(tmp_path):
    root = project(tmp_path, a__toml=SERVER, b__toml=SERVER)
    with pytest.raises(UsageError, match=r"b\.toml:2.*'server'.*a\.toml:2"):
        load(root)


def test_no_scenarios_at_all_is_said(tmp_path):
    with pytest.raises(UsageError) as caught:
        load(tmp_path)
    assert "perfkit init" in caught.value.hint


def test_a_python_file_and_toml_make_the_same_benchmark(tmp_path):
    python = """
        from perfkit import Startup, Stdout, scenario

        server = scenario(
            Startup(command=["server", "--voices", "{voices}", "--port", "{port}"], ready=Stdout("up")),
            params={"voices": [1, 32]},
            tags=["audio"],
            budget={"ready_time": ["< 2 s", "+5 %"], "voices=32": {"peak_memory": "< 100 MB"}},
        )
    """
    toml = load(project(tmp_path / "t", a__toml=SERVER)) if (tmp_path / "t").mkdir() is None else ()
    (tmp_path / "p").mkdir()
    from_python = load(project(tmp_path / "p", a__py=python))
    assert [b.probe for b in toml] == [b.probe for b in from_python]
    assert [b.budgets for b in toml] == [b.budgets for b in from_python]
    assert [b.fingerprint for b in toml] == [b.fingerprint for b in from_python]
    assert [b.tags for b in toml] == [b.tags for b in from_python]


def test_a_python_file_that_raises_names_its_line(tmp_path):
    root = project(tmp_path, a__py="from perfkit import scenario\n\nraise RuntimeError('boom')\n")
    with pytest.raises(UsageError, match=r"a\.py:3: RuntimeError: boom"):
        load(root)


MANY = (
    SERVER
    + """
    [load]
    probe = "startup"
    command = ["load"]
"""
)


@pytest.mark.parametrize(
    ("select", "keyword", "tags", "found"),
    [
        ((), "", (), ["server[voices=1]", "server[voices=32]", "load"]),
        (("server",), "", (), ["server[voices=1]", "server[voices=32]"]),
        (("server[voices=32]",), "", (), ["server[voices=32]"]),
        (("scenarios/a.toml",), "", (), ["server[voices=1]", "server[voices=32]", "load"]),
        (("scenarios/a.toml::load",), "", (), ["load"]),
        (("scenarios",), "not 32", (), ["server[voices=1]", "load"]),
        ((), "server and not (32 or load)", (), ["server[voices=1]"]),
        ((), "LOAD", (), ["load"]),
        ((), "", ("audio",), ["server[voices=1]", "server[voices=32]"]),
    ],
)
def test_selection(tmp_path, select, keyword, tags, found):
    root = project(tmp_path, a__toml=MANY)
    assert [b.id for b in load(root, *select, keyword=keyword, tags=tags)] == found


@pytest.mark.parametrize(
    ("select", "keyword", "hint"),
    [
        (("sever",), "", "'server'"),
        ((), "nothing", "perfkit list"),
        ((), "a and", "-k"),
        ((), "(a", "-k"),
        ((), "a b", "-k"),
    ],
)
def test_a_selection_that_means_nothing_is_an_error(tmp_path, select, keyword, hint):
    root = project(tmp_path, a__toml=MANY)
    with pytest.raises(UsageError) as caught:
        load(root, *select, keyword=keyword)
    assert hint in caught.value.hint


PROBE = '''
from dataclasses import dataclass
from typing import ClassVar

from perfkit import Kind, Measurement, Metric


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """The answer."""

    kind: ClassVar[str] = "answer"
    value: float

    @property
    def metrics(self):
        return (Metric("answer", "1", kind=Kind.DETERMINISTIC),)

    def measure(self, launcher):
        return Measurement({"answer": self.value})
'''


def test_a_probe_in_one_file_beside_the_scenarios(tmp_path):
    root = project(tmp_path, a__toml="[ask]\nprobe = 'answer'\nvalue = 42.0\nbudget.answer = 42\n")
    (root / "scenarios" / "probes").mkdir()
    (root / "scenarios" / "probes" / "answer.py").write_text(PROBE)
    (ask,) = load(root)
    assert ask.probe.kind == "answer"
    assert ask.budgets["answer"] == (Limit("==", 42.0, "1"),)


def test_a_probe_file_that_raises_names_its_line(tmp_path):
    root = project(tmp_path, a__toml=SERVER)
    (root / "scenarios" / "probes").mkdir()
    (root / "scenarios" / "probes" / "bad.py").write_text("x = 1\ny = x / 0\n")
    with pytest.raises(UsageError, match=r"bad\.py:2: ZeroDivisionError"):
        load(root)


AUDIO = """
    [voices]
    probe = "audio_deadline"
    body = "synth:chord"
    budget.deadline_misses = 0

    [client]
    probe = "audio_deadline"
    command = ["synth"]
    output_port = "synth:left"
    server = "{server}"
    params.server = ["auto", "pipewire"]

    [smallest]
    probe = "audio_latency"
    mode = "smallest_block"
    body = "synth:chord"

    [heard]
    probe = "audio_quality"
    live = { command = ["synth"], port = "synth:left" }

    [size]
    probe = "size"
    files = ["dist/*"]
"""


def test_a_server_is_chosen_for_those_that_leave_it_open(tmp_path):
    root = project(tmp_path, a__toml=AUDIO)
    before = {one.id: one for one in load(root)}
    after = {one.id: one for one in load(root, server="jack")}
    assert after["voices"].probe.server == after["client[server=auto]"].probe.server == "jack"
    assert after["client[server=pipewire]"].probe.server == "pipewire"
    assert after["heard"].probe.live.server == "jack"
    assert after["voices"].metrics[0].method == "jack"
    assert [name for name in after if after[name] == before[name]] == ["client[server=pipewire]", "smallest", "size"]
    assert {name: one.fingerprint for name, one in after.items()} == {n: one.fingerprint for n, one in before.items()}


def test_a_server_that_a_selected_scenario_cannot_play_on_is_refused(tmp_path):
    root = project(tmp_path, a__toml=AUDIO)
    assert load(root, "voices", server="virtual")[0].probe.server == "virtual"
    with pytest.raises(UsageError, match=r"--server virtual: \[client\] server = 'virtual' has no ports") as caught:
        load(root, server="virtual")
    assert caught.value.hint == "leave it out: -k 'not client'"
