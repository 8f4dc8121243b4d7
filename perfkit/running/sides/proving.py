"""The proof, before pairing, that each side runs its own code and not the other's."""

import os
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from perfkit.instruments.command import resolve_command
from perfkit.instruments.environment import target_environment, venv_of
from perfkit.model.errors import Failed, MeasurementError
from perfkit.model.launch import Program
from perfkit.model.placeholders import fill
from perfkit.running.sides.opening import Side, Sides
from perfkit.running.sides.own_modules import own_modules
from perfkit.running.sides.python_command import python_of
from perfkit.running.sides.whence import whence

_OWN_ENVIRONMENT = (
    'give each side an environment of its own: [build] command = ["sh", "-c", "python3 -m venv .venv && '
    '.venv/bin/pip install ."], or put its own code first: env = { PYTHONPATH = "{root}/src" }'
)


@dataclass(frozen=True, slots=True)
class Resolved:
    """What a program means on one side: the real path of its executable, and module → where it is imported from."""

    side: str
    command: tuple[str, ...]
    executable: Path
    modules: Mapping[str, tuple[Path, ...]]


def prove_sides(
    sides: Sides, programs: Sequence[Program], modules: Collection[str] = (), *, env_pass: tuple[str, ...] = ()
) -> tuple[Resolved, ...]:
    """What each side starts and imports, for each of `programs` (`{root}` still unfilled), proven to be its own.

    The project's modules are those in the roots of both sides, their `src` and the programs' folders, and `modules`.
    Raises MeasurementError where one, an executable or an absolute path in a command lies in the other side or in the
    user's work tree, or where a module is installed elsewhere, alike for both sides. What cannot be found on a side
    proves nothing and is left out: the launch itself will tell.
    """
    folders = [folder for side in (sides.base, sides.candidate) for folder in _folders(side, programs)]
    names = own_modules(*folders) | frozenset(modules)
    found, asked = [], set()
    for side in (sides.base, sides.candidate):
        for program in programs:
            key = (side.name, program.command, program.cwd, tuple(sorted(program.env.items())), program.env_pass)
            if key not in asked and (resolved := _prove(sides, side, program, names, env_pass)):
                found.append(resolved)
            asked.add(key)
    return tuple(found)


def _prove(
    sides: Sides, side: Side, program: Program, names: Collection[str], env_pass: tuple[str, ...]
) -> Resolved | None:
    command, cwd, set_here = _filled(program, side)
    interpreter = side.interpreter.path
    env = target_environment(
        os.environ, seed=0, env_pass=(*env_pass, *program.env_pass), venv=venv_of(interpreter)
    ) | dict(set_here)
    try:
        line = resolve_command(command, cwd, interpreter, env.get("PATH", os.defpath))
    except Failed:
        return None
    if not cwd.is_dir():
        return None
    for path in (Path(line.path), *(Path(word) for word in command[1:] if Path(word).is_absolute())):
        _check_file(sides, side, path)
    python = python_of(line, env)
    own, foreign = [side.tree.resolve()], _foreign(sides, side)
    modules = whence(python, names, own, foreign) if python else {}
    for name, places in modules.items():
        _check_module(sides, side, name, places)
    return Resolved(side.name, command, Path(line.path).resolve(), modules)


def _filled(program: Program, side: Side) -> tuple[tuple[str, ...], Path, Mapping[str, str]]:
    values = {"root": str(side.root), "tmp": str(side.root / "tmp"), "port": 1}
    filled = fill({"command": program.command, "cwd": program.cwd, "env": program.env}, values)
    return tuple(map(str, filled["command"])), side.root / filled["cwd"], filled["env"]


def _folders(side: Side, programs: Sequence[Program]) -> list[Path]:
    """Where this side's own modules may lie."""
    folders = {side.root, side.root / "src"}
    for program in programs:
        command, cwd, _ = _filled(program, side)
        folders |= {cwd, *((cwd / word).parent for word in command[1:] if word.endswith(".py"))}
    return [folder for folder in sorted(folders) if folder.resolve().is_relative_to(side.tree.resolve())]


def _foreign(sides: Sides, side: Side) -> list[Path]:
    others = {sides.base.tree, sides.candidate.tree, sides.revisions.top} - {side.tree}
    return [folder.resolve() for folder in sorted(others)]


def _check_file(sides: Sides, side: Side, path: Path) -> None:
    real = path.resolve()
    if real.exists() and _elsewhere(sides, side, real) and not _in_environment(path):
        raise _wrong_code(sides, side, f"{path} resolves to {real}" if path != real else f"it starts {path}", real)


def _check_module(sides: Sides, side: Side, name: str, places: tuple[Path, ...]) -> None:
    for place in places:
        if not place.is_relative_to(side.tree.resolve()):
            raise _wrong_code(sides, side, f"module {name} resolves to {place}", place)


def _elsewhere(sides: Sides, side: Side, real: Path) -> bool:
    own = real.is_relative_to(side.tree.resolve())
    return not own and any(real.is_relative_to(folder) for folder in _foreign(sides, side))


def _in_environment(path: Path) -> bool:
    """Whether a file belongs to a virtual environment: its programs are judged by the modules that they import."""
    return any((folder / "pyvenv.cfg").exists() for folder in path.parents)


def _wrong_code(sides: Sides, side: Side, what: str, place: Path) -> MeasurementError:
    if not _elsewhere(sides, side, place):
        whose = "runs code that is installed outside of it, the same for both sides"
    elif side.name == "base":
        whose = "runs the candidate's code"
    elif place.is_relative_to(sides.base.tree.resolve()):
        whose = "runs the base's code"
    else:
        whose = "runs the work tree's code instead of its snapshot"
    return MeasurementError(f"{side.name} {whose}: {what}", hint=_OWN_ENVIRONMENT)
