"""What a decision costs: the command line of perfkit, hyperfine and pyperf on one program that does not change."""

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import perfkit
from perfkit.judging.paired import judge_pairs
from perfkit.model.run import Run
from perfkit.storage.runs import find_latest, read_run

from .project import Project, commit
from .records import GatePrice, PriceRecord

PROGRAM = (sys.executable, "-I", "-S", "work.py")


def price(project: Project, gates: int) -> PriceRecord:
    """Gate a commit of documents only `gates` times, then measure both sides by the others' defaults."""
    project.change(0.0)
    (project.root / "README.md").write_text("A change of documents.\n", encoding="utf-8")
    commit(project.root, "documents")
    started, load = time.time(), os.getloadavg()[0]
    seen = tuple(_gate(project.root) for _ in range(gates))
    return PriceRecord(started, load, seen, _hyperfine(project.root), _pyperf(project.root))


def price_of(run: Run, total: float) -> GatePrice:
    """What the launches of a run's first batch tell; `total` s is what the whole command took."""
    sessions = run.batch(confirmation=False)
    launches = [launch for result in run.results for launch in result.launches if launch.session in sessions]
    begun = min(launch.started for launch in launches)
    ended = max(launch.started + launch.duration for launch in launches)
    finding = next(one for one in judge_pairs(run).findings if one.gating)
    return GatePrice(
        verdict=finding.verdict.value,
        pairs=len(run.results[0].complete_pairs(sessions)),
        launches=len(launches),
        span=ended - begun,
        programs=sum(launch.values["ready_time"] for launch in launches),
        total=total,
    )


def _gate(root: Path) -> GatePrice:
    paths = (str(Path(perfkit.__file__).parents[1]), os.environ.get("PYTHONPATH", ""))
    env = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, paths))}
    clock = time.monotonic()
    command = (sys.executable, "-m", "perfkit", "gate", "--against", "HEAD~1", "--report", "none")
    done = subprocess.run(command, cwd=root, env=env, capture_output=True, text=True, check=False)
    total = time.monotonic() - clock
    folder = find_latest(root / "reports")
    if folder is None:
        raise RuntimeError(f"perfkit gate ended with code {done.returncode}:\n{done.stderr}")
    priced = price_of(read_run(folder), total)
    shutil.rmtree(root / "reports")
    return priced


def _hyperfine(root: Path) -> float | None:
    found, program = shutil.which("hyperfine"), " ".join(PROGRAM)
    return _seconds(root, (found, "-N", program, program)) if found else None


def _pyperf(root: Path) -> float:
    sides = ((sys.executable, "-m", "pyperf", "command", "-o", f"{side}.json", "--", *PROGRAM) for side in "ab")
    return sum(_seconds(root, command) for command in sides)


def _seconds(root: Path, command: Sequence[str]) -> float:
    clock = time.monotonic()
    subprocess.run(command, cwd=root, capture_output=True, check=True)
    return time.monotonic() - clock
