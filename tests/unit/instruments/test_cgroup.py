import os

from perfkit.instruments.cgroup import MemoryCgroup, _places, has_own_cgroup, make_memory_cgroup


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


V1 = "9:name=systemd:/\n4:memory:/a/b\n3:cpu:/\n0::/\n"
V2 = "0::/user.slice/me\n"


def test_version_1_is_found_where_the_memory_controller_is_mounted(tmp_path):
    hierarchy(tmp_path, "memory/a/b", "unified")
    (place,) = _places(V1, tmp_path)
    assert place == (tmp_path / "memory/a/b", tmp_path / "memory/a/b", "memory.max_usage_in_bytes")


def test_a_container_sees_its_own_group_of_version_1_as_the_mount(tmp_path):
    hierarchy(tmp_path, "memory")
    assert _places(V1, tmp_path)[0][0] == tmp_path / "memory"


def test_version_2_is_found_below_or_beside_wherever_memory_is_delegated(tmp_path):
    hierarchy(tmp_path, "user.slice/me", files=[("cgroup.controllers", "memory")])
    assert _places(V2, tmp_path) == []
    hierarchy(tmp_path, files=[("user.slice/cgroup.subtree_control", "cpu memory")])
    own, beside = tmp_path / "user.slice/me", tmp_path / "user.slice"
    assert _places(V2, tmp_path) == [(own, beside, "memory.peak")]
    hierarchy(tmp_path, files=[("user.slice/me/cgroup.subtree_control", "memory")])
    assert _places(V2, tmp_path)[0] == (own, own, "memory.peak")


def test_the_peak_is_what_the_kernels_file_holds(tmp_path):
    hierarchy(tmp_path, "new", files=[("new/memory.max_usage_in_bytes", "104857600\n")])
    group = MemoryCgroup(tmp_path / "new", tmp_path, "memory.max_usage_in_bytes")
    assert group.peak() == 100 << 20
    assert group.doors == {"join": str(tmp_path / "new/cgroup.procs"), "home": str(tmp_path / "cgroup.procs")}
    assert MemoryCgroup(tmp_path, tmp_path, "memory.peak").peak() is None


def test_a_process_has_a_group_of_its_own_only_where_it_was_moved():
    assert not has_own_cgroup(os.getpid())
    assert not has_own_cgroup(2**22 + 1)
