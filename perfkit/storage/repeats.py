"""A/A sessions of a machine: `<state folder>/machines/<fingerprint>.json`, for every project that is measured on it."""

from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Literal

import msgspec
from msgspec import UNSET, Meta, UnsetType

from perfkit.model.diagnosis import Repeat
from perfkit.model.environment import Conditions, Machine
from perfkit.model.launch import Disturbance
from perfkit.storage import files
from perfkit.storage.converting import conditions_to_stored, machine_to_stored
from perfkit.storage.structs import StoredDisturbance, StoredMachine

Schema = Literal["perfkit-machine/1"]
SCHEMA: Schema = "perfkit-machine/1"
_Columns = Annotated[dict[str, tuple[float, ...]], Meta(description="metric name to one value a pair, base units")]


class StoredRepeat(msgspec.Struct, forbid_unknown_fields=True, omit_defaults=True, kw_only=True):
    """One A/A session."""

    started: float
    ended: float
    program: str
    conditions: dict[str, str]
    first: _Columns
    second: _Columns
    swapped: tuple[bool, ...]
    during: StoredDisturbance
    idle: StoredDisturbance
    busy: float | UnsetType = UNSET
    contaminated: int

    def __post_init__(self) -> None:
        columns = (*self.first.values(), *self.second.values())
        if self.first.keys() != self.second.keys() or {len(column) for column in columns} != {len(self.swapped)}:
            raise ValueError("a session has as many values of each metric on both sides as it has pairs")


class StoredMachineFile(msgspec.Struct, forbid_unknown_fields=True):
    """All A/A sessions of one machine, oldest first."""

    schema: Schema
    machine: StoredMachine
    sessions: tuple[StoredRepeat, ...]


_DECODER = msgspec.json.Decoder(StoredMachineFile)


def add_repeat(folder: Path, machine: Machine, repeat: Repeat) -> Path:
    """Append a session to those of `machine`; returns the file. The caller holds the machine's lock.

    Raises DataError if the file there is damaged: it is left as it is.
    """
    path = _path(folder, machine.fingerprint)
    kept = _read(path).sessions if path.exists() else ()
    stored = StoredMachineFile(SCHEMA, machine_to_stored(machine), (*kept, _to_stored(repeat)))
    files.write_atomically(path, msgspec.json.encode(stored))
    return path


def load_repeats(folder: Path, fingerprint: str) -> tuple[Repeat, ...]:
    """The sessions of the machine with that fingerprint, oldest first; none without a file.

    Raises DataError that names the file if it is damaged.
    """
    path = _path(folder, fingerprint)
    return tuple(map(_from_stored, _read(path).sessions)) if path.exists() else ()


def _path(folder: Path, fingerprint: str) -> Path:
    return folder / "machines" / f"{fingerprint}.json"


def _read(path: Path) -> StoredMachineFile:
    return files.decode(files.read(path), _DECODER, path, schema=SCHEMA)


def _to_stored(repeat: Repeat) -> StoredRepeat:
    return StoredRepeat(
        started=repeat.started,
        ended=repeat.ended,
        program=repeat.program,
        conditions=conditions_to_stored(repeat.conditions),
        first=dict(repeat.first),
        second=dict(repeat.second),
        swapped=repeat.swapped,
        during=_disturbance(repeat.during),
        idle=_disturbance(repeat.idle),
        busy=UNSET if repeat.busy is None else repeat.busy,
        contaminated=repeat.contaminated,
    )


def _from_stored(stored: StoredRepeat) -> Repeat:
    return Repeat(
        started=stored.started,
        ended=stored.ended,
        program=stored.program,
        conditions=Conditions(stored.conditions),
        first=stored.first,
        second=stored.second,
        swapped=stored.swapped,
        during=Disturbance(**_known(stored.during)),
        idle=Disturbance(**_known(stored.idle)),
        busy=None if stored.busy is UNSET else stored.busy,
        contaminated=stored.contaminated,
    )


def _disturbance(seen: Disturbance) -> StoredDisturbance:
    return StoredDisturbance(**{name: value for name, value in asdict(seen).items() if value is not None})


def _known(stored: StoredDisturbance) -> dict[str, float]:
    return {name: value for name, value in msgspec.structs.asdict(stored).items() if value is not UNSET}
