"""hyperfine's --export-json: every time is a launch; user and system time come as means only and are left out."""

from pathlib import Path
from typing import Any

import msgspec

from perfkit.interop.foreign import foreign_result, foreign_run
from perfkit.model.environment import Conditions, Machine
from perfkit.model.errors import DataError
from perfkit.model.metric import Metric, Resource
from perfkit.model.run import Result, Run

_WALL = Metric("wall_time", "s", resource=Resource.WALL, method="hyperfine")
_MEMORY = Metric("peak_memory", "B", resource=Resource.MEMORY, method="hyperfine")
_UNKNOWN = Machine("", "not told", "", 0, 0, "not told", "", "")


class _Timed(msgspec.Struct):
    command: str
    times: tuple[float, ...] = ()
    memory_usage_byte: tuple[int, ...] = ()
    exit_codes: tuple[int | None, ...] = ()


class _Export(msgspec.Struct):
    results: tuple[_Timed, ...]


def recognises(data: Any) -> bool:
    """Whether decoded JSON is hyperfine's."""
    found = data.get("results") if isinstance(data, dict) and "schema" not in data else None
    return isinstance(found, list) and all(isinstance(one, dict) and "command" in one for one in found)


def read(path: Path) -> Run:
    """The run in a hyperfine export. Raises DataError that names file and key."""
    try:
        export = msgspec.json.decode(path.read_bytes(), type=_Export)
    except msgspec.DecodeError as error:
        raise DataError(f"{path}: not a hyperfine export that can be read: {error}") from None
    notes = ["hyperfine does not tell where it measured: nothing proves that two files are of one machine"]
    if any(one.memory_usage_byte for one in export.results):
        notes.append("hyperfine up to 1.20 reports a running maximum as memory: do not trust it")
    results = tuple(_result(one, path) for one in export.results)
    return foreign_run(path.name, "hyperfine", 0.0, _UNKNOWN, Conditions(), results, tuple(notes))


def _result(timed: _Timed, path: Path) -> Result:
    if any(timed.exit_codes):
        raise DataError(f"{path}: {timed.command!r} ended with an error in a timed run: {timed.exit_codes}")
    values = {_WALL: timed.times}
    memory = {_MEMORY: tuple(map(float, timed.memory_usage_byte))} if timed.memory_usage_byte else {}
    return foreign_result(timed.command, "hyperfine", f"{path.name}:1", {**values, **memory})
