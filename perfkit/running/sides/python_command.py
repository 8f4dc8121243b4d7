"""Which interpreter a command starts, and how: by itself, or as a script that names it in its first line."""

import re
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path

from perfkit.instruments.command import CommandLine
from perfkit.running.sides.whence import Python

_INTERPRETER = re.compile(r"python(\d+(\.\d+)?t?)?(\.exe)?")
_SHEBANG = re.compile(rb"#!\s*(\S+)(?:[ \t]+(\S+))?")
_LONG_SHEBANG = re.compile(rb"#!/bin/sh\n'''exec'\s+\"?([^\"\n]+?)\"?\s+\"\$0\"")
"""How installers write the path of an interpreter that is too long for the kernel, or has a blank in it."""

_WITH_VALUE = frozenset(("-X", "-W", "--check-hash-based-pycs"))


def python_of(line: CommandLine, env: Mapping[str, str]) -> Python | None:
    """The interpreter that a command line starts; None where it starts something else."""
    if _INTERPRETER.fullmatch(Path(line.path).name):
        options, first = _options(line.argv[1:], line.cwd)
        return Python(line.path, options, first, line.cwd, env)
    named = _named(Path(line.path), env.get("PATH"))
    return Python(named, (), Path(line.path).resolve().parent, line.cwd, env) if named else None


def _options(words: Sequence[str], cwd: Path) -> tuple[tuple[str, ...], Path]:
    """The interpreter's own options, and the folder that it puts first on its search path."""
    options: list[str] = []
    rest = list(words)
    while rest:
        word = rest.pop(0)
        if not word.startswith("-") or word == "-":
            script = cwd / word
            return tuple(options), script if script.is_dir() else script.resolve().parent
        if word in _WITH_VALUE:
            options += [word, *rest[:1]]
            del rest[:1]
        elif word.startswith(("-X", "-W")):
            options.append(word)
        elif not word.startswith("--"):
            letters = re.split("[cm]", word, maxsplit=1)[0]
            options += [letters] if len(letters) > 1 else []
            if letters != word:
                break
    return tuple(options), cwd


def _named(script: Path, search: str | None) -> str:
    """The Python in a script's first line; empty where it names none."""
    try:
        with script.open("rb") as file:
            head = file.read(4096)
    except OSError:
        return ""
    if long := _LONG_SHEBANG.match(head):
        return long[1].decode("utf-8", "replace")
    found = _SHEBANG.match(head)
    if not found:
        return ""
    program, argument = (part.decode("utf-8", "replace") if part else "" for part in found.groups())
    if Path(program).name == "env":
        program = shutil.which(argument, path=search) or ""
    return program if _INTERPRETER.fullmatch(Path(program).name) else ""
