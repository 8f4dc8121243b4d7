"""A judged run, its view, and its reports on disk."""

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from perfkit.judging.judgement import compare as judge
from perfkit.judging.options import Options
from perfkit.judging.paired import judge_pairs
from perfkit.model.budget import Limit
from perfkit.model.detail import Detail
from perfkit.model.launch import Launch
from perfkit.model.run import Baseline, Recorded, Run
from perfkit.model.units import counted
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

    def __post_init__(self) -> None:
        """An interruption is one of the codes that hold."""
        if self.interrupted:
            codes = self.judgement.codes | {ExitCode.INTERRUPTED}
            object.__setattr__(self, "judgement", replace(self.judgement, codes=codes))

    @property
    def exit_code(self) -> ExitCode:
        """The process's exit code."""
        return self.judgement.exit_code

    def warned(self, warnings: Sequence[str]) -> "Judged":
        """The same with further warnings."""
        return replace(self, judgement=replace(self.judgement, warnings=(*self.judgement.warnings, *warnings)))


def judged_alone(run: Run, folder: Path, options: Options, *, interrupted: bool = False) -> Judged:
    """A run without a base: limits are judged, tolerances wait for a gate, and nothing is inconclusive.

    One launch of each shows that a scenario works and is held against nothing.
    """
    ended = interrupted or any(session.interrupted for session in run.sessions[-1:])
    once = all(len(result.launches) <= 1 for result in run.results)
    judgement = judge(None, run.keeping() if once else run.keeping(Limit), options)
    codes = judgement.codes & {ExitCode.NOT_MEASURED, ExitCode.REGRESSED} or {ExitCode.PASSED}
    if once or not any(finding.gating for finding in judgement.findings):
        judgement = replace(judgement, headline=_worked(judgement, _how(once=once, ended=ended)))
    return Judged(run, replace(judgement, codes=frozenset(codes)), None, folder, interrupted)


def _how(*, once: bool, ended: bool) -> str:
    if ended:
        return "measured until then"
    return "worked once" if once else "measured; tolerances wait for a gate"


def _worked(judgement: Judgement, said: str) -> str:
    works = len({finding.benchmark for finding in judgement.findings})
    missed = f", {len(judgement.unmeasured)} not measured" if judgement.unmeasured else ""
    return f"{counted(works, 'benchmark')} {said}{missed}"


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
