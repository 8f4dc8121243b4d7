"""`baseline`: sessions kept to compare with."""

import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from perfkit.instruments.machine import read_machine
from perfkit.loading.config import Config, read_config
from perfkit.loading.recorded import find_run, find_stored
from perfkit.model.errors import UsageError
from perfkit.model.run import Baseline, Run
from perfkit.model.verdict import ExitCode
from perfkit.running.lock import machine_lock
from perfkit.storage import baselines, runs
from perfkit.usecases.request import options_of


def save_baseline(start: Path, name: str, run: str, *, accept: str, anchor: bool) -> tuple[Path, Run]:
    """Keep a run as a session of a baseline.

    Raises UsageError for a run that is not complete, has a benchmark that was not measured, or is worse than its
    budgets or the baseline allow, unless `accept` says why it is to be kept all the same.
    """
    config = read_config(start)
    found, folder = find_run(config, run)
    name = name or config.tables.gate.baseline
    if not accept and (against := _objection(config, found, folder, name)):
        raise UsageError(f"run {found.id} {against}", hint="mend that, or keep it all the same with --accept REASON")
    recorded = replace(found.recorded(), accepted=accept, anchor=anchor)
    return baselines.save_baseline(config.root / "baselines", name, recorded), found


def list_baselines(start: Path) -> tuple[tuple[str, Baseline], ...]:
    """Every baseline of the project as (machine fingerprint, baseline)."""
    root = read_config(start).root / "baselines"
    return tuple(
        (machine, baselines.load_baseline(root, machine, name)) for machine, name in baselines.list_baselines(root)
    )


def show_baseline(start: Path, name: str) -> tuple[tuple[str, Baseline], ...]:
    """The baseline of that name on every machine that has it. Raises UsageError if none has."""
    config = read_config(start)
    name = name or config.tables.gate.baseline
    found = tuple((machine, baseline) for machine, baseline in list_baselines(start) if baseline.name == name)
    if not found:
        raise UsageError(f"there is no baseline {name!r}", hint="perfkit baseline list shows those that there are")
    return found


def remove_baseline(start: Path, name: str, machine: str, sessions: Sequence[str]) -> tuple[Path, ...]:
    """Delete a baseline of this machine (or of `machine`), or only those of its sessions."""
    root = read_config(start).root / "baselines"
    return baselines.remove_baseline(root, name, machine or read_machine().fingerprint, sessions)


@dataclass(frozen=True, slots=True)
class Pruned:
    """The run folders that were (or would be) deleted, newest first, the bytes in them, and how many runs stay."""

    folders: tuple[Path, ...]
    freed: int
    kept: int


def prune_runs(start: Path, keep: int, *, dry: bool) -> Pruned:
    """Delete all runs but the newest `keep`, the one that --resume last goes on with, and sessions of a baseline.

    `dry` deletes none. Raises MeasurementError while a run holds the machine: it may be one of them.
    """
    root = read_config(start).root
    reports = root / "reports"
    with machine_lock(f"`perfkit prune` (pid {os.getpid()})"):
        there, saved = runs.find_all(reports), baselines.saved_sessions(root / "baselines")
        staying = {*there[:keep], runs.find_unfinished(reports)}
        old = tuple(folder for folder in there if folder not in staying and folder.name not in saved)
        freed = sum(runs.size_of(folder) if dry else runs.remove_run(folder) for folder in old)
    return Pruned(old, freed, len(there) - len(old))


def _objection(config: Config, run: Run, folder: Path, name: str) -> str:
    """Why a run should not become a baseline; empty if nothing speaks against it."""
    if not run.complete:
        return "is not complete"
    from perfkit.judging.judgement import compare as judge  # listing needs no statistics
    from perfkit.usecases.stored import second_look

    base = find_stored(config, name, run.machine.fingerprint)
    options = options_of(config, run.machine.fingerprint)
    selected, look = frozenset(result.benchmark for result in run.results), second_look(config, run, folder, base)
    judgement = judge(base, run, options, selected=selected, confirmation=look.again, pairs=look.pairs)
    for code, what in ((ExitCode.NOT_MEASURED, "has benchmarks that were not measured"), (ExitCode.REGRESSED, "fails")):
        if code in judgement.codes:
            return f"{what}: {judgement.headline}"
    return ""
