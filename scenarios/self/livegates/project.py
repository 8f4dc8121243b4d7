"""A scratch project in git: a small CPU-bound program whose amount of work is known, and its scenario."""

import statistics
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from perfkit.loading.expanding import expand
from perfkit.loading.toml_files import read_scenarios
from perfkit.model.errors import MeasurementError
from perfkit.model.launch import Outcome
from perfkit.model.scenario import Benchmark
from perfkit.running.host import Host, LaunchRequest

CPU_TIME = 0.060
"""What a launch of the base is to cost, s."""
COMMAND = ("python", "-I", "-S", "work.py")
TRIAL_ROUNDS = 400_000
TRIALS = 15

PROGRAM = """\
ROUNDS = {rounds}


def work(rounds):
    value = 1
    for _ in range(rounds):
        value = (value * 1103515245 + 12345) & 0x7FFFFFFF
    return value


print(work(ROUNDS))
"""
SCENARIO = """\
[work]
probe = "startup"
command = ["python", "-I", "-S", "work.py"]
timeout = "30 s"
budget.cpu_time = "+5 %"
"""


@dataclass(frozen=True, slots=True)
class Work:
    """How many rounds the base runs; starting the interpreter costs as much as `start` rounds."""

    rounds: int
    start: int

    def shifted(self, shift: float) -> int:
        """The rounds of a candidate whose whole launch, start included, does that share of further work."""
        return self.rounds + round(shift * (self.rounds + self.start))


@dataclass(frozen=True, slots=True)
class Project:
    """A repository whose last commit is the base; what differs in the work tree is the candidate."""

    root: Path
    work: Work

    def change(self, shift: float) -> None:
        """Make the work tree a candidate with that share of further work."""
        write_program(self.root, self.work.shifted(shift))

    @property
    def benchmark(self) -> Benchmark:
        """The scenario's only benchmark."""
        (scenario,) = read_scenarios(self.root / "scenarios" / "work.toml")
        (benchmark,) = expand(scenario)
        return benchmark


@contextmanager
def open_project(work: Work) -> Iterator[Project]:
    """A project in a temporary folder, with one commit."""
    with TemporaryDirectory(prefix="perfkit-gatebench-") as folder:
        root = Path(folder).resolve()
        write_program(root, work.rounds)
        (root / "scenarios").mkdir()
        (root / "scenarios" / "work.toml").write_text(SCENARIO, encoding="utf-8")
        (root / "perfkit.toml").write_text(f"[project]\npython = {sys.executable!r}\n", encoding="utf-8")
        (root / ".gitignore").write_text("reports/\n", encoding="utf-8")
        git(root, "init", "--quiet")
        commit(root, "the base")
        yield Project(root, work)


def write_program(folder: Path, rounds: int) -> None:
    """The program with so much work."""
    (folder / "work.py").write_text(PROGRAM.format(rounds=rounds), encoding="utf-8")


def commit(root: Path, message: str) -> None:
    """Commit the whole work tree, by nobody in particular."""
    git(root, "add", "--all")
    nobody = ("-c", "user.name=gatebench", "-c", "user.email=gatebench@localhost", "-c", "commit.gpgsign=false")
    git(root, *nobody, "commit", "--quiet", "--no-verify", "--message", message)


def git(root: Path, *arguments: str) -> None:
    """Run git there, or fail with what it said."""
    subprocess.run(("git", "-C", str(root), *arguments), check=True, capture_output=True, text=True)


def calibrate() -> Work:
    """How many rounds make a launch of CPU_TIME here, by launches with and without work in turns."""
    with TemporaryDirectory(prefix="perfkit-gatebench-") as name, Host.open() as host:
        folders = {rounds: Path(name, str(rounds)) for rounds in (0, TRIAL_ROUNDS)}
        for rounds, folder in folders.items():
            folder.mkdir()
            write_program(folder, rounds)
        trials = [{rounds: _cpu_time(host, folder) for rounds, folder in folders.items()} for _ in range(TRIALS)]
    start = statistics.median(trial[0] for trial in trials)
    a_round = (statistics.median(trial[TRIAL_ROUNDS] for trial in trials) - start) / TRIAL_ROUNDS
    return Work(rounds=int((CPU_TIME - start) / a_round), start=int(start / a_round))


def _cpu_time(host: Host, folder: Path) -> float:
    asked = LaunchRequest(
        kind="startup",
        settings={"command": list(COMMAND)},
        root=folder,
        python=sys.executable,
        seed=0,
        timeout=30.0,
        env_pass=(),
        plugins={},
    )
    tried = host.launch(asked)
    if tried.outcome is not Outcome.MEASURED:
        raise MeasurementError(f"the program could not be measured: {tried.reason}")
    return tried.measurement.values["cpu_time"]
