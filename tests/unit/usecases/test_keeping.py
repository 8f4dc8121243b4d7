"""Old runs are deleted, and nothing else."""

import pytest

from perfkit.model.errors import MeasurementError
from perfkit.running import lock
from perfkit.usecases import keeping


def a_run(root, number, *, complete=True, name=""):
    folder = root / "reports" / (name or f"2026010{number}T000000Z-00000{number}")
    (folder / "details").mkdir(parents=True)
    (folder / "journal.jsonl").write_text("{}")
    (folder / "run.json").write_text(f'{{"complete": {str(complete).lower()}}}')
    (folder / "details" / "0.json").write_text("[]")
    return folder


@pytest.fixture
def project(tmp_path, monkeypatch):
    (tmp_path / "perfkit.toml").touch()
    path = tmp_path / "lock"
    monkeypatch.setattr(keeping, "machine_lock", lambda holder: lock.machine_lock(holder, path))
    return tmp_path


def left(project):
    return sorted(path.name for path in (project / "reports").iterdir())


def test_the_newest_runs_stay_and_so_does_what_is_no_run(project):
    runs = [a_run(project, number) for number in range(1, 6)]
    other = a_run(project, 0, name="by-hand")
    (project / "reports" / "references").mkdir()
    (project / "reports" / "20250101T000000Z-abcdef").symlink_to(runs[0])
    pruned = keeping.prune_runs(project, 2, dry=False)
    assert pruned.folders == (runs[2], runs[1], runs[0])
    assert (pruned.kept, pruned.freed) == (2, 3 * (2 + 18 + 2))
    assert left(project) == ["20250101T000000Z-abcdef", runs[3].name, runs[4].name, other.name, "references"]


def test_what_a_baseline_refers_to_and_what_can_be_gone_on_with_stays(project):
    saved, stale, unfinished, newest = (
        a_run(project, 1), a_run(project, 2, complete=False), a_run(project, 3, complete=False), a_run(project, 4),
    )  # fmt: skip
    folder = project / "baselines" / "m4ch1ne" / "main"
    folder.mkdir(parents=True)
    (folder / f"{saved.name}.json").touch()
    keeping.prune_runs(project, 1, dry=False)
    assert left(project) == [saved.name, unfinished.name, newest.name]
    assert not stale.exists()


def test_a_dry_run_deletes_nothing(project):
    runs = [a_run(project, number) for number in (1, 2)]
    assert keeping.prune_runs(project, 0, dry=True).folders == (runs[1], runs[0])
    assert left(project) == [folder.name for folder in runs]


def test_nothing_is_deleted_while_something_is_measured(project):
    a_run(project, 1)
    with (
        lock.machine_lock("perfkit run", project / "lock"),
        pytest.raises(MeasurementError, match="perfkit run is measuring"),
    ):
        keeping.prune_runs(project, 0, dry=False)
    assert len(left(project)) == 1


def test_without_any_run_there_is_nothing_to_delete(project):
    assert keeping.prune_runs(project, 0, dry=False).folders == ()
