"""A name leads to the baseline that is stored under it, and to a file or folder only where that can be meant."""

import pytest

from perfkit.loading.config import read_config
from perfkit.loading.recorded import find_base, find_named, find_run
from perfkit.model.errors import DataError, UsageError
from perfkit.storage.baselines import save_baseline
from perfkit.storage.runs import write_run
from tests.builders import a_machine, a_recorded, a_run

MACHINE = a_machine().fingerprint


@pytest.fixture
def config(tmp_path, monkeypatch):
    (tmp_path / "perfkit.toml").touch()
    monkeypatch.chdir(tmp_path)
    return read_config(tmp_path)


def ids(base):
    return [session.id for session in base.sessions]


@pytest.mark.parametrize("name", ["", "main"])
def test_a_folder_that_is_called_like_the_baseline_is_not_taken_for_it(config, name):
    (config.root / "main").mkdir()
    assert find_base(config, name, MACHINE) is None
    save_baseline(config.root / "baselines", "main", a_recorded(id="stored"))
    assert ids(find_base(config, name, MACHINE)) == ["stored"]
    write_run(config.root / "main", a_run(id="in the folder"))
    assert ids(find_base(config, name, MACHINE)) == ["stored"]
    assert ids(find_base(config, "./main", MACHINE)) == ["in the folder"]


def test_a_folder_with_a_run_is_a_base_where_nothing_is_stored_under_that_name(config):
    write_run(config.root / "main", a_run(id="in the folder"))
    write_run(config.root / "results" / "one", a_run(id="one of them"))
    assert ids(find_base(config, "main", MACHINE)) == ["in the folder"]
    assert ids(find_base(config, "results", MACHINE)) == ["one of them"]


def test_a_program_that_is_called_like_the_baseline_is_read_only_if_it_is_named(config):
    (config.root / "main").write_bytes(b"\x7fELF")
    assert find_base(config, "", MACHINE) is None
    with pytest.raises(DataError, match="main"):
        find_base(config, "main", MACHINE)


def test_a_folder_without_a_run_is_no_run(config):
    (config.root / "main").mkdir()
    with pytest.raises(UsageError, match="no run 'main' in"):
        find_run(config, "main")
    with pytest.raises(UsageError, match="there is no baseline 'main', nor a run or a file of that name"):
        find_named(config, "main", MACHINE)
    with pytest.raises(UsageError, match=r"main/run\.json: no such file"):
        find_named(config, "./main", MACHINE)
