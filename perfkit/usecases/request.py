"""What a measuring verb was asked for, and what that means: benchmarks, surroundings, a folder, rules."""

import time
from dataclasses import dataclass
from datetime import UTC, datetime
from math import inf
from pathlib import Path
from typing import Literal

from perfkit.instruments.interpreter import resolve_python
from perfkit.instruments.machine import read_conditions, read_machine
from perfkit.instruments.repository import read_commit
from perfkit.instruments.requirements import skips_fail
from perfkit.judging.options import Options
from perfkit.loading.config import Config, read_config
from perfkit.loading.finding import configured_places, find_benchmarks
from perfkit.loading.plugins import register_probes
from perfkit.loading.selecting import Selection
from perfkit.model.errors import UsageError
from perfkit.model.run import Run
from perfkit.model.scenario import Benchmark
from perfkit.running.measuring import Surroundings
from perfkit.running.plan import Plan, draw_seed
from perfkit.storage import runs
from perfkit.storage.journal import read_journal
from perfkit.usecases.machine import known_of

Policy = Literal["fail", "pass"] | None
"""What an inconclusive judgement exits with: 0, 1, or (None) 3."""


@dataclass(frozen=True, slots=True)
class Against:
    """The ref that a gate measures pairs against, and how its base is taken and the candidate measured."""

    ref: str
    exact: bool = False
    in_place: bool = False


@dataclass(frozen=True, slots=True)
class Request:
    """What a measuring verb was asked for.

    `resume` is the id of a run to go on with, or `last`; `wait` is for how many s another run here is waited for;
    `pairs` is whether a gate may settle by pairs what its baseline cannot; `only` are the ids of the benchmarks of the
    selection that are meant, if any are named.
    """

    config: Config
    start: Path
    selection: Selection
    plan: Plan
    arguments: tuple[str, ...]
    resume: str = ""
    against: Against | None = None
    wait: float = 0.0
    pairs: bool = True
    only: frozenset[str] = frozenset()


def load(start: Path, selection: Selection) -> tuple[Benchmark, ...]:
    """The benchmarks that are meant in the project around `start`."""
    config = read_config(start)
    return load_all(config, selection, start)[0]


def begun_with(start: Path, resume: str) -> tuple[str, ...]:
    """The arguments that the run to be gone on with was begun with."""
    return read_journal(run_folder(read_config(start), resume)).run.arguments


def options_of(
    config: Config, machine: str = "", *, before: float = inf, on_inconclusive: Policy = None, everything: bool = False
) -> Options:
    """The rules of a judgement as configured, with what doctor knows of the machine (a fingerprint; empty: this one).

    Only what it knew `before` a moment (epoch seconds) counts, so that a run of pairs replays as it was decided.
    """
    gate = config.tables.gate
    return Options(
        alpha=gate.alpha,
        beta=gate.beta,
        ignore=gate.ignore,
        tolerance=gate.tolerance,
        on_inconclusive=on_inconclusive or gate.on_inconclusive,
        require_skips=skips_fail(),
        everything=everything,
        between=known_of(machine or read_machine().fingerprint, before),
    )


def options_for(config: Config, run: Run, *, on_inconclusive: Policy = None, everything: bool = False) -> Options:
    """The rules for a run that was measured before: pairs replay by what was known when they were begun."""
    before = run.created if run.against else inf
    machine = run.machine.fingerprint
    return options_of(config, machine, before=before, on_inconclusive=on_inconclusive, everything=everything)


def load_all(config: Config, selection: Selection, start: Path) -> tuple[tuple[Benchmark, ...], str, dict[str, str]]:
    """The benchmarks that are meant, the interpreter of their side, and the probes that plugins brought."""
    python = resolve_python(config.root, config.tables.project.python).path
    places = configured_places(config) if selection.everything else ()
    folders = {place if place.is_dir() else place.parent for place in (*places, *selection.paths(start))}
    plugins = register_probes(sorted(folders))
    return find_benchmarks(config, selection, start, python), python, plugins


def surroundings(request: Request) -> tuple[tuple[Benchmark, ...], Surroundings]:
    """The benchmarks that are meant and where they are measured."""
    config = request.config
    selected, python, plugins = load_all(config, request.selection, request.start)
    benchmarks = tuple(one for one in selected if not request.only or one.id in request.only)
    return benchmarks, Surroundings(
        root=config.root,
        python=python,
        env_pass=config.tables.project.env_pass,
        plugins=plugins,
        machine=read_machine(),
        conditions=read_conditions(python),
        commit=read_commit(config.root),
        wait=request.wait,
    )


def run_folder(config: Config, resume: str) -> Path:
    """The folder of a new run, or of the one to go on with."""
    reports = config.root / "reports"
    if resume:
        found = runs.find_unfinished(reports) if resume == "last" else runs.find_run(reports, resume)
        if found is None:
            raise UsageError(f"no unfinished run in {reports}", hint="start anew: perfkit run")
        return found
    stamp = datetime.fromtimestamp(time.time(), UTC).strftime("%Y%m%dT%H%M%SZ")
    return reports / f"{stamp}-{draw_seed() & 0xFFFFFF:06x}"
