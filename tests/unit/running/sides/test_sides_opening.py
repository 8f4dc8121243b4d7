import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from perfkit.model.errors import MeasurementError
from perfkit.running.sides import Build, built_alike, find_revisions, open_sides, tree_digest
from perfkit.running.sides.homes import default_parent


@pytest.fixture
def changed(repository):
    """A commit on `main` behind HEAD, and an untracked file."""
    repository.git("branch", "start")
    repository.commit(program="print('new')")
    repository.write("untracked", "mine")
    return repository


def homes(parent: Path) -> list[Path]:
    return [path for path in parent.iterdir() if path.is_dir()] if parent.exists() else []


def shell(script, timeout=60.0):
    return Build(("sh", "-c", script), timeout)


def test_both_sides_are_there_and_nothing_is_left(changed, parent):
    before = changed.state()
    revisions = find_revisions(changed.top, "start")
    with open_sides(revisions, parent=parent) as sides:
        assert sorted(path.name for path in sides.base.root.iterdir()) == [".git", "kept.txt"]
        assert (sides.candidate.root / "untracked").read_text() == "mine"
        assert (sides.base.name, sides.base.commit) == ("base", revisions.base)
        assert (sides.candidate.name, sides.candidate.commit) == ("candidate", revisions.candidate)
        assert sides.base.built is None
        assert not sides.in_place
    assert homes(parent) == []
    assert changed.state() == before


def test_sides_without_an_environment_of_their_own_share_the_work_trees_and_that_is_told(changed, parent):
    venv = changed.write(".venv/bin/python", f'#!/bin/sh\nexec {sys.executable} "$@"\n', 0o755)
    changed.write(".gitignore", ".venv\n")
    revisions = find_revisions(changed.top, "start")
    with open_sides(revisions, parent=parent) as sides:
        assert sides.base.interpreter.written == sides.candidate.interpreter.written == str(venv)
        assert sides.notes == (
            "both sides run in the work tree's .venv, so a change of what is installed there is not seen",
        )
    build = shell("mkdir -p .venv/bin && cp " + str(venv) + " .venv/bin/python")
    with open_sides(revisions, parent=parent, build=build) as sides:
        assert sides.base.interpreter.written == str(sides.base.root / ".venv/bin/python")
        assert sides.notes == ()


def test_paths_are_of_equal_length_and_outside_the_repository(changed):
    with open_sides(find_revisions(changed.top, "start")) as sides:
        base, candidate = sides.base.root, sides.candidate.root
        assert base.parent == candidate.parent
        assert len(os.fsencode(base)) == len(os.fsencode(candidate))
        assert not base.is_relative_to(changed.top)
        assert base.is_relative_to(os.environ["XDG_CACHE_HOME"])


def test_a_cache_inside_the_repository_is_not_used(changed, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(changed.top / "cache"))
    assert not default_parent(changed.top).is_relative_to(changed.top)


def test_opened_again_the_same_commits_lie_elsewhere_and_are_built_anew(changed, parent, tmp_path):
    log = tmp_path / "log"
    revisions = find_revisions(changed.top, "start")
    with open_sides(revisions, parent=parent, build=shell(f"echo built >> {log}")) as first:
        changed.write("untracked", "edited meanwhile")
        with open_sides(revisions, parent=parent, build=shell(f"echo built >> {log}")) as second:
            assert {first.base.root, first.candidate.root}.isdisjoint({second.base.root, second.candidate.root})
            assert len(str(first.base.root)) == len(str(second.base.root))
            assert (second.candidate.root / "untracked").read_text() == "mine"
            assert first.base.root.exists()
    assert log.read_text() == "built\n" * 4


def test_in_place_the_candidate_is_the_work_tree(changed, parent):
    with open_sides(find_revisions(changed.top, "start"), in_place=True, parent=parent) as sides:
        assert sides.in_place
        assert sides.candidate.root == changed.top
        assert sides.base.root != changed.top
    assert (changed.top / "untracked").exists()


def test_a_project_in_a_subfolder(repository, parent):
    repository.commit(sub__inner="1")
    with open_sides(find_revisions(repository.top / "sub", "HEAD"), parent=parent) as sides:
        assert sides.base.root == sides.base.tree / "sub"
        assert (sides.candidate.root / "inner").exists()


def test_a_subfolder_that_the_base_has_not(repository, parent):
    repository.git("branch", "start")
    repository.commit(sub__inner="1")
    with (
        pytest.raises(MeasurementError, match=r"the base \(\w{10}\) has no folder sub"),
        open_sides(find_revisions(repository.top / "sub", "start"), parent=parent),
    ):
        pytest.fail("opened")
    assert homes(parent) == []


def test_no_hook_runs(changed, parent, tmp_path):
    ran = tmp_path / "ran"
    for hook in ("post-checkout", "pre-commit", "post-commit", "reference-transaction", "post-index-change"):
        changed.write(f".git/hooks/{hook}", f"#!/bin/sh\ntouch {ran}\n", 0o755)
    with open_sides(find_revisions(changed.top, "start"), parent=parent):
        pass
    assert not ran.exists()


@pytest.mark.parametrize("error", [RuntimeError, KeyboardInterrupt, SystemExit])
def test_all_is_removed_whatever_ends_it(changed, parent, error):
    before = changed.state()
    made = "mkdir made; touch made/inside; chmod 500 made"
    with (
        pytest.raises(error),
        open_sides(find_revisions(changed.top, "start"), parent=parent, build=shell(made)),
    ):
        raise error
    assert homes(parent) == []
    assert changed.state() == before


OWNER = """
import sys, time
from pathlib import Path
from perfkit.running.sides import Build, find_revisions, open_sides
top, parent, command = Path(sys.argv[1]), Path(sys.argv[2]), tuple(sys.argv[3:])
try:
    build = Build(command) if command else None
    revisions = find_revisions(top, "start")
    print("opening", flush=True)
    with open_sides(revisions, parent=parent, build=build) as sides:
        print("open", flush=True)
        time.sleep(60)
except KeyboardInterrupt:
    sys.exit(130)
"""


OPEN = "opening\nopen\n"


@pytest.fixture
def owner(changed, parent):
    """Start a process that owns sides; it tells when they are open or its build runs."""
    started = []

    def start(*build):
        command = [sys.executable, "-c", OWNER, str(changed.top), str(parent), *build]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        started.append(process)
        return process

    yield start
    for process in started:
        process.kill()
        process.wait()
        process.stdout.close()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_leaves_nothing(changed, parent, owner, number):
    before = changed.state()
    process = owner()
    assert process.stdout.read(len(OPEN)) == OPEN
    assert len(homes(parent)) == 1
    process.send_signal(number)
    process.send_signal(number)  # impatience must not stop the cleaning up
    assert process.wait(30) == 130
    assert homes(parent) == []
    assert changed.state() == before


def test_a_signal_during_the_build_ends_it_and_leaves_nothing(changed, parent, owner, tmp_path):
    pids = tmp_path / "pids"
    process = owner("sh", "-c", f"echo $$ > {pids}; sleep 50 & echo $! >> {pids}; wait")
    deadline = time.monotonic() + 30
    while not (pids.exists() and len(pids.read_text().split()) == 2) and time.monotonic() < deadline:
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    assert process.wait(30) == 130
    assert homes(parent) == []
    assert not [pid for pid in map(int, pids.read_text().split()) if alive(pid)]


def alive(pid):
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"


@pytest.mark.parametrize("delay", [0.0, 0.02, 0.05, 0.08, 0.12, 0.2, 0.3])
def test_ctrl_c_at_any_moment_leaves_nothing(changed, parent, owner, delay):
    before = changed.state()
    process = owner("sleep", "0.05")
    assert process.stdout.readline() == "opening\n"
    time.sleep(delay)
    process.send_signal(signal.SIGINT)
    assert process.wait(30) == 130
    assert homes(parent) == []
    assert changed.state() == before


def test_the_next_start_cleans_up_after_one_that_was_killed(changed, parent, owner):
    before = changed.state()
    process = owner()
    assert process.stdout.read(len(OPEN)) == OPEN
    process.kill()
    process.wait()
    assert len(homes(parent)) == 1
    assert changed.git("worktree", "list") != before["worktrees"]
    with open_sides(find_revisions(changed.top, "start"), parent=parent):
        assert len(homes(parent)) == 1
    assert homes(parent) == []
    assert changed.state() == before


def test_a_killed_owner_whose_folders_are_half_gone_is_forgotten_too(changed, parent, owner):
    process = owner()
    assert process.stdout.read(len(OPEN)) == OPEN
    process.kill()
    process.wait()
    (home,) = homes(parent)
    subprocess.run(["rm", "-rf", *map(str, home.glob("base-*"))], check=True)
    with open_sides(find_revisions(changed.top, "start"), parent=parent):
        pass
    assert changed.git("worktree", "list", "--porcelain").count("worktree ") == 1


def test_the_sides_of_a_living_owner_are_left_alone(changed, parent, owner):
    process = owner()
    assert process.stdout.read(len(OPEN)) == OPEN
    with open_sides(find_revisions(changed.top, "start"), parent=parent):
        assert len(homes(parent)) == 2
    assert len(homes(parent)) == 1
    process.send_signal(signal.SIGINT)
    assert process.wait(30) == 130


def test_the_users_own_worktree_on_a_disk_that_is_away_is_not_forgotten(changed, parent, tmp_path):
    changed.git("worktree", "add", "-q", "--detach", str(tmp_path / "away"))
    (tmp_path / "away").rename(tmp_path / "unplugged")
    with open_sides(find_revisions(changed.top, "start"), parent=parent):
        pass
    assert str(tmp_path / "away") in changed.git("worktree", "list")


def test_a_parent_that_cannot_be_made(changed, tmp_path):
    (tmp_path / "file").write_text("")
    with (
        pytest.raises(MeasurementError, match="cannot hold the two sides") as caught,
        open_sides(find_revisions(changed.top, "start"), parent=tmp_path / "file" / "sides"),
    ):
        pytest.fail("opened")
    assert "TMPDIR" in caught.value.hint


def test_builds_run_in_each_root_and_their_output_is_kept(repository, parent):
    repository.commit(sub__inner="1")
    with open_sides(
        find_revisions(repository.top / "sub", "HEAD"), parent=parent, build=shell("pwd; echo talk >&2")
    ) as sides:
        for side in (sides.base, sides.candidate):
            assert side.built.output == f"{side.root}\ntalk\n"
            assert side.built.duration > 0


def test_a_broken_build_shows_its_output(changed, parent):
    broken = shell("if [ -e program ]; then seq 1 100; echo 'undefined symbol' >&2; exit 7; fi")
    with (
        pytest.raises(MeasurementError) as caught,
        open_sides(find_revisions(changed.top, "start"), parent=parent, build=broken),
    ):
        pytest.fail("opened")
    lines = str(caught.value).splitlines()
    assert lines[0].startswith("building the candidate failed with exit code 7: sh -c if")
    assert lines[-2:] == ["  100", "  undefined symbol"]
    assert len(lines) == 21
    assert caught.value.exit_code == 4
    assert homes(parent) == []


@pytest.mark.parametrize(
    ("build", "problem"),
    [
        (shell("echo slow; sleep 50", timeout=0.3), r"building the base takes longer than 0.3 s: .*\n  slow"),
        (Build(("no-such-tool", "x")), "no-such-tool cannot be started: No such file"),
        (shell("kill -9 $$"), "failed with exit code -9"),
    ],
)
def test_builds_that_do_not_end_or_start(changed, parent, build, problem):
    with (
        pytest.raises(MeasurementError, match=f"(?s){problem}"),
        open_sides(find_revisions(changed.top, "start"), parent=parent, build=build),
    ):
        pytest.fail("opened")


def test_a_build_that_leaves_a_daemon_with_its_output_is_not_waited_for(changed, parent):
    with open_sides(find_revisions(changed.top, "start"), parent=parent, build=shell("sleep 50 & echo done")) as sides:
        assert sides.base.built.output == "done\n"
        assert sides.base.built.duration < 40


def test_a_build_sees_no_activated_environment(changed, parent, monkeypatch, tmp_path):
    (tmp_path / "active" / "bin").mkdir(parents=True)
    monkeypatch.setenv("VIRTUAL_ENV", str(tmp_path / "active"))
    monkeypatch.setenv("PATH", f"{tmp_path}/active/bin{os.pathsep}{os.environ['PATH']}")
    with open_sides(
        find_revisions(changed.top, "start"), parent=parent, build=shell('echo "$PATH:$VIRTUAL_ENV"')
    ) as sides:
        assert str(tmp_path / "active") not in sides.base.built.output


@pytest.mark.parametrize("wrong", [{"command": ()}, {"command": ("x",), "timeout": 0}])
def test_a_build_is_checked(wrong):
    with pytest.raises(ValueError, match="a build"):
        Build(**wrong)


def test_each_side_has_the_interpreter_that_its_build_made(changed, parent):
    build = Build(("python", "-m", "venv", "--without-pip", ".venv"))
    with open_sides(find_revisions(changed.top, "start"), parent=parent, build=build) as sides:
        for side in (sides.base, sides.candidate):
            assert Path(side.interpreter.prefix) == side.root / ".venv"


def test_a_configured_interpreter_that_a_side_has_not(changed, parent):
    with (
        pytest.raises(MeasurementError, match=r"the base: .*not a Python that runs") as caught,
        open_sides(find_revisions(changed.top, "start"), parent=parent, python=".venv/bin/python"),
    ):
        pytest.fail("opened")
    assert "[build] command" in caught.value.hint


def alike(changed, parent, script):
    with open_sides(find_revisions(changed.top, "start"), parent=parent, build=shell(script)) as sides:
        return built_alike(sides)


@pytest.mark.parametrize(
    ("script", "expected"),
    [
        ("mkdir out; echo same > out/app; chmod +x out/app; ln -s app out/link", True),
        ("cp kept.txt app; if [ -e program ]; then echo abc; else echo xyz; fi > tool", False),
        ("echo same > app; if [ -e program ]; then chmod +x app; fi", False),
        ("echo same > app; if [ -e program ]; then touch more; fi", False),
        ("true", False),
        ("git init -q inner; echo $PWD > inner/file", False),
    ],
)
def test_builds_that_are_alike_are_told(changed, parent, script, expected):
    assert alike(changed, parent, script) is expected


def test_without_a_build_nothing_was_built_alike(changed, parent):
    with open_sides(find_revisions(changed.top, "start"), parent=parent) as sides:
        assert not built_alike(sides)


def test_a_digest_tells_trees_apart(tmp_path):
    digests = [tree_digest(tmp_path)]
    for change in (
        lambda: (tmp_path / "a").write_text("x"),
        lambda: (tmp_path / "a").write_text("y"),
        lambda: (tmp_path / "a").chmod(0o755),
        lambda: (tmp_path / "a").rename(tmp_path / "b"),
        (tmp_path / "empty").mkdir,
        lambda: (tmp_path / "link").symlink_to("b"),
    ):
        change()
        digests.append(tree_digest(tmp_path))
    assert len(set(digests)) == len(digests)
    (tmp_path / ".git").write_text("elsewhere")
    assert tree_digest(tmp_path) == digests[-1]
