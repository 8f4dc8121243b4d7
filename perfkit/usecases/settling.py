"""A second look at what a stored baseline only suspects or cannot see: pairs with its commit, or a second session."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from math import inf
from pathlib import Path
from typing import Final

from perfkit.judging.options import Options
from perfkit.model.budget import Tolerance
from perfkit.model.environment import Commit
from perfkit.model.errors import MeasurementError, UsageError
from perfkit.model.events import RunObserver
from perfkit.model.run import Baseline, Run
from perfkit.model.scenario import Benchmark
from perfkit.running.gating import Comparison, measure_pairs
from perfkit.running.measuring import Measured
from perfkit.running.plan import draw_seed
from perfkit.running.sides import Build
from perfkit.storage import runs
from perfkit.usecases.request import Request, surroundings

PAIRS, AGAIN = "pairs", "again"
"""The names of runs that were measured for another run's sake, in its folder."""
LONGEST: Final = 300.0
"""s for pairs, where no `--max-time` says how long measuring may take, the first time and each other."""


@dataclass(frozen=True, slots=True)
class SecondLook:
    """Runs that were measured for another run's sake, kept in its folder."""

    pairs: Run | None = None
    again: Run | None = None


def read_second_look(folder: Path) -> SecondLook:
    """What was measured for the run in `folder`, where anything was."""

    def kept(name: str) -> Run | None:
        place = folder_of(folder, name)
        return runs.read_run(place) if (place / runs.RUN_FILE).exists() else None

    return SecondLook(kept(PAIRS), kept(AGAIN))


def folder_of(folder: Path, name: str) -> Path:
    """Where a run keeps one that was measured for its sake."""
    return folder / f"{folder.name}-{name}"


def expect(folder: Path, name: str) -> None:
    """Leave a folder where measuring for another run's sake was interrupted before it had begun: it is unfinished."""
    folder_of(folder, name).mkdir(exist_ok=True)


def forget_expected(folder: Path) -> None:
    """Take away what `expect` left."""
    for place in (folder_of(folder, name) for name in (PAIRS, AGAIN)):
        if place.is_dir() and not any(place.iterdir()):
            place.rmdir()


def put_aside(place: Path) -> None:
    """Keep what was measured in pairs that were given up, where nothing reads it as a second look."""
    aside = place.with_name("given-up-pairs")
    if place.exists():
        if aside.exists():
            runs.remove_run(aside)
        place.rename(aside)


def again(request: Request, benchmarks: Iterable[str]) -> Request:
    """The same measurement of these benchmarks only, in a run of its own, however long another run comes between."""
    plan = replace(request.plan, seed=draw_seed())
    return replace(request, only=frozenset(benchmarks), plan=plan, resume="", wait=inf)


def buildable(base: Baseline | None, machine: str) -> Commit | None:
    """The commit of a baseline's newest session of this machine, if it is all that was measured then.

    An anchor is the base only where there is nothing else.
    """
    here = [one for one in base.sessions if one.machine.fingerprint == machine] if base else []
    sessions = [one for one in here if not one.anchor] or here
    commit = sessions[-1].commit if sessions else Commit()
    return commit if commit.id and not commit.dirty else None


def measure_answers(
    request: Request,
    questions: Mapping[str, tuple[str, ...]],
    commit: Commit,
    folder: Path,
    options: Options,
    observer: RunObserver,
) -> Measured | str:
    """Pairs of the commit and the work tree, of the metrics in question alone; or why there can be none."""
    config, build = request.config, request.config.tables.build
    benchmarks, around = surroundings(again(request, questions))
    asked = Comparison(
        ref=commit.id,
        seed=draw_seed(),
        options=options,
        exact=True,
        build=Build(build.command, build.timeout) if build.command else None,
        python=config.tables.project.python,
        max_time=request.plan.hard_limit or LONGEST,
    )
    narrowed = [_narrowed(one, questions[one.id]) for one in benchmarks]
    place = folder_of(folder, PAIRS)
    try:
        return measure_pairs(narrowed, asked, around, place, request.arguments, observer)
    except (UsageError, MeasurementError) as error:
        put_aside(place)
        hint = f" ({error.hint})" if error.hint else ""
        return f"not settled by pairs with {commit}: {error}{hint}"


def _narrowed(benchmark: Benchmark, metrics: tuple[str, ...]) -> Benchmark:
    """With the tolerances of these metrics as its only budgets, so that nothing else is decided in pairs."""
    budgets = {
        name: tuple(budget for budget in budgets if isinstance(budget, Tolerance))
        for name, budgets in benchmark.budgets.items()
        if name in metrics
    }
    return replace(benchmark, budgets=budgets)
