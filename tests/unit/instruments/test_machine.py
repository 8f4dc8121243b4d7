import os
import subprocess
from pathlib import Path

import pytest

from perfkit.instruments.conditions import read_conditions
from perfkit.instruments.machine import read_machine
from perfkit.instruments.repository import read_commit
from perfkit.model.environment import Commit

CPUINFO = """processor\t: 0
cpu family\t: 6
model\t\t: 143
model name\t: Intel(R)  Xeon(R) Gold
stepping\t: 8
flags\t\t: fpu hypervisor sse

processor\t: 1
model name\t: another
"""


def system(root: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    return root


FILES = {
    "proc/cpuinfo": CPUINFO,
    "etc/os-release": 'ID=debian\nVERSION_ID="12"\n',
    "etc/machine-id": "aaaa\n",
    "proc/sys/kernel/random/boot_id": "bbbb\n",
    "sys/class/dmi/id/sys_vendor": "QEMU\n",
    "sys/class/dmi/id/product_name": "Standard PC\n",
}


def test_a_machine_is_recognised_by_what_does_not_change(tmp_path):
    machine = read_machine(system(tmp_path, FILES), {})
    assert (machine.cpu, machine.stepping) == ("Intel(R) Xeon(R) Gold", "6.143.8")
    assert (machine.system, machine.hypervisor) == ("debian 12", "QEMU Standard PC")
    system(tmp_path, {"proc/sys/kernel/random/boot_id": "cccc"})
    assert read_machine(tmp_path, {}) == machine
    system(tmp_path, {"etc/machine-id": "dddd"})
    assert read_machine(tmp_path, {}).fingerprint != machine.fingerprint


def test_an_ephemeral_machine_lasts_as_long_as_its_boot(tmp_path):
    hosted = {"RUNNER_ENVIRONMENT": "github-hosted"}
    before = read_machine(system(tmp_path, FILES), hosted)
    system(tmp_path, {"etc/machine-id": "dddd"})
    assert read_machine(tmp_path, hosted) == before
    system(tmp_path, {"proc/sys/kernel/random/boot_id": "cccc"})
    assert read_machine(tmp_path, hosted) != before
    in_docker = read_machine(system(tmp_path, {".dockerenv": ""}), {})
    assert in_docker == read_machine(tmp_path, hosted)


def test_bare_metal_and_arm(tmp_path):
    cpuinfo = "processor : 0\nCPU implementer : 0x41\nCPU part : 0xd0c\n"
    machine = read_machine(system(tmp_path, FILES | {"proc/cpuinfo": cpuinfo}), {})
    assert (machine.cpu, machine.hypervisor) == ("implementer 0x41 part 0xd0c", "")


def test_conditions_in_words(tmp_path):
    cpu = "sys/devices/system/cpu"
    files = {
        f"{cpu}/cpu0/cpufreq/scaling_governor": "powersave\n",
        f"{cpu}/cpu1/cpufreq/scaling_governor": "performance\n",
        f"{cpu}/intel_pstate/no_turbo": "1\n",
        f"{cpu}/smt/control": "on\n",
        "proc/sys/kernel/randomize_va_space": "2\n",
        "sys/kernel/mm/transparent_hugepage/enabled": "always [madvise] never\n",
        "proc/self/cgroup": "0::/a\n",
        "sys/fs/cgroup/a/cpu.max": "150000 100000\n",
    }
    values = read_conditions("/no/python", system(tmp_path, files)).values
    assert values["governor"] == "performance, powersave"
    assert (values["turbo"], values["SMT"], values["ASLR"], values["THP"]) == ("off", "on", "on", "madvise")
    assert values["CPU quota"] == "1.5 cores"
    assert "side's Python" not in values
    assert "clock source" not in values


def test_a_quota_of_cgroup_v1(tmp_path):
    files = {
        "proc/self/cgroup": "4:memory:/m\n3:cpu,cpuacct:/a\n0::/\n",
        "sys/fs/cgroup/cpu/a/cpu.cfs_quota_us": "200000",
        "sys/fs/cgroup/cpu/a/cpu.cfs_period_us": "100000",
    }
    assert read_conditions("", system(tmp_path, files)).values["CPU quota"] == "2 cores"
    unlimited = system(tmp_path, {"sys/fs/cgroup/cpu/a/cpu.cfs_quota_us": "-1"})
    assert "CPU quota" not in read_conditions("", unlimited).values


def test_a_commit_its_branch_and_whether_anything_differs(tmp_path, monkeypatch):
    for name in [name for name in os.environ if name.startswith("GIT_")]:
        monkeypatch.delenv(name)
    assert read_commit(tmp_path) == Commit()

    def git(*arguments):
        identity = ("-c", "user.name=a", "-c", "user.email=a@example.org")
        subprocess.run(["git", "-C", tmp_path, *identity, *arguments], check=True, capture_output=True)

    git("init", "-b", "trunk")
    assert read_commit(tmp_path) == Commit()
    system(tmp_path, {"file": "1", ".gitignore": "ignored\n", "ignored": ""})
    git("add", ".")
    git("commit", "-m", "first")
    commit = read_commit(tmp_path)
    assert (len(commit.id), commit.branch, commit.dirty) == (40, "trunk", False)
    system(tmp_path, {"new": ""})
    assert read_commit(tmp_path).dirty
    git("add", ".")
    git("checkout", "--detach")
    assert read_commit(tmp_path).branch == ""


@pytest.mark.parametrize("project", [".", "tools/bench"])
def test_runs_and_baselines_of_the_project_are_no_difference(tmp_path, monkeypatch, project):
    for name in [name for name in os.environ if name.startswith("GIT_")]:
        monkeypatch.delenv(name)
    root = system(tmp_path / project, {"perfkit.toml": "", "baselines/m/main/1.json": "1"})
    identity = ("-c", "user.name=a", "-c", "user.email=a@example.org")
    for arguments in (("init",), ("add", "."), ("commit", "-m", "first")):
        subprocess.run(["git", "-C", tmp_path, *identity, *arguments], check=True, capture_output=True)
    system(root, {"reports/1/run.json": "", "baselines/m/main/1.json": "2", "baselines/m/main/2.json": ""})
    assert not read_commit(root).dirty
    system(root, {"app/reports/new": ""})
    assert read_commit(root).dirty
