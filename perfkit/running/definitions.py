"""What both sides of a comparison share: the candidate's definitions. The code that they measure is each side's own."""

import os
import shutil
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from perfkit.model.launch import Program
from perfkit.model.scenario import Benchmark
from perfkit.running.sides import Sides


def share_scenarios(benchmarks: Sequence[Benchmark], root: Path, sides: Sides) -> None:
    """Put the Python files of the project at `root` that declare these benchmarks into both sides.

    They lie where they lie in the project, so a body in them imports what the side has there. The user's own work
    tree is left as it is.
    """
    files = {benchmark.source.file for benchmark in benchmarks if benchmark.source.file.suffix == ".py"}
    for file in sorted(files):
        if file.is_relative_to(root):
            for side in (sides.base,) if sides.in_place else (sides.base, sides.candidate):
                _copy(file, side.root / file.relative_to(root))


def _copy(file: Path, target: Path) -> None:
    if target.is_file() and not target.is_symlink() and target.read_bytes() == file.read_bytes():
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    target.unlink(missing_ok=True)  # a link would lead the copy to what it points at
    shutil.copyfile(file, target)


def programs_of(benchmarks: Sequence[Benchmark]) -> tuple[Program, ...]:
    """Every program that these benchmarks start on a side, `{root}` still unfilled."""
    return tuple(program for benchmark in benchmarks for program in _programs(benchmark))


def _programs(benchmark: Benchmark) -> Iterator[Program]:
    settings = benchmark.settings
    file, body = settings.get("file"), settings.get("body")
    if isinstance(file, str):
        yield _body(("{root}/" + file,), settings)
    if isinstance(body, str):
        module = body.rpartition(":")[0]
        yield _body(("{root}/" + module,) if module.endswith(".py") else ("-c", ""), settings)
    yield from _commands(settings)


def _body(arguments: tuple[str, ...], settings: Mapping[str, Any]) -> Program:
    """A Python body as a program that imports as its worker does.

    First from the folder of its file (of a module: the working folder), then from the side's root.
    """
    env = dict(settings.get("env", {}))
    path = os.pathsep.join(filter(None, ("{root}", env.get("PYTHONPATH", ""))))
    return Program(
        ("python", *arguments),
        cwd=settings.get("cwd", ""),
        env={**env, "PYTHONPATH": path},
        env_pass=tuple(settings.get("env_pass", ())),
    )


def _commands(settings: Mapping[str, Any]) -> Iterator[Program]:
    """The settings' own command and those of the tables in it."""
    command = settings.get("command")
    if isinstance(command, list | tuple) and command:
        yield Program(
            tuple(map(str, command)),
            cwd=settings.get("cwd", ""),
            env=settings.get("env", {}),
            env_pass=tuple(settings.get("env_pass", ())),
        )
    for inner in settings.values():
        if isinstance(inner, Mapping):
            yield from _commands(inner)
