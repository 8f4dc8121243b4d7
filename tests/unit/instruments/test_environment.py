import sys
from pathlib import Path

import pytest

from perfkit.instruments.environment import PAD, target_environment, venv_of
from perfkit.instruments.interpreter import SHARED, resolve_python
from perfkit.model.errors import MeasurementError

CALLER = {"PATH": "/a:/v/bin:/b", "HOME": "/h", "LC_TIME": "C", "SECRET_TOKEN": "s", "PYTHONPATH": "/p", "MINE": "1"}


def test_only_the_allow_list_passes_and_what_the_scenario_names():
    env = target_environment(CALLER, seed=1, env_pass=("MINE", "ABSENT"))
    assert set(env) == {"PATH", "HOME", "LC_TIME", "MINE", PAD, "PYTHONHASHSEED", "PYTHONUNBUFFERED"}
    assert env["PYTHONUNBUFFERED"] == "1"


def test_pad_and_hash_seed_come_from_the_seed():
    again = [target_environment(CALLER, seed=7) for _ in range(2)]
    assert again[0] == again[1]
    lengths = {len(target_environment(CALLER, seed=seed)[PAD]) for seed in range(500)}
    assert min(lengths) < 100
    assert max(lengths) > 3990
    assert max(lengths) <= 4096
    assert len({target_environment(CALLER, seed=seed)["PYTHONHASHSEED"] for seed in range(50)}) == 50


def test_the_callers_virtual_environment_gives_way_to_the_sides():
    env = target_environment(CALLER | {"VIRTUAL_ENV": "/v/"}, seed=1, venv=Path("/side/.venv"))
    assert env["PATH"] == "/side/.venv/bin:/a:/b"
    assert env["VIRTUAL_ENV"] == "/side/.venv"
    assert "VIRTUAL_ENV" not in target_environment(CALLER | {"VIRTUAL_ENV": "/v"}, seed=1)


def shim(folder: Path, name: str = "python3") -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / name
    file.write_text(f'#!/bin/sh\nexec {sys.executable} "$@"\n')
    file.chmod(0o755)
    return file


def test_a_shim_on_path_is_resolved_by_asking_it(tmp_path):
    written = shim(tmp_path / "shims")
    found = resolve_python(tmp_path, path=str(tmp_path / "shims"))
    assert (found.written, found.found_by, found.shim) == (str(written), "PATH", True)
    assert found.path == sys.executable
    assert found.version == ".".join(map(str, sys.version_info[:3]))


def test_configured_goes_before_venv_and_venv_before_path(tmp_path):
    inside = shim(tmp_path / ".venv" / "bin", "python")
    configured = shim(tmp_path / "tools", "py")
    on_path = str(shim(tmp_path / "shims").parent)
    assert resolve_python(tmp_path, path=on_path).written == str(inside)
    assert resolve_python(tmp_path, "tools/py", path=on_path).written == str(configured)


def test_a_shared_venv_comes_after_the_sides_own_and_before_path(tmp_path):
    shared = shim(tmp_path / "project" / ".venv" / "bin", "python").parents[2]
    on_path = str(shim(tmp_path / "shims").parent)
    side = tmp_path / "side"
    side.mkdir()
    found = resolve_python(side, shared=shared, path=on_path)
    assert (found.written, found.found_by) == (str(shared / ".venv/bin/python"), SHARED)
    own = shim(side / ".venv" / "bin", "python")
    assert resolve_python(side, shared=shared, path=on_path).written == str(own)
    assert resolve_python(tmp_path, shared=tmp_path / "bare", path=on_path).found_by == "PATH"


def test_what_is_no_python_is_said(tmp_path):
    with pytest.raises(MeasurementError, match="no Python for the measured side"):
        resolve_python(tmp_path, path=str(tmp_path))
    with pytest.raises(MeasurementError, match="command not found: 'nope'"):
        resolve_python(tmp_path, "nope", path=str(tmp_path))
    with pytest.raises(MeasurementError, match="/bin/false is not a Python that runs: it failed"):
        resolve_python(tmp_path, "/bin/false")


def test_venv_of_an_interpreter(tmp_path):
    python = shim(tmp_path / "v" / "bin", "python")
    assert venv_of(str(python)) is None
    (tmp_path / "v" / "pyvenv.cfg").write_text("")
    assert venv_of(str(python)) == tmp_path / "v"
