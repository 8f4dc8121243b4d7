"""Each verb through the command line, on a real small program: exit code, stdout, stderr, files."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.cli_project import own_lock, perfkit

PROGRAM = """
import sys, time
busy, memory, ready = float(sys.argv[1]), int(sys.argv[2]), sys.argv[3:]
held = bytearray(memory * 1_000_000)
until = time.process_time() + busy
while time.process_time() < until:
    pass
print("ready", flush=True)
"""

SCENARIOS = """
[app]
probe   = "startup"
command = ["python", "app.py", "{busy}", "{memory}"]
ready   = {{ stdout = "ready" }}
tags    = ["fast"]
budget.ready_time  = "< 5 s"
budget.cpu_time    = "+25 %"
budget.peak_memory = ["< 200 MB", "+10 %"]

[bundle]
probe = "size"
files = ["app.py"]
budget.raw = ["< 10 kB", "+0 %"]
"""


@pytest.fixture
def project(tmp_path):
    (tmp_path / "scenarios").mkdir()
    (tmp_path / "perfkit.toml").write_text("[report]\nformats = ['md', 'html']\n")
    (tmp_path / "app.py").write_text(PROGRAM)
    write_scenarios(tmp_path)
    return tmp_path


def write_scenarios(folder, busy="0.02", memory="1"):
    # the command's arguments stand in the environment of the program so that its definition stays the same
    text = SCENARIOS.replace("{{", "{").replace("}}", "}").replace("{busy}", busy).replace("{memory}", memory)
    (folder / "scenarios" / "app.toml").write_text(text)


def last_run(folder: Path) -> dict:
    newest = max((folder / "reports").glob("*/run.json"), key=lambda path: path.stat().st_mtime)
    return json.loads(newest.read_text())


def test_run_measures_writes_and_says_what_comes_next(project):
    done = perfkit(project, "run", "--quick")
    assert done.returncode == 0, done.stderr
    assert "app" in done.stdout
    assert "ready_time" in done.stdout
    assert "next: perfkit baseline save" in done.stderr
    assert "\x1b[" not in done.stdout + done.stderr
    run = last_run(project)
    assert run["complete"] is True
    assert [result["benchmark"] for result in run["results"]] == ["app", "bundle"]
    assert len(run["results"][0]["launches"]) >= 5


def test_run_prints_json_only_on_stdout(project):
    done = perfkit(project, "run", "--once", "--format", "json")
    assert done.returncode == 0, done.stderr
    judgement = json.loads(done.stdout)
    assert judgement["schema"].startswith("perfkit-judgement/")


def test_gate_without_a_baseline_is_inconclusive_and_with_one_passes(project):
    first = perfkit(project, "gate", "--quick")
    assert first.returncode == 3, first.stdout + first.stderr
    assert "no baseline" in first.stdout
    saved = perfkit(project, "baseline", "save")
    assert saved.returncode == 0, saved.stderr
    second = perfkit(project, "gate", "bundle", "--report", "md,html,junit,json,github")
    assert second.returncode == 0, second.stdout + second.stderr
    folder = max((project / "reports").iterdir())
    for name in ("report.md", "report.html", "report.xml", "report.json", "summary.md"):
        assert (folder / name).stat().st_size > 100, name


def test_a_slower_and_larger_program_is_named_and_the_old_one_passes_again(project):
    assert perfkit(project, "run", "--quick").returncode == 0
    assert perfkit(project, "baseline", "save").returncode == 0
    (project / "app.py").write_text(PROGRAM.replace("+ busy", "+ 5 * busy").replace("memory * 1", "(memory + 20) * 1"))
    slower = perfkit(project, "gate", "--format", "json", "--processes", "7")
    assert slower.returncode == 1, slower.stdout + slower.stderr
    verdicts = {(f["benchmark"], f["metric"]): f["verdict"] for f in json.loads(slower.stdout)["findings"]}
    assert verdicts["app", "cpu_time"] == "regressed"
    assert verdicts["app", "peak_memory"] == "regressed"
    assert verdicts["bundle", "raw"] == "regressed"
    refused = perfkit(project, "baseline", "save")
    assert refused.returncode == 2
    assert "--accept" in refused.stderr
    (project / "app.py").write_text(PROGRAM)
    back = json.loads(perfkit(project, "gate", "--quick", "--format", "json").stdout)
    assert "regressed" not in {finding["verdict"] for finding in back["findings"]}
    assert perfkit(project, "gate", "bundle").returncode == 0


def test_a_limit_that_is_broken_fails_without_any_baseline(project):
    text = (project / "scenarios" / "app.toml").read_text()
    (project / "scenarios" / "app.toml").write_text(text.replace("< 5 s", "< 1 ms"))
    done = perfkit(project, "gate", "app", "--quick")
    assert done.returncode == 1, done.stdout
    assert "over limit" in done.stdout


def test_a_program_that_fails_is_exit_4_with_its_last_words(project):
    (project / "app.py").write_text("import sys; sys.exit('the port is taken')")
    done = perfkit(project, "run", "app")
    assert done.returncode == 4
    assert "the port is taken" in done.stdout + done.stderr


def test_a_benchmark_that_the_baseline_has_may_not_vanish(project):
    perfkit(project, "run", "--quick")
    perfkit(project, "baseline", "save")
    text = (project / "scenarios" / "app.toml").read_text()
    (project / "scenarios" / "app.toml").write_text(text[: text.index("[bundle]")])
    done = perfkit(project, "gate", "--quick")
    assert done.returncode == 4
    assert "bundle" in done.stdout
    assert perfkit(project, "gate", "app", "--quick").returncode in {0, 3}  # what is not selected is not missing


def test_a_stored_run_is_judged_and_rendered_again(project):
    perfkit(project, "run", "bundle", "--report", "none")
    perfkit(project, "baseline", "save")
    perfkit(project, "run", "bundle", "--report", "none")
    run = max((project / "reports").iterdir())
    judged = perfkit(project, "gate", "--run", str(run))
    assert judged.returncode == 0, judged.stdout + judged.stderr
    assert (run / "report.html").exists()
    again = perfkit(project, "report", "--report", "junit")
    assert again.returncode == 0
    assert (run / "report.xml").exists()


def test_compare_says_what_changed_and_exits_0(project):
    perfkit(project, "run", "--quick")
    base = max((project / "reports").iterdir()).name
    (project / "app.py").write_text(PROGRAM + "# longer\n")
    perfkit(project, "run", "--quick")
    done = perfkit(project, "compare", base)
    assert done.returncode == 0, done.stderr
    assert "bundle" in done.stdout


def test_ctrl_c_keeps_what_was_measured_and_resume_finishes(project):
    process = subprocess.Popen(
        [sys.executable, "-m", "perfkit", "run", "app", "--processes", "30"],
        cwd=project,
        env={**os.environ, **own_lock(project)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    wait_for_launches(project, 3)
    os.killpg(process.pid, signal.SIGINT)
    _, stderr = process.communicate(timeout=30)
    assert process.returncode == 130, stderr
    assert "--resume" in stderr
    before = len(last_run(project)["results"][0]["launches"])
    assert 3 <= before < 30
    assert not alive_in_session(process.pid)
    done = perfkit(project, "run", "--resume", "last")
    assert done.returncode == 0, done.stderr
    run = last_run(project)
    assert run["complete"] is True
    assert sum(not launch.get("replaced") for launch in run["results"][0]["launches"]) == 30
    assert len(run["sessions"]) == 2


def wait_for_launches(folder, count):
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        journals = list((folder / "reports").glob("*/journal.jsonl"))
        if journals and journals[0].read_bytes().count(b"\n") > count + 1:
            return
        time.sleep(0.02)
    raise AssertionError("no launch was recorded within a minute")


def alive_in_session(leader):
    found = []
    for entry in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = entry.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[3]) == leader and fields[0] != "Z":
            found.append(entry.parent.name)
    return found


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (["run", "ap"], 2, "did you mean"),
        (["run", "--once", "--quick"], 2, "contradict"),
        (["run", "--max-time", "soon"], 2, "--max-time"),
        (["run", "--report", "pdf"], 2, "reports:"),
        (["gate", "--run", "nowhere"], 2, "nowhere"),
        (["compare", "nothing"], 2, ""),
        (["baseline", "save"], 2, "no run"),
        (["baseline", "remove", "x"], 2, "no baseline"),
        (["baseline", "show", "x"], 2, "no baseline"),
        (["run", "--resume", "last"], 2, "no unfinished run"),
        (["nonsense"], 2, "nonsense"),
        (["schema", "tables"], 2, "tables"),
    ],
)
def test_bad_input_is_one_clear_line_and_exit_2(project, arguments, code, says):
    done = perfkit(project, *arguments)
    assert done.returncode == code, done.stdout + done.stderr
    assert says in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("damage", ["{", '{"schema": "perfkit-run/99"}', "[]", '{"schema": "perfkit-run/1", "id": 7}'])
def test_a_damaged_run_file_is_named_and_left_alone(project, damage):
    perfkit(project, "run", "--once", "bundle")
    file = max((project / "reports").iterdir()) / "run.json"
    file.write_text(damage)
    done = perfkit(project, "report")
    assert done.returncode == 2
    assert "run.json" in done.stderr
    assert file.read_text() == damage


def test_list_shows_benchmarks_without_measuring(project):
    done = perfkit(project, "list", "--tag", "fast")
    assert done.returncode == 0
    assert "app" in done.stdout
    assert "bundle" not in done.stdout
    rows = json.loads(perfkit(project, "list", "--format", "json").stdout)
    assert rows[0]["budgets"]["peak_memory"] == ["< 200 MB", "+10 %"]
    assert not (project / "reports").exists()


def test_init_in_an_empty_folder_works_and_keeps_what_is_there(tmp_path):
    done = perfkit(tmp_path, "init")
    assert done.returncode == 0
    ran = perfkit(tmp_path, "run", "--once")
    assert ran.returncode == 0, ran.stderr
    assert "dump_json[items=1000]" in ran.stdout
    (tmp_path / "perfkit.toml").write_text("# mine\n")
    again = perfkit(tmp_path, "init")
    assert "kept" in again.stderr
    assert (tmp_path / "perfkit.toml").read_text() == "# mine\n"


def test_doctor_says_what_can_be_measured(tmp_path):
    done = perfkit(tmp_path, "doctor", "--no-noise")
    assert done.returncode == 0
    assert "real-time audio threads" in done.stdout
    plain = json.loads(perfkit(tmp_path, "doctor", "--no-noise", "--format", "json").stdout)
    assert {"machine", "capabilities", "conditions"} <= set(plain)


@pytest.mark.parametrize("which", ["run", "judgement"])
def test_schemas_are_json_schemas(tmp_path, which):
    done = perfkit(tmp_path, "schema", which)
    assert "$defs" in json.loads(done.stdout)


def test_two_runs_at_once_are_refused(project):
    first = subprocess.Popen(
        [sys.executable, "-m", "perfkit", "run", "app", "--processes", "500"],
        cwd=project,
        env={**os.environ, **own_lock(project)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        wait_for_launches(project, 1)
        second = perfkit(project, "run", "bundle")
        assert second.returncode == 4
        assert f"pid {first.pid}" in second.stderr
        assert "--wait" in second.stderr
        third = perfkit(project, "run", "bundle", "--wait", "100ms")
        assert third.returncode == 4
        assert third.stderr.startswith("waiting for `perfkit run app --processes 500`")
    finally:
        first.send_signal(signal.SIGINT)
        first.wait(timeout=30)


def test_old_runs_are_deleted_and_named(project):
    names = [f"2026010{number}T000000Z-00000{number}" for number in range(1, 5)]
    for name in names:
        (project / "reports" / name).mkdir(parents=True)
        (project / "reports" / name / "run.json").write_text('{"complete": true}')
    dry = perfkit(project, "prune", "--keep", "3", "--dry-run")
    assert (dry.returncode, dry.stdout) == (0, f"would remove {project / 'reports' / names[0]}\n")
    done = perfkit(project, "prune", "--keep", "3")
    assert (done.returncode, done.stdout) == (0, f"removed {project / 'reports' / names[0]}\n")
    assert done.stderr == "removed 1 run, 18.0 B; 3 runs kept\n"
    assert sorted(path.name for path in (project / "reports").iterdir()) == names[1:]


def test_a_reader_that_goes_away_changes_no_exit_code(project):
    perfkit(project, "run", "--once", "bundle")
    for verb in ("list", "report"):
        process = subprocess.Popen(
            [sys.executable, "-m", "perfkit", verb],
            cwd=project,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
        process.stdout.close()
        assert process.wait(timeout=60) == 0, verb


def test_sigterm_ends_as_ctrl_c_does(project):
    process = subprocess.Popen(
        [sys.executable, "-m", "perfkit", "run", "app", "--processes", "500"],
        cwd=project,
        env={**os.environ, **own_lock(project)},
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    wait_for_launches(project, 1)
    process.terminate()
    _, stderr = process.communicate(timeout=30)
    assert process.returncode == 130
    assert "perfkit run --resume" in stderr
    assert not alive_in_session(process.pid)
    assert not list(Path(own_lock(project)["TMPDIR"]).glob("perfkit-host-*"))


def test_reports_that_cannot_be_written_are_said_in_a_line(project):
    (project / "reports").write_text("a file where a folder should be")
    done = perfkit(project, "run", "--once", "bundle")
    assert done.returncode == 2
    assert "reports" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_run_is_rendered_again_as_it_was_judged(project):
    first = perfkit(project, "run", "--quick", "--format", "json")
    again = perfkit(project, "report", "--format", "json")
    assert json.loads(first.stdout)["headline"] == json.loads(again.stdout)["headline"]
    assert json.loads(again.stdout)["exit_code"] == first.returncode == 0


def test_a_copied_run_file_is_judged_without_its_details(project, tmp_path_factory):
    perfkit(project, "run", "--quick")
    folder = max((project / "reports").iterdir())
    copy = tmp_path_factory.mktemp("elsewhere") / "other.json"
    copy.write_bytes((folder / "run.json").read_bytes())
    done = perfkit(project, "gate", "--run", str(copy), "--report", "html")
    assert done.returncode == 3, done.stderr


def test_what_is_measured_again_is_no_run_of_its_own(project):
    perfkit(project, "run", "--quick")
    perfkit(project, "baseline", "save")
    (project / "app.py").write_text(PROGRAM.replace("+ busy", "+ 8 * busy"))
    slower = perfkit(project, "gate", "--quick")
    assert slower.returncode == 1, slower.stdout
    newest = max((project / "reports").iterdir())
    assert (newest / f"{newest.name}-again" / "run.json").exists()
    assert "bundle" in perfkit(project, "report", newest.name).stdout


def test_a_baseline_that_is_named_must_be_there_before_anything_is_measured(project):
    (project / "reports").mkdir()
    done = perfkit(project, "gate", "--baseline", "nosuch")
    assert done.returncode == 2, done.stdout
    assert "there is no baseline 'nosuch'" in done.stderr
    assert not list((project / "reports").iterdir())
    perfkit(project, "run", "--quick", "bundle")
    perfkit(project, "baseline", "save")
    assert "there are: main" in perfkit(project, "gate", "--baseline", "nosuch").stderr


def test_an_empty_ref_is_no_baseline_gate(project):
    done = perfkit(project, "gate", "--against", "")
    assert done.returncode == 2
    assert "--against is empty" in done.stderr
