"""A judged run, its view, and its reports on disk."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from perfkit.judging.options import Options
from perfkit.judging.paired import judge_pairs
from perfkit.model.launch import Detail, Launch
from perfkit.model.run import Baseline, Recorded, Run
from perfkit.model.verdict import ExitCode, Judgement
from perfkit.reporting import REPORTS, View, build_view
from perfkit.storage import runs
from perfkit.storage.files import write_atomically

FILES = {"html": "report.html", "md": "report.md", "junit": "report.xml", "json": "report.json", "github": "summary.md"}
"""Format → the file that it is written to in the run's folder."""


@dataclass(frozen=True, slots=True)
class Judged:
    """A run with its judgement, what it was compared with, and the folder of its reports."""

    run: Run
    judgement: Judgement
    base: Baseline | Recorded | None
    folder: Path
    interrupted: bool = False

    @property
    def exit_code(self) -> ExitCode:
        """The process's exit code."""
        return ExitCode.INTERRUPTED if self.interrupted else self.judgement.exit_code


def judged_pairs(run: Run, folder: Path, options: Options, *, interrupted: bool = False) -> Judged:
    """A run of pairs, judged by replaying them."""
    return Judged(run, judge_pairs(run, options), run.recorded_base(), folder, interrupted)


def view_of(judged: Judged) -> View:
    """What every report draws."""

    def details(launch: Launch) -> tuple[Detail, ...]:
        return runs.read_details(judged.folder, launch.details)

    return build_view(judged.judgement, judged.run, judged.base, details, generated=time.time())


def write_reports(judged: Judged, view: View, formats: Sequence[str]) -> tuple[Path, ...]:
    """Write the reports into the run's folder; returns their paths."""
    paths = []
    for name in formats:
        path = judged.folder / FILES[name]
        write_atomically(path, REPORTS[name](view).encode())
        paths.append(path)
    return tuple(paths)
