import os

from perfkit.instruments.cgroup import make_memory_cgroup


def hierarchy(mount, *folders, files=()):
    for folder in folders:
        (mount / folder).mkdir(parents=True, exist_ok=True)
    for name, text in files:
        (mount / name).write_text(text)


def test_without_a_memory_controller_there_is_none(tmp_path):
    assert make_memory_cgroup(1, cgroups="5:cpu:/a\n0::/\n", mount=tmp_path) is None
    assert make_memory_cgroup(1, cgroups="", mount=tmp_path) is None


def test_a_parent_that_delegates_nothing_is_left_alone(tmp_path):
    hierarchy(tmp_path, "a/b", files=[("cgroup.controllers", "memory"), ("a/cgroup.subtree_control", "cpu")])
    assert make_memory_cgroup(1, cgroups="0::/a/b\n", mount=tmp_path) is None
    assert [path.name for path in (tmp_path / "a").iterdir() if path.is_dir()] == ["b"]


def test_groups_of_dead_launchers_are_removed_and_others_kept(tmp_path):
    dead, living = f"memory/a/perfkit-{2**22 + 1}-0", f"memory/a/perfkit-{os.getpid()}-77"
    hierarchy(tmp_path, dead, living)
    assert make_memory_cgroup(os.getpid(), cgroups="4:memory:/a\n", mount=tmp_path) is None
    assert [path.name for path in (tmp_path / "memory/a").iterdir()] == [f"perfkit-{os.getpid()}-77"]
