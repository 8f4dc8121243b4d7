"""Baselines: `<root>/<machine fingerprint>/<percent-encoded name>/<session id>.json`, one file a session."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from urllib.parse import quote, unquote

import msgspec

from perfkit.model.environment import Conditions
from perfkit.model.errors import UsageError
from perfkit.model.run import Baseline, Recorded, Sample
from perfkit.storage import converting, files
from perfkit.storage.structs import BASELINE_SCHEMA, StoredRecorded, StoredSample

SESSIONS_THAT_COUNT = 5
_ENCODER = msgspec.json.Encoder()
_DECODER = msgspec.json.Decoder(StoredRecorded)


def save_baseline(root: Path, name: str, recorded: Recorded) -> Path:
    """Add a session to the baseline `name` of its machine; returns the file.

    A session saved again (to accept or to anchor it) replaces itself. Raises UsageError for a session without
    samples, DataError if the file there is damaged: it is left as it is.
    """
    if not recorded.samples:
        raise UsageError("nothing was measured, so there is nothing to save as a baseline")
    path = _folder(root, recorded.machine.fingerprint, name) / f"{_encoded(recorded.id)}.json"
    if path.exists():
        _read(path)
    files.write_atomically(path, _ENCODER.encode(_to_stored(name, recorded)))
    return path


def load_baseline(root: Path, machine: str, name: str) -> Baseline:
    """The newest 5 sessions of the machine with that fingerprint and the newest anchor, oldest first.

    Without any: no sessions. Raises DataError that names the file if one is damaged.
    """
    sessions = sorted(map(_read, _files(_folder(root, machine, name))), key=lambda session: session.created)
    rolling = [session for session in sessions if not session.anchor][-SESSIONS_THAT_COUNT:]
    anchor = [session for session in sessions if session.anchor][-1:]
    return Baseline(name, tuple(sorted((*anchor, *rolling), key=lambda session: session.created)))


def machines_with(root: Path, name: str) -> tuple[str, ...]:
    """Fingerprints of the machines that have a baseline of that name."""
    return tuple(machine for machine, kept in list_baselines(root) if kept == name)


def list_baselines(root: Path) -> tuple[tuple[str, str], ...]:
    """Every (machine fingerprint, name) that has a session."""
    folders = sorted(folder for folder in root.glob("*/*/") if any(_files(folder)))
    return tuple((folder.parent.name, unquote(folder.name)) for folder in folders)


def saved_sessions(root: Path) -> frozenset[str]:
    """The ids of all sessions of all baselines, also of those that no longer count."""
    return frozenset(unquote(path.stem) for folder in root.glob("*/*/") for path in _files(folder))


def remove_baseline(root: Path, name: str, machine: str, sessions: Sequence[str] = ()) -> tuple[Path, ...]:
    """Delete a baseline, or only those of its sessions; returns the files deleted.

    Raises UsageError if there is no such baseline or session, before anything is deleted.
    """
    folder = _folder(root, machine, name)
    wanted = [folder / f"{_encoded(session)}.json" for session in sessions] or list(_files(folder))
    missing = [path.stem for path in wanted if not path.is_file()]
    if missing or not wanted:
        what = f"session {unquote(missing[0])!r} in " if missing else ""
        raise UsageError(f"no {what}baseline {name!r} of machine {machine}", hint="`perfkit baseline list` shows them")
    for path in wanted:
        path.unlink()
    for emptied in (folder, folder.parent):
        if not any(emptied.iterdir()):
            emptied.rmdir()
    return tuple(wanted)


def _folder(root: Path, machine: str, name: str) -> Path:
    if not name:
        raise UsageError("a baseline needs a name")
    return root / _encoded(machine) / _encoded(name)


def _encoded(name: str) -> str:
    """A file name that is one path component and never hidden."""
    encoded = quote(name, safe=" ")
    return f"%2E{encoded[1:]}" if encoded.startswith(".") else encoded


def _files(folder: Path) -> Iterator[Path]:
    return (path for path in sorted(folder.glob("*.json")) if not path.name.startswith("."))


def _read(path: Path) -> Recorded:
    stored = files.decode(files.read(path), _DECODER, path, schema=BASELINE_SCHEMA)
    return Recorded(
        stored.id,
        stored.created,
        converting.machine_from(stored.machine),
        Conditions(stored.conditions),
        converting.commit_from(stored.commit),
        tuple(_sample_from(sample) for sample in stored.samples),
        stored.accepted,
        stored.anchor,
    )


def _sample_from(stored: StoredSample) -> Sample:
    metric = converting.metric_from(stored.metric)
    return Sample(stored.benchmark, stored.fingerprint, metric, stored.values, stored.at_floor)


def _to_stored(name: str, recorded: Recorded) -> StoredRecorded:
    return StoredRecorded(
        schema=BASELINE_SCHEMA,
        name=name,
        id=recorded.id,
        created=recorded.created,
        machine=converting.machine_to_stored(recorded.machine),
        conditions=converting.conditions_to_stored(recorded.conditions),
        commit=converting.commit_to_stored(recorded.commit),
        samples=tuple(_sample_to_stored(sample) for sample in recorded.samples),
        accepted=converting.printable(recorded.accepted),
        anchor=recorded.anchor,
    )


def _sample_to_stored(sample: Sample) -> StoredSample:
    metric = converting.metric_to_stored(sample.metric)
    return StoredSample(sample.benchmark, sample.fingerprint, metric, sample.values, sample.at_floor)
