"""The two sides of a paired comparison as folders: made, built, and removed whatever happens."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from perfkit.instruments.interpreter import SHARED, Interpreter, resolve_python
from perfkit.model.errors import MeasurementError
from perfkit.running.sides.building import Build, Built, build_side
from perfkit.running.sides.git import Git
from perfkit.running.sides.homes import default_parent, open_home
from perfkit.running.sides.interrupts import interrupts
from perfkit.running.sides.revisions import Revisions

SideName = Literal["base", "candidate"]


@dataclass(frozen=True, slots=True)
class Side:
    """One side: its commit, its worktree `tree`, the project's `root` in it, its interpreter, and its build if any."""

    name: SideName
    commit: str
    tree: Path
    root: Path
    interpreter: Interpreter
    built: Built | None


@dataclass(frozen=True, slots=True)
class Sides:
    """Both sides; `in_place` tells that the candidate is the user's own work tree."""

    base: Side
    candidate: Side
    revisions: Revisions
    in_place: bool

    @property
    def notes(self) -> tuple[str, ...]:
        """What is to be known of their interpreters."""
        then, now = self.base.interpreter, self.candidate.interpreter
        differs = f"the base runs Python {then.version}, the candidate Python {now.version}"
        shared = "both sides run in the work tree's .venv, so a change of what is installed there is not seen"
        told = ((then.version != now.version, differs), (then.found_by == SHARED, shared))
        return tuple(note for holds, note in told if holds)


@contextmanager
def open_sides(
    revisions: Revisions,
    *,
    in_place: bool = False,
    build: Build | None = None,
    python: str = "",
    parent: Path | None = None,
) -> Iterator[Sides]:
    """Both sides as git worktrees under one new folder with paths of equal length, built; removed afterwards, always.

    Opened again, for a confirmation, the same commits come under another path and are built anew. `in_place` measures
    the user's work tree as the candidate. `python` is `[project] python`, for each side relative to its own root;
    without it, and without a `.venv` of a side's own, both sides run in that of the user's work tree.
    `parent` is where the folder is made (default: the user's cache). Meanwhile the first Ctrl-C, SIGTERM or SIGHUP
    raises KeyboardInterrupt, and later ones wait for the removal. Raises MeasurementError where a side cannot be made,
    built, or has no interpreter.
    """
    home = parent or default_parent(revisions.top)
    with interrupts() as signals, open_home(home, revisions.git_dir) as (base, candidate), signals.allowed():
        _check_out(revisions, revisions.base, base)
        if not in_place:
            _check_out(revisions, revisions.candidate, candidate)
        tree = revisions.top if in_place else candidate
        yield Sides(
            base=_side("base", revisions.base, base, revisions, build, python),
            candidate=_side("candidate", revisions.candidate, tree, revisions, build, python),
            revisions=revisions,
            in_place=in_place,
        )


def _check_out(revisions: Revisions, commit: str, tree: Path) -> None:
    Git(revisions.top).ask("worktree", "add", "--detach", str(tree), commit)


def _side(name: SideName, commit: str, tree: Path, revisions: Revisions, build: Build | None, python: str) -> Side:
    root = tree / revisions.prefix
    if not root.is_dir():
        raise MeasurementError(
            f"the {name} ({commit[:10]}) has no folder {revisions.prefix}",
            hint="compare with a later ref, or with a stored baseline",
        )
    built = build_side(build, name, root) if build else None
    try:
        interpreter = resolve_python(root, python, shared=revisions.root)
    except MeasurementError as error:
        raise MeasurementError(
            f"the {name}: {error}",
            hint="a side holds what git holds, so no .venv: let `[build] command` make one in each, "
            "or name an interpreter outside of the project in `[project] python`",
        ) from None
    return Side(name, commit, tree, root, interpreter, built)
