"""The rules of the house, held by test: layers, one door for each library, light commands, and who may print."""

import ast
import subprocess
import sys
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parent.parent / "perfkit"
MODULES = sorted(path for path in PACKAGE.rglob("*.py") if "scaffold" not in path.parts)

DOORS = {
    "typer": ("cli/",),
    "rich": ("cli/", "reporting/console.py"),
    "psutil": ("instruments/",),
    "scipy": ("stats/", "signal/"),
    "pandas": ("storage/history.py", "reporting/"),
    "jinja2": ("reporting/",),
    "aiohttp": ("probes/_load/",),
    "locust": ("worker/locust_",),
    "gevent": ("worker/locust_",),
}
HEAVY = {"numpy", "scipy", "pandas", "scalene", "sqlalchemy"}


def imported(tree: ast.AST) -> set[str]:
    names = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            names.add(node.module.partition(".")[0])
    return names


def place(path: Path) -> str:
    return path.relative_to(PACKAGE).as_posix()


def test_layers_import_only_from_below():
    lint = "from importlinter.cli import lint_imports_command; lint_imports_command()"
    done = subprocess.run([sys.executable, "-c", lint], cwd=PACKAGE.parent, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def test_no_module_imports_itself_through_others():
    names = {
        ".".join(path.relative_to(PACKAGE.parent).with_suffix("").parts).removesuffix(".__init__"): path
        for path in MODULES
    }
    graph = {name: sorted(own_imports(path, names) - {name}) for name, path in names.items()}
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        pytest.fail(" → ".join(error.args[1]))


def own_imports(path, names):
    """The modules of ours that a file imports, wherever it does: also inside functions and for types alone."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module:
            inner = {f"{node.module}.{alias.name}" for alias in node.names} & set(names)
            found |= inner or ({node.module} & set(names))
        elif isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names} & set(names)
    return found


@pytest.mark.parametrize("path", MODULES, ids=place)
def test_each_library_comes_in_by_its_own_door(path):
    libraries = imported(ast.parse(path.read_text(encoding="utf-8")))
    for library, doors in DOORS.items():
        if library in libraries:
            assert place(path).startswith(doors), f"{library} may be imported only in {doors}"


@pytest.mark.parametrize("path", [p for p in MODULES if place(p).startswith("worker/")], ids=place)
def test_workers_import_nothing_heavy(path):
    filled_by_bodies = place(path) == "worker/perfkit_audio/bodies.py"  # a block is an array of it
    allowed = {"numpy"} if filled_by_bodies else set()
    assert not imported(ast.parse(path.read_text(encoding="utf-8"))) & HEAVY - allowed


@pytest.mark.parametrize("path", [p for p in MODULES if place(p).startswith("model/")], ids=place)
def test_the_model_knows_only_the_standard_library(path):
    foreign = imported(ast.parse(path.read_text(encoding="utf-8"))) - set(sys.stdlib_module_names)
    assert foreign <= {"perfkit"}


@pytest.mark.parametrize(
    "path", [p for p in MODULES if place(p).startswith(("judging/", "stats/", "signal/", "model/"))], ids=place
)
def test_deciding_neither_reads_the_clock_nor_writes_files(path):
    assert not imported(ast.parse(path.read_text(encoding="utf-8"))) & {"time", "subprocess", "socket", "tempfile"}


@pytest.mark.parametrize("path", [p for p in MODULES if not place(p).startswith(("cli/", "worker/"))], ids=place)
def test_nothing_prints_below_the_command_line(path):
    calls = [node for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))) if isinstance(node, ast.Call)]
    assert not [call for call in calls if isinstance(call.func, ast.Name) and call.func.id == "print"]


@pytest.mark.parametrize("option", ["--help", "--version"])
def test_help_and_version_load_nothing_heavy(option):
    code = (
        "import sys; from perfkit.cli import main; code = main([sys.argv[1]]); "
        f"print(sorted({HEAVY!r} & set(sys.modules)), code, file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code, option], capture_output=True, text=True, check=True)
    assert done.stderr.strip() == "[] 0"


PROBES = [
    "AudioCapacity", "AudioDeadline", "AudioLatency", "AudioOffline", "AudioQuality", "Call", "Command", "Cpu", "Load",
    "Memory", "Size", "Startup",
]  # fmt: skip


@pytest.mark.parametrize("kind", PROBES)
def test_declaring_a_probe_loads_nothing_heavy(kind):
    heavy = HEAVY | {"aiohttp", "hdrh", "jack", "msgspec"}
    code = f"import sys, perfkit; perfkit.{kind}; print(sorted({heavy!r} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
