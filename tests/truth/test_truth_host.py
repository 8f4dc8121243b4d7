"""The probe host with probes that measure, fail, hang, die and litter."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from perfkit.model.detail import Facts
from perfkit.model.launch import Outcome
from perfkit.running.host import Host, LaunchRequest

PROBE = """
import os, signal, time
from dataclasses import dataclass
from typing import ClassVar
from perfkit.model.detail import Facts
from perfkit.model.launch import Measurement, Program
from perfkit.model.metric import Metric

@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    kind: ClassVar[str] = "trial"
    do: str
    port: int = 0
    words: tuple[str, ...] = ()

    @property
    def metrics(self):
        return (Metric("x", "s"),)

    def measure(self, launcher):
        print("a probe prints")
        target = launcher.start(Program(("sleep", "600")))
        with open(os.path.join(launcher.root, "pids"), "a") as pids:
            print(target.pid, os.getpid(), file=pids)
        if self.do == "hang":
            time.sleep(600)
        if self.do == "loop":
            while True:
                try:
                    time.sleep(0.01)
                except Exception:
                    pass
        if self.do == "deaf":
            signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGALRM])
            time.sleep(600)
        if self.do == "babble":
            print("b" * 5000)
        if self.do in {"die", "babble"}:
            os._exit(3)
        if self.do == "raise":
            raise KeyError("what")
        if self.do == "interrupted":
            os.kill(os.getpid(), signal.SIGINT)
        facts = Facts("launch", (("port", str(self.port)), ("words", " ".join(self.words)), ("tmp", str(launcher.tmp))))
        value = float("nan") if self.do == "nan" else 1.5
        return Measurement({"x": value}, details=(facts,), run_delay=0.0, caveats=("odd",))
"""

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")


@pytest.fixture
def request_for(tmp_path):
    file = tmp_path / "trial.py"
    file.write_text(PROBE)

    def make(do: str, *, timeout: float = 30.0, grace: float = 5.0, **settings) -> LaunchRequest:
        return LaunchRequest(
            kind="trial",
            settings={"do": do, **settings},
            root=tmp_path,
            python=sys.executable,
            seed=5,
            timeout=timeout,
            plugins={"trial": f"{file}:Trial"},
            grace=grace,
        )

    return make


def started(folder: Path) -> list[int]:
    return [int(pid) for line in (folder / "pids").read_text().splitlines() for pid in line.split()]


def running(pids: list[int]) -> list[int]:
    return [pid for pid in pids if Path("/proc", str(pid)).exists()]


def gone(pids: list[int]) -> bool:
    deadline = time.monotonic() + 10
    while running(pids) and time.monotonic() < deadline:
        time.sleep(0.01)
    return not running(pids)


def test_a_probe_measures_with_its_placeholders_filled(request_for, tmp_path):
    with Host.open() as host:
        answer = host.launch(request_for("measure", port="{port}", words=["{port}", "{{x}}", "{root}", "{tmp}"]))
    assert (answer.outcome, answer.reason) == (Outcome.MEASURED, "")
    assert answer.measurement.values == {"x": 1.5}
    assert answer.measurement.caveats == ("odd",)
    (facts,) = answer.measurement.details
    assert isinstance(facts, Facts)
    rows = dict(facts.rows)
    assert rows["words"].split() == [rows["port"], "{x}", str(tmp_path), rows["tmp"]]
    assert 1024 < int(rows["port"]) < 65536
    assert not Path(rows["tmp"]).exists()
    assert answer.disturbance.run_delay == 0.0
    assert 0 < answer.duration < 30


def test_one_host_serves_many_launches_and_each_ends_what_it_started(request_for, tmp_path):
    with Host.open() as host:
        first = host.launch(request_for("measure"))
        pid = host.pid
        for do, outcome, said in (
            ("nan", Outcome.INVALID, "gave nan for x"),
            ("raise", Outcome.FAILED, "probe 'trial' raised KeyError: 'what' ("),
            ("interrupted", Outcome.MEASURED, ""),
        ):
            answer = host.launch(request_for(do))
            assert answer.outcome is outcome
            assert said in answer.reason.splitlines()[0] if said else not answer.reason
        assert host.pid == pid
        assert first.outcome is Outcome.MEASURED
        assert set(running(started(tmp_path))) == {pid}
    assert gone(started(tmp_path))


def test_settings_that_a_probe_refuses_are_a_failure_that_names_the_key(request_for):
    with Host.open() as host:
        answer = host.launch(request_for("measure", prot=1))
    assert answer.outcome is Outcome.FAILED
    assert "unknown key `prot`" in answer.reason


@pytest.mark.parametrize("do", ["hang", "loop"])
def test_a_probe_that_does_not_end_is_interrupted_soon_after_its_time(request_for, tmp_path, do):
    with Host.open() as host:
        answer = host.launch(request_for(do, timeout=0.3, grace=0.2))
        first, *evidence = answer.reason.splitlines()
        assert answer.outcome is Outcome.TIMED_OUT
        assert first.startswith("probe 'trial' had not ended after 0.5 s (")
        assert "trial.py" in first
        assert "time.sleep" in "".join(evidence)
        assert running(started(tmp_path)) == [host.pid]
        assert host.launch(request_for("measure")).outcome is Outcome.MEASURED


@pytest.mark.parametrize(
    ("do", "outcome", "said"),
    [
        ("deaf", Outcome.TIMED_OUT, "the probe host did not answer within 1.5 s"),
        ("die", Outcome.FAILED, "the probe host ended unexpectedly: a probe prints\n"),
        ("babble", Outcome.FAILED, f"{'b' * 298} …"),
    ],
)
def test_a_host_that_hangs_or_dies_is_ended_whole_and_replaced(request_for, tmp_path, do, outcome, said):
    with Host.open(grace=0.5) as host:
        host.launch(request_for("measure"))
        answer = host.launch(request_for(do, timeout=1.0))
        assert answer.outcome is outcome
        assert said in answer.reason
        assert len(answer.reason) < 1000
        assert not running(started(tmp_path))
        assert host.launch(request_for("measure")).outcome is Outcome.MEASURED


RUN = """
import sys; from pathlib import Path
from perfkit.running.host import Host, LaunchRequest
folder = Path(sys.argv[1])
plugins = {"trial": f"{folder}/trial.py:Trial"}
request = LaunchRequest("trial", {"do": "hang"}, folder, sys.executable, 1, 60.0, (), plugins)
with Host.open() as host:
    host.launch(request)
"""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL])
def test_nothing_outlives_perfkit(request_for, tmp_path, number):
    request_for("hang")
    env = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2]), "TMPDIR": str(tmp_path)}
    parent = subprocess.Popen(
        [sys.executable, "-c", RUN, str(tmp_path)], env=env, stderr=subprocess.PIPE, text=True, start_new_session=True
    )
    deadline = time.monotonic() + 60
    while not (tmp_path / "pids").exists() or len(started(tmp_path)) < 2:
        assert time.monotonic() < deadline
        time.sleep(0.01)
    os.killpg(parent.pid, number)
    _, stderr = parent.communicate(timeout=60)
    assert gone(started(tmp_path))
    if number == signal.SIGINT:
        assert "KeyboardInterrupt" in stderr
        assert list(tmp_path.glob("perfkit-*")) == []
