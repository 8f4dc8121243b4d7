"""`perfkit gate --against` in a scratch repository, with programs whose work is counted."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.cli_project import perfkit

PROGRAM = """
import sys
from work import amount

total = 0
for number in range(amount(sys.argv[1])):
    total += number * number
"""

WORK = """
FACTORS = {"one": 1.0, "two": 1.0, "three": 1.0}

def amount(which):
    return int(400_000 * FACTORS[which])
"""

SCENARIOS = """
[app]
probe   = "startup"
command = ["python", "app.py", "{which}"]
params.which = ["one", "two", "three"]
budget.cpu_time = "+10 %"
"""

BODY = """
from perfkit import scenario
from work import amount

RETURNED = {"returned": {"better": "lower", "kind": "deterministic"}}

@scenario(budget={"returned": "+0 %"}, extra=RETURNED, min_time="1 ms", warmup="1 ms")
def body():
    from perfkit import Metrics
    return Metrics(returned=amount("two"))
"""

IDENTITY = {
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_SYSTEM": os.devnull,
    **{f"GIT_{who}_{what}": "a@example.org" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")},
}


class Project:
    def __init__(self, folder: Path, cache: Path):
        self.folder, self.cache = folder, cache
        cache.mkdir(exist_ok=True)
        # with a lock of its own, as another gate may be measuring on this machine
        self.env = {**IDENTITY, "XDG_CACHE_HOME": str(cache), "TMPDIR": str(cache)}

    def write(self, name, text):
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    def git(self, *arguments):
        done = subprocess.run(
            ["git", *arguments], cwd=self.folder, env={**os.environ, **self.env}, capture_output=True, text=True
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def commit(self, **files):
        for name, text in files.items():
            self.write(name.replace("__", "/").replace("_py", ".py").replace("_toml", ".toml"), text)
        self.git("add", "-A")
        self.git("commit", "-q", "-m", "change")

    def gate(self, *arguments):
        return perfkit(
            self.folder, "gate", "--against", "main", "--format", "json", "--report", "none", *arguments, **self.env
        )

    def left_behind(self):
        homes = [path for path in self.cache.glob("perfkit/sides/*") if path.is_dir()]
        return self.git("worktree", "list").splitlines()[1:] + homes


@pytest.fixture
def project(tmp_path):
    made = Project(tmp_path / "project", tmp_path / "cache")
    made.folder.mkdir()
    made.git("init", "-q", "-b", "main")
    made.write("app.py", PROGRAM)
    made.write("work.py", WORK)
    made.write("scenarios/app.toml", SCENARIOS)
    made.write("perfkit.toml", "")
    made.write(".gitignore", "reports/\n__pycache__/\n")
    made.commit()
    made.git("switch", "-q", "-c", "feature")
    return made


def verdicts(done):
    return {one["benchmark"]: one["verdict"] for one in json.loads(done.stdout)["findings"] if one["budgets"]}


def test_a_slower_program_is_found_alone_and_what_is_not_committed_counts(project):
    project.write(
        "work.py",
        WORK.replace('"two": 1.0', '"two": FACTOR').replace("FACTORS", "from factor import FACTOR\nFACTORS", 1),
    )
    project.write("factor.py", "FACTOR = 1.5\n")
    before = project.git("status", "--porcelain")
    done = project.gate("--max-time", "60s")
    assert done.returncode == 1, done.stdout + done.stderr
    found = verdicts(done)
    assert found.pop("app[which=two]") == "regressed"
    assert "regressed" not in found.values()
    (one,) = [each for each in json.loads(done.stdout)["findings"] if each["verdict"] == "regressed"]
    assert one["confirmation"] == "confirmed"
    assert one["first"]["pairs"] >= 8
    assert one["change"]["estimate"] > 0.1
    assert project.git("status", "--porcelain") == before
    assert (project.folder / "factor.py").read_text() == "FACTOR = 1.5\n"
    assert project.left_behind() == []
    again = perfkit(project.folder, "compare", "--format", "json", **project.env)
    assert verdicts(again) == verdicts(done)


def test_a_gate_against_a_baseline_settles_by_pairs_with_its_commit(project):
    def run(*arguments):
        return perfkit(project.folder, *arguments, "-k", "two", "--processes", "7", **project.env)

    assert run("run").returncode == 0
    assert perfkit(project.folder, "baseline", "save", **project.env).returncode == 0
    project.write("work.py", WORK.replace('"two": 1.0', '"two": 4.0'))
    done = run("gate", "--format", "json", "--report", "none")
    assert done.returncode == 1, done.stdout + done.stderr
    (found,) = [one for one in json.loads(done.stdout)["findings"] if one["budgets"]]
    assert (found["verdict"], found["confirmation"]) == ("regressed", "confirmed")
    assert found["change"]["pairs"] >= 4
    assert "against the stored sessions" in found["why"]
    again = perfkit(project.folder, "report", "--format", "json", **project.env)
    assert verdicts(again) == verdicts(done)
    alone = run("gate", "--format", "json", "--report", "none", "--no-pairs")
    (found,) = [one for one in json.loads(alone.stdout)["findings"] if one["budgets"]]
    assert not found["change"].get("pairs")
    assert project.left_behind() == []


def test_a_change_of_words_passes(project):
    project.commit(README="words\n")
    done = project.gate("--max-time", "60s", "app[which=one]")
    assert done.returncode == 0, done.stdout + done.stderr
    assert verdicts(done) == {"app[which=one]": "unchanged"}
    judgement = json.loads(done.stdout)
    assert judgement["base_name"].startswith("the merge base with main")
    assert judgement["commits"]["candidate"] != judgement["commits"]["base"][0]


def test_a_body_imports_each_sides_own_code_and_its_file_is_the_candidates(project):
    project.commit(work_py=WORK.replace('"two": 1.0', '"two": 2.0'), scenarios__body_py=BODY)
    done = project.gate("body")
    assert done.returncode == 1, done.stdout + done.stderr
    (one,) = [each for each in json.loads(done.stdout)["findings"] if each["metric"] == "returned"]
    assert (one["verdict"], one["confirmation"]) == ("regressed", "confirmed")
    assert (one["base"]["median"], one["candidate"]["median"]) == (400_000.0, 800_000.0)
    assert one["first"]["pairs"] == 3


def test_what_the_base_does_not_have_is_new_and_what_only_the_candidate_fails_at_is_a_crash(project):
    scenarios = (
        SCENARIOS
        + '\n[fresh]\nprobe = "startup"\ncommand = ["python", "fresh.py"]\nbudget.cpu_time = ["+5 %", "< 9 s"]\n'
    )
    project.commit(fresh_py="pass\n", app_py="raise SystemExit(3)\n", scenarios__app_toml=scenarios)
    done = project.gate("fresh", "app[which=one]")
    assert done.returncode == 1, done.stdout + done.stderr
    found = {one["benchmark"]: one for one in json.loads(done.stdout)["findings"] if one["budgets"]}
    assert found["fresh"]["verdict"] == "new"
    assert [budget["met"] for budget in found["fresh"]["budgets"]] == ["inconclusive", "met"]
    assert (found["app[which=one]"]["verdict"], found["app[which=one]"]["reason"]) == ("regressed", "crash")


def test_a_broken_build_is_told_with_its_output(project):
    project.commit(perfkit_toml='[build]\ncommand = ["sh", "-c", "echo no such header; exit 9"]\n')
    done = project.gate()
    assert done.returncode == 4
    assert "no such header" in done.stderr
    assert project.left_behind() == []


def test_a_base_that_would_run_the_candidates_code_is_refused(project, tmp_path):
    """An editable install in an environment that both sides share leads to the work tree from either."""
    shared = tmp_path / "shared"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(shared)], check=True)
    (packages,) = shared.glob("lib/python*/site-packages")
    (packages / "project.pth").write_text(f"{project.folder / 'src'}\n")
    project.git("rm", "-q", "work.py", "app.py")
    config = f'[project]\npython = "{shared}/bin/python"\n'
    text = SCENARIOS.replace("app.py", "bin/app.py")
    project.commit(src__work_py=WORK, bin__app_py=PROGRAM, scenarios__app_toml=text, perfkit_toml=config)
    project.git("branch", "-f", "main")
    project.write("src/work.py", WORK.replace('"two": 1.0', '"two": 2.0'))
    done = project.gate("app[which=two]")
    assert done.returncode == 4, done.stdout
    assert "base runs the candidate's code: module work" in done.stderr
    assert project.left_behind() == []


def test_a_shallow_clone_is_told_what_to_fetch(project, tmp_path):
    project.commit(README="more\n")
    project.git("switch", "-q", "main")
    project.commit(NEWS="other\n")
    clone = Project(tmp_path / "clone", tmp_path / "cache")
    url = f"file://{project.folder}"
    project.git("clone", "-q", "--depth=1", "--no-single-branch", "-b", "feature", url, str(clone.folder))
    done = perfkit(clone.folder, "gate", "--against", "origin/main", **clone.env)
    assert done.returncode == 2
    assert "git fetch" in done.stderr


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (("--exact",), "--exact needs --against"),
        (("--against", "main", "--quick"), "contradict each other"),
        (("--against", "main", "--baseline", "other"), "contradict each other"),
        (("--against", "nowhere"), "unknown ref"),
    ],
)
def test_options_that_make_no_sense_are_refused(project, arguments, complaint):
    done = perfkit(project.folder, "gate", *arguments, **project.env)
    assert done.returncode == 2
    assert complaint in done.stderr


def test_ctrl_c_leaves_nothing_behind_and_the_gate_can_be_gone_on_with(project):
    command = [sys.executable, "-m", "perfkit", "gate", "--against", "main", "app[which=one]"]
    env = {**os.environ, **project.env}
    process = subprocess.Popen(
        command, cwd=project.folder, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True
    )
    deadline = time.monotonic() + 60
    while not _launches(project) and time.monotonic() < deadline:
        time.sleep(0.02)
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=60)
    assert process.returncode == 130
    assert b"Go on with: perfkit gate --resume" in said
    assert project.left_behind() == []
    assert _launches(project) >= 1
    with pytest.raises(ProcessLookupError):
        os.killpg(process.pid, 0)
    done = perfkit(project.folder, "gate", "--resume", "last", "--format", "json", **project.env)
    assert done.returncode == 0, done.stdout + done.stderr
    assert [path.name for path in project.cache.glob("perfkit-*")] == []
    (run,) = (project.folder / "reports").glob("*/run.json")
    assert len(json.loads(run.read_text())["sessions"]) == 2


def _launches(project):
    return sum(
        '"launch"' in line
        for journal in (project.folder / "reports").glob("*/journal.jsonl")
        for line in journal.read_text().splitlines()[1:]
    )
