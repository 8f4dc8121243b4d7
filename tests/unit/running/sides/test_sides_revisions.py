import subprocess
from pathlib import Path

import pytest

from perfkit.model.errors import UsageError
from perfkit.running.sides import find_revisions, resolve_base


@pytest.fixture
def forked(repository):
    """`main` went on after `topic` left it; topic is checked out. `fork` is where they part."""
    repository.fork = repository.git("rev-parse", "HEAD")
    repository.git("checkout", "-q", "-b", "topic")
    repository.commit("on topic", topic="1")
    repository.git("checkout", "-q", "main")
    repository.tip = repository.commit("on main", main="1")
    repository.git("checkout", "-q", "topic")
    return repository


def clone(repository, place: Path, *options):
    subprocess.run(["git", "clone", "-q", *options, repository.top.as_uri(), str(place)], check=True)
    return type(repository)(place)


def test_the_base_is_the_merge_base_or_the_ref_itself(forked):
    assert resolve_base(forked.top, "main") == forked.fork
    assert resolve_base(forked.top, "main", exact=True) == forked.tip


def test_an_annotated_tag_is_its_commit(forked):
    forked.git("tag", "-a", "-m", "release", "v1", "main")
    assert resolve_base(forked.top, "v1", exact=True) == forked.tip


def test_revisions_of_a_clean_tree(forked):
    found = find_revisions(forked.top, "main")
    head = forked.git("rev-parse", "HEAD")
    assert (found.base, found.candidate, found.head, found.dirty) == (forked.fork, head, head, False)
    assert (found.top, found.prefix, found.root) == (forked.top, Path(), forked.top)
    assert found.git_dir == forked.top / ".git"


def test_revisions_of_a_dirty_subfolder_of_a_linked_worktree(forked, tmp_path):
    linked = tmp_path / "linked"
    forked.git("worktree", "add", "-q", "--detach", str(linked), "topic")
    (linked / "deep" / "er").mkdir(parents=True)
    (linked / "deep" / "er" / "new").write_text("x")
    found = find_revisions(linked / "deep" / "er", "main")
    assert found.dirty
    assert (found.top, found.prefix, found.git_dir) == (linked, Path("deep/er"), forked.top / ".git")
    assert "deep/er/new" in forked.listing(found.candidate)


def test_outside_a_repository(alone, tmp_path):
    with pytest.raises(UsageError, match="not a git repository") as caught:
        find_revisions(tmp_path, "main")
    assert "git repository" in caught.value.hint


def test_without_a_commit(repository, tmp_path):
    fresh = type(repository)(tmp_path / "fresh")
    fresh.top.mkdir()
    fresh.git("init", "-q")
    with pytest.raises(UsageError, match="no commit") as caught:
        find_revisions(fresh.top, "main")
    assert caught.value.hint == "commit first: git commit"


@pytest.mark.parametrize("ref", ["nowhere", "--help", "kept.txt", "HEAD:kept.txt", ""])
def test_an_unknown_ref_without_a_remote(repository, ref):
    with pytest.raises(UsageError, match="unknown ref") as caught:
        resolve_base(repository.top, ref)
    assert caught.value.hint == "git branch --all shows those that there are"


def type_in(repository, hint):
    """Type the command of a hint; the ref to use next, if it names another."""
    command, _, then = hint.partition(" && ")
    repository.git(*command.split()[1:])
    return then.rpartition("--against ")[2]


def test_the_hint_for_an_unknown_ref_gets_it(forked, tmp_path):
    cloned = clone(forked, tmp_path / "clone", "--single-branch", "--branch", "topic")
    for ref in ("origin/main", "main"):
        with pytest.raises(UsageError, match=f"unknown ref '{ref}'") as caught:
            resolve_base(cloned.top, ref)
        if ref == "main":  # what was fetched for the first is there under its full name
            assert caught.value.hint == "--against origin/main"
            cloned.git("update-ref", "-d", "refs/remotes/origin/main")
            with pytest.raises(UsageError) as caught:
                resolve_base(cloned.top, ref)
        assert resolve_base(cloned.top, type_in(cloned, caught.value.hint) or ref) == forked.fork


def test_a_commit_that_was_not_cloned_is_fetched_by_its_id(forked, tmp_path):
    cloned = clone(forked, tmp_path / "clone", "--single-branch", "--branch", "topic")
    with pytest.raises(UsageError) as caught:
        resolve_base(cloned.top, forked.tip)
    assert type_in(cloned, caught.value.hint) == forked.tip
    assert resolve_base(cloned.top, forked.tip) == forked.fork


def test_a_shallow_clone_says_what_to_type_and_that_helps(forked, tmp_path):
    cloned = clone(forked, tmp_path / "clone", "--depth", "1", "--branch", "topic")
    cloned.git("fetch", "-q", "--depth", "1", "origin", "main:refs/remotes/origin/main")
    with pytest.raises(UsageError, match="too shallow to hold the merge base") as caught:
        find_revisions(cloned.top, "origin/main")
    assert caught.value.exit_code == 2
    assert caught.value.hint == "git fetch --unshallow"
    type_in(cloned, caught.value.hint)
    assert resolve_base(cloned.top, "origin/main") == forked.fork


def test_a_shallow_clone_needs_no_merge_base_for_the_ref_itself(forked, tmp_path):
    cloned = clone(forked, tmp_path / "clone", "--depth", "1", "--branch", "topic")
    cloned.git("fetch", "-q", "--depth", "1", "origin", "main")
    assert resolve_base(cloned.top, "FETCH_HEAD", exact=True) == forked.tip


def test_histories_without_a_common_ancestor(forked):
    forked.git("checkout", "-q", "--orphan", "other")
    forked.commit("another beginning")
    with pytest.raises(UsageError, match="no common ancestor") as caught:
        resolve_base(forked.top, "main")
    assert "--exact" in caught.value.hint
