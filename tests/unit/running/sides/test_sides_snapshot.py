import os
import time
from pathlib import Path

import pytest

from perfkit.model.errors import MeasurementError
from perfkit.running.sides import snapshot


def test_a_clean_tree_is_head(repository):
    assert snapshot(repository.top) == repository.git("rev-parse", "HEAD")


def test_changes_deletions_modes_links_and_untracked_files_are_in_it(repository):
    repository.commit(gone_py="x", run="#!/bin/sh\n", changed_py="old")
    repository.write(".gitignore", "*.log\n")
    repository.write("changed.py", "new")
    repository.write("sub/new.py", "untracked")
    repository.write("noise.log", "ignored")
    (repository.top / "gone.py").unlink()
    (repository.top / "run").chmod(0o755)
    (repository.top / "link").symlink_to("kept.txt")
    found = repository.listing(snapshot(repository.top))
    assert found == {
        ".gitignore": ("100644", "*.log"),
        "changed.py": ("100644", "new"),
        "kept.txt": ("100644", "kept"),
        "link": ("120000", "kept.txt"),
        "run": ("100755", "#!/bin/sh"),
        "sub/new.py": ("100644", "untracked"),
    }


@pytest.mark.parametrize("name", [b"with blank", b"line\nend", b"-dash", b"\xff\xfe", b":(top)magic", b"*"])
def test_every_file_name_is_taken_as_it_is(repository, name):
    Path(os.fsdecode(os.fsencode(repository.top) + b"/" + name)).write_text("odd")
    assert repository.listing(snapshot(repository.top))[os.fsdecode(name)] == ("100644", "odd")


def test_staged_and_unstaged_changes_count_as_they_lie_in_the_tree(repository):
    repository.write("kept.txt", "staged")
    repository.git("add", "kept.txt")
    repository.write("kept.txt", "newer")
    repository.write("intended.txt", "intent")
    repository.git("add", "--intent-to-add", "intended.txt")
    found = repository.listing(snapshot(repository.top))
    assert (found["kept.txt"][1], found["intended.txt"][1]) == ("newer", "intent")


def test_a_file_may_have_become_a_folder_and_a_folder_a_file(repository):
    repository.commit(thing="file", other__inner="inner")
    (repository.top / "thing").unlink()
    repository.write("thing/inside", "folder now")
    (repository.top / "other" / "inner").unlink()
    (repository.top / "other").rmdir()
    repository.write("other", "file now")
    found = repository.listing(snapshot(repository.top))
    assert sorted(found) == ["kept.txt", "other", "thing/inside"]


def test_conflicts_are_measured_as_they_lie_in_the_tree(repository):
    repository.git("checkout", "-q", "-b", "side")
    repository.commit(clash="theirs\n")
    repository.git("checkout", "-q", "main")
    repository.commit(clash="ours\n")
    os.system(f"cd {repository.top} && git merge -q side >/dev/null 2>&1")
    assert "<<<<<<<" in repository.listing(snapshot(repository.top))["clash"][1]


@pytest.mark.parametrize("flag", ["--assume-unchanged", "--skip-worktree"])
def test_files_that_git_was_told_to_overlook_are_seen(repository, flag):
    repository.git("update-index", flag, "kept.txt")
    repository.write("kept.txt", "local")
    assert repository.listing(snapshot(repository.top))["kept.txt"][1] == "local"


def test_a_change_of_the_same_size_in_the_same_instant_is_seen(repository):
    path = repository.write("racy", "one.")
    repository.git("add", "racy")
    times = path.stat()
    path.write_text("two.")
    os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))
    time.sleep(1.1)  # git's clock for this ticks in seconds: only the index's own time tells now
    assert repository.listing(snapshot(repository.top))["racy"][1] == "two."


def test_submodules_stay_as_recorded_and_other_repositories_are_not_taken(repository, tmp_path):
    inner = type(repository)(tmp_path / "inner")
    inner.top.mkdir()
    inner.git("init", "-q", "-b", "main")
    recorded = inner.commit("inner", a="1")
    source = inner.top.as_uri()
    repository.git("-c", "protocol.file.allow=always", "submodule", "add", "-q", source, "module")
    repository.commit("with a submodule")
    (repository.top / "module" / "a").write_text("moved")
    repository.git("commit", "-q", "-a", "-m", "moved", cwd=repository.top / "module")
    for name in ("nested", "empty"):
        (repository.top / name).mkdir()
        repository.git("init", "-q", cwd=repository.top / name)
    repository.git("commit", "-q", "--allow-empty", "-m", "nested", cwd=repository.top / "nested")
    repository.write("new", "new")
    found = repository.listing(snapshot(repository.top))
    assert found["module"] == ("160000", recorded)
    assert sorted(found) == [".gitmodules", "kept.txt", "module", "new"]


def test_nothing_of_the_users_is_touched(repository):
    hook = repository.write(".git/hooks/post-index-change", f"#!/bin/sh\ntouch {repository.top}/HOOKED\n", 0o755)
    repository.write("kept.txt", "changed")
    repository.write("staged.txt", "staged")
    repository.git("add", "staged.txt")
    (repository.top / "HOOKED").unlink(missing_ok=True)
    repository.write("new.txt", "untracked")
    before = repository.state()
    snapshot(repository.top)
    assert hook.exists()
    assert repository.state() == before


def test_a_split_index_leaves_no_half_behind(repository):
    repository.git("config", "core.splitIndex", "true")
    repository.write("kept.txt", "changed")
    repository.git("update-index", "--split-index")
    halves = sorted((repository.top / ".git").glob("sharedindex.*"))
    found = repository.listing(snapshot(repository.top))
    assert found["kept.txt"][1] == "changed"
    assert halves
    assert sorted((repository.top / ".git").glob("sharedindex.*")) == halves


def test_the_same_tree_is_the_same_commit_at_any_time_and_for_anyone(repository, monkeypatch):
    repository.write("new.txt", "untracked")
    first = snapshot(repository.top)
    monkeypatch.setenv("GIT_AUTHOR_NAME", "Another")
    monkeypatch.setenv("GIT_COMMITTER_DATE", "2001-01-01T00:00:00Z")
    assert snapshot(repository.top) == first
    assert repository.git("rev-parse", f"{first}^") == repository.git("rev-parse", "HEAD")


def test_a_hooks_variables_do_not_lead_elsewhere(repository, monkeypatch, tmp_path):
    repository.write("new.txt", "untracked")
    expected = snapshot(repository.top)
    monkeypatch.setenv("GIT_DIR", str(tmp_path / "elsewhere"))
    monkeypatch.setenv("GIT_INDEX_FILE", str(tmp_path / "another index"))
    assert snapshot(repository.top) == expected


def test_what_cannot_be_recorded_is_told(repository):
    repository.write(".gitattributes", "*.big filter=broken\n")
    repository.git("config", "filter.broken.clean", "false")
    repository.git("config", "filter.broken.required", "true")
    repository.write("data.big", "x")
    with pytest.raises(MeasurementError, match=r"cannot be recorded.*data\.big") as caught:
        snapshot(repository.top)
    assert ".gitignore" in caught.value.hint
