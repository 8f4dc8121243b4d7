import os
import subprocess
import sys
import sysconfig
import venv
import zipfile
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path

import pytest

from perfkit.model.errors import MeasurementError
from perfkit.model.launch import Program
from perfkit.running.sides import Build, find_revisions, open_sides, prove_sides

PACKAGES = Path("lib", f"python{sysconfig.get_python_version()}", "site-packages")
METADATA = '[project]\nname = "demo"\nversion = "0.1"\n'
DEMO = Program(("python", "-m", "demo"))


def environment(folder: Path) -> Path:
    """A bare virtual environment's site-packages."""
    venv.create(folder, symlinks=True)
    return folder / PACKAGES


def console_script(folder: Path, name: str) -> None:
    script = folder / "bin" / name
    script.write_text(f"#!{folder}/bin/python\nimport demo\n")
    script.chmod(0o755)


@pytest.fixture
def project(repository):
    """A project `demo`, its package in src, and two commits of it; `.venv` is ignored."""
    repository.write(".gitignore", ".venv/\n")
    repository.write("pyproject.toml", METADATA)
    repository.write("tests/__init__.py")
    repository.commit(src__demo____init___py="")
    repository.write("src/demo/__init__.py", "print('demo')\n")
    repository.commit("base")
    repository.git("branch", "start")
    repository.write("src/demo/__init__.py", "print('slower demo')\n")
    repository.commit("candidate")
    return repository


@pytest.fixture
def flat(repository):
    """A project whose package lies in its root."""
    repository.write("demo/__init__.py", "")
    repository.write("demo/__main__.py", "print('demo')\n")
    repository.write("queue.py", "# named as a standard module\n")
    repository.write(".gitignore", ".venv/\n")
    repository.commit("base")
    repository.git("branch", "start")
    return repository


@pytest.fixture
def prove(parent):
    """Prove what both sides of a repository run."""

    def check(repository, *programs, python=".venv/bin/python", root=None, build=None, in_place=False, modules=()):
        shared = str(repository.top / python) if build is None else ""
        revisions = find_revisions(root or repository.top, "start")
        with open_sides(revisions, parent=parent, python=shared, build=build, in_place=in_place) as sides:
            found = prove_sides(sides, programs, modules)
            return {
                (each.side, name): str(place.relative_to(tree))
                for each in found
                for tree in [(sides.base if each.side == "base" else sides.candidate).tree.resolve()]
                for name, (place, *_) in each.modules.items()
            }, found

    return check


def install_editable(backend: str, project: Path, site: Path, place: Path, monkeypatch) -> None:
    """What `pip install -e` does: the backend builds an editable wheel, whose files go to site-packages."""
    monkeypatch.chdir(project)
    done = subprocess.run(
        [sys.executable, "-c", f"import {backend} as b; print(b.build_editable({str(place)!r}))"],
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    (wheel,) = place.glob("*.whl")
    with zipfile.ZipFile(wheel) as file:
        file.extractall(site)


@pytest.mark.parametrize("backend", ["hatchling.build", "setuptools.build_meta"])
@pytest.mark.parametrize("package", ["src/demo", "demo", "odd/demo"])
def test_an_editable_install_in_a_shared_environment(project, prove, tmp_path, monkeypatch, require, backend, package):
    require(find_spec(backend.partition(".")[0]), f"pip install {backend.partition('.')[0]}")
    if package != "src/demo":
        (project.top / package).parent.mkdir(exist_ok=True)
        project.git("mv", "src/demo", package)
    place = package.removesuffix("demo") or "."
    tables = f"[tool.hatch.build]\ndev-mode-dirs = ['{place}']\n[tool.setuptools]\npackages = ['demo']\n"
    if package == "src/demo":  # here setuptools installs a path, else an import hook
        tables += "package-dir = { '' = 'src' }\n"
    elif package == "odd/demo":
        tables += "package-dir = { demo = 'odd/demo' }\n"
    project.write("pyproject.toml", METADATA + tables)
    project.commit("with a backend")
    project.git("branch", "-f", "start")
    project.write("notes.txt", "untracked")
    site = environment(project.top / ".venv")
    wheels = tmp_path / "wheels"
    wheels.mkdir()
    install_editable(backend, project.top, site, wheels, monkeypatch)
    with pytest.raises(MeasurementError, match=r"base runs the candidate's code: module demo resolves to ") as caught:
        prove(project, Program(("python", "-I", "-m", "demo")))
    assert str(project.top / package / "__init__.py") in str(caught.value)
    assert caught.value.exit_code == 4
    assert "[build] command" in caught.value.hint


def test_a_path_file_in_a_shared_environment(project, prove):
    site = environment(project.top / ".venv")
    (site / "demo.pth").write_text(f"{project.top}/src\n")
    with pytest.raises(MeasurementError, match=r"base runs the candidate's code: module demo resolves to "):
        prove(project, DEMO)


def test_a_path_file_to_a_folder_that_no_convention_names(project, prove):
    project.git("mv", "src", "python")
    project.commit("moved")
    project.git("branch", "-f", "start")
    site = environment(project.top / ".venv")
    (site / "demo.pth").write_text(f"{project.top}/python\n")
    with pytest.raises(MeasurementError, match=r"module demo resolves to .*/python/demo/__init__\.py"):
        prove(project, DEMO)


def test_a_namespace_in_a_shared_environment(project, prove):
    project.write("src/space/inner/__init__.py", "")
    project.git("rm", "-q", "-r", "src/demo")
    project.commit("a namespace")
    project.git("branch", "-f", "start")
    site = environment(project.top / ".venv")
    (site / "space.pth").write_text(f"{project.top}/src\n")
    with pytest.raises(MeasurementError, match=r"module space\.inner resolves to"):
        prove(project, DEMO)


def test_a_copy_installed_in_the_work_trees_environment(project, prove):
    site = environment(project.top / ".venv")
    (site / "demo").mkdir()
    (site / "demo" / "__init__.py").write_text("")
    with pytest.raises(MeasurementError, match=r"base runs the candidate's code: .*site-packages/demo/__init__\.py"):
        prove(project, DEMO)


def test_a_copy_installed_for_all(project, prove, tmp_path):
    site = environment(tmp_path / "shared")
    (site / "demo").mkdir()
    (site / "demo" / "__init__.py").write_text("")
    (site / "tests").mkdir()
    (site / "tests" / "__init__.py").write_text("")
    with pytest.raises(MeasurementError, match=r"base runs code that is installed outside of it.*module demo"):
        prove(project, DEMO, python=tmp_path / "shared" / "bin" / "python")


def test_what_others_installed_in_the_shared_environment_is_nobodys_code(project, prove):
    site = environment(project.top / ".venv")
    for name in ("library", "tests"):
        (site / name).mkdir()
        (site / name / "__init__.py").write_text("")
    ours = Program(("python", "-m", "demo"), env={"PYTHONPATH": "{root}/src"})
    modules, _ = prove(project, ours)
    assert modules == {
        ("base", "demo"): "src/demo/__init__.py",
        ("candidate", "demo"): "src/demo/__init__.py",
    }


def test_a_module_that_is_named_is_proven_too(project, prove):
    site = environment(project.top / ".venv")
    (site / "library.py").write_text("")
    ours = Program(("python", "-m", "demo"), env={"PYTHONPATH": "{root}/src"})
    with pytest.raises(MeasurementError, match="module library resolves to"):
        prove(project, ours, modules=["library"])


def test_an_environment_of_its_own_is_the_sides_own(project, prove):
    script = f"python3 -m venv --without-pip .venv && echo $PWD/src > .venv/{PACKAGES}/demo.pth"
    modules, _ = prove(project, DEMO, build=Build(("sh", "-c", script)))
    assert modules[("base", "demo")] == modules[("candidate", "demo")] == "src/demo/__init__.py"


def test_the_working_folder_comes_first_unless_the_interpreter_is_told_otherwise(flat, prove):
    site = environment(flat.top / ".venv")
    (site / "demo.pth").write_text(f"{flat.top}\n")
    modules, _ = prove(flat, DEMO, Program(("python", "-u", "-X", "dev", "-c", "import demo")))
    assert modules[("base", "demo")] == "demo/__init__.py"
    for options in (("-I",), ("-P",), ("-W", "ignore", "-uP")):
        with pytest.raises(MeasurementError, match="module demo resolves to"):
            prove(flat, Program(("python", *options, "-m", "demo")))


def test_a_script_puts_its_own_folder_first(flat, prove):
    flat.write("bin/main.py", "import demo\n")
    flat.write("start.py", "import demo\n")
    flat.commit("scripts")
    flat.git("branch", "-f", "start")
    site = environment(flat.top / ".venv")
    (site / "demo.pth").write_text(f"{flat.top}\n")
    modules, _ = prove(flat, Program(("python", "start.py")))
    assert modules[("base", "demo")] == "demo/__init__.py"
    with pytest.raises(MeasurementError, match="module demo resolves to"):
        prove(flat, Program(("python", "bin/main.py")))


def test_a_console_script_of_the_shared_environment(project, prove, monkeypatch):
    site = environment(project.top / ".venv")
    (site / "demo.pth").write_text(f"{project.top}/src\n")
    console_script(project.top / ".venv", "run-demo")
    with pytest.raises(MeasurementError, match="module demo resolves to"):
        prove(project, Program(("run-demo",)))
    monkeypatch.setenv("PATH", f"{project.top}/.venv/bin{os.pathsep}{os.environ['PATH']}")
    with pytest.raises(MeasurementError, match="module demo resolves to"):
        prove(project, Program(("run-demo",)), python=sys.executable)


def test_in_place_only_the_base_is_in_question(project, prove):
    site = environment(project.top / ".venv")
    (site / "demo.pth").write_text(f"{project.top}/src\n")
    with pytest.raises(MeasurementError, match="base runs the candidate's code"):
        prove(project, DEMO, in_place=True)
    ours = Program(("python", "-m", "demo"), env={"PYTHONPATH": "src"})
    modules, _ = prove(project, ours, in_place=True)
    assert modules[("candidate", "demo")] == "src/demo/__init__.py"


def test_programs_of_each_side_and_of_the_system(flat, prove):
    flat.write("tool", "#!/bin/sh\n", 0o755)
    flat.commit("a tool")
    flat.git("branch", "-f", "start")
    _, found = prove(
        flat, Program(("./tool",)), Program(("sh", "-c", "true")), Program(("absent",)), python=sys.executable
    )
    assert [(each.side, each.command[0], each.executable.name) for each in found] == [
        ("base", "./tool", "tool"),
        ("base", "sh", Path("/bin/sh").resolve().name),
        ("candidate", "./tool", "tool"),
        ("candidate", "sh", Path("/bin/sh").resolve().name),
    ]


@pytest.mark.parametrize("command", [["{top}/tool"], ["sh", "{top}/tool"]])
def test_a_path_into_the_work_tree(flat, prove, command):
    flat.write("tool", "#!/bin/sh\n", 0o755)
    program = Program(tuple(word.format(top=flat.top) for word in command))
    with pytest.raises(MeasurementError, match=r"base runs the candidate's code: it starts .*/project/tool"):
        prove(flat, program, python=sys.executable)


def test_a_link_of_the_candidate_into_the_work_tree(flat, prove):
    flat.write("real", "#!/bin/sh\n", 0o755)
    (flat.top / "tool").symlink_to(flat.top / "real")
    with pytest.raises(MeasurementError, match="candidate runs the work tree's code instead of its snapshot"):
        prove(flat, Program(("./tool",)), python=sys.executable)


def test_an_interpreter_that_cannot_tell(flat, prove):
    site = environment(flat.top / ".venv")
    (site / "sitecustomize.py").write_text("import os; os._exit(3)\n")
    with pytest.raises(MeasurementError, match="does not tell where it imports from"):
        prove(flat, replace(DEMO, command=(str(flat.top / ".venv/bin/python"), "-m", "demo")), python=sys.executable)
