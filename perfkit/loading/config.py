"""`perfkit.toml`, or `[tool.perfkit]` in pyproject.toml: read strictly, every key checked."""

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

import msgspec

from perfkit.model.errors import UsageError
from perfkit.model.units import Duration
from perfkit.probes.refusals import refusal


class Project(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`[project]`: where scenarios lie, the side's interpreter, variables let through from the environment."""

    scenarios: tuple[str, ...] = ("scenarios",)
    python: str = ""
    env_pass: tuple[str, ...] = ()


class Running(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`[run]`: the time limit of a run, and the half width of the interval that is narrow enough (a fraction)."""

    max_time: Duration | None = None
    precision: float = 0.02


class Gating(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`[gate]`: error rates, what is ignored (θ0) and the tolerance where no budget names one, as fractions.

    `on_inconclusive` makes an inconclusive gate pass (exit 0) or fail (exit 1) instead of exit 3.
    """

    alpha: float = 0.01
    beta: float = 0.05
    ignore: float = 0.01
    tolerance: float = 0.05
    baseline: str = "main"
    on_inconclusive: Literal["fail", "pass"] | None = None


class Building(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`[build]`: the command that builds each side of a comparison in its root, a list, and its time limit."""

    command: tuple[str, ...] = ()
    timeout: Duration = Duration("10 min")


class Reporting(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`[report]`: the formats that `gate` and `run` write beside run.json."""

    formats: tuple[str, ...] = ("html", "md")


class Tables(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The tables of the file."""

    project: Project = Project()
    build: Building = Building()
    run: Running = Running()
    gate: Gating = Gating()
    report: Reporting = Reporting()


class Config(msgspec.Struct, frozen=True):
    """The configuration in force: the project's root folder, the file it came from (None: defaults) and its tables."""

    root: Path
    file: Path | None
    tables: Tables


_MARKS = ("perfkit.toml", "pyproject.toml", "scenarios", ".git")


def read_config(start: Path) -> Config:
    """The configuration of the project around the folder `start`.

    The root is the nearest folder upwards with a perfkit.toml or a pyproject.toml with [tool.perfkit]; else the nearest
    with a pyproject.toml, a scenarios folder or a repository; else `start`. Raises UsageError that names file and key.
    """
    folders = [start, *start.parents]
    for folder in folders:
        for name, path in (("perfkit.toml", ()), ("pyproject.toml", ("tool", "perfkit"))):
            file = folder / name
            if file.is_file() and (table := _table(file, path)) is not None:
                return Config(folder, file, _decode(table, file, path))
    root = next((folder for folder in folders if any((folder / mark).exists() for mark in _MARKS)), start)
    return Config(root, None, Tables())


def read_toml(file: Path) -> dict[str, Any]:
    """A TOML file as plain data. Raises UsageError with file and line."""
    try:
        return tomllib.loads(file.read_text(encoding="utf-8"))
    except tomllib.TOMLDecodeError as error:
        raise UsageError(f"{file}: {error}", hint="mend the TOML there; https://toml.io shows the syntax") from None
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{file}: cannot be read: {error}") from None


def _table(file: Path, path: tuple[str, ...]) -> Mapping[str, Any] | None:
    data: Any = read_toml(file)
    for key in path:
        data = data.get(key) if isinstance(data, Mapping) else None
    return data if isinstance(data, Mapping) else None


def _decode(table: Mapping[str, Any], file: Path, path: tuple[str, ...]) -> Tables:
    try:
        tables: Tables = _convert(table, Tables)
    except msgspec.ValidationError as error:
        message, _, where = str(error).replace("Object", "the table").partition(" - at `$")
        if message.startswith("the table"):  # contains an unknown key
            key = ".".join((*path, where.strip("`.")) if where else path)
            raise UsageError(f"{file}: {f'[{key}] ' if key else ''}{message}", hint=_KNOWN) from None
        refused = refusal(error, Tables, table, _convert)
        raise UsageError(f"{file}: {refused}", hint=refused.hint or _KNOWN) from None
    _check(tables, file)
    return tables


def _convert(value: Any, wanted: Any) -> Any:
    return msgspec.convert(value, wanted, dec_hook=_duration)


_KNOWN = "known: " + "; ".join(
    f"[{table.name}] {', '.join(key.name for key in msgspec.structs.fields(table.type))}"
    for table in msgspec.structs.fields(Tables)
)


def _check(tables: Tables, file: Path) -> None:
    shares = {
        "run.precision": tables.run.precision,
        "gate.alpha": tables.gate.alpha,
        "gate.beta": tables.gate.beta,
        "gate.ignore": tables.gate.ignore,
        "gate.tolerance": tables.gate.tolerance,
    }
    for key, share in shares.items():
        if not 0 < share < 1:
            raise UsageError(f"{file}: {key} = {share} is not between 0 and 1", hint="write a fraction: 0.05 is 5 %")


def _duration(wanted: type[Any], value: Any) -> Any:
    if issubclass(wanted, Duration) and isinstance(value, str | int | float):
        return Duration(value)
    raise ValueError(f"{value!r} is not a {wanted.__name__.lower()}")
