"""Run folders: `reports/<run id>/` with run.json, journal.jsonl and details/."""

import re
import shutil
from collections.abc import Iterable
from pathlib import Path

import msgspec

from perfkit.model.detail import Detail
from perfkit.model.errors import DataError, UsageError
from perfkit.model.run import Run
from perfkit.storage import details as detail_codec
from perfkit.storage import files
from perfkit.storage.journal import JOURNAL_FILE
from perfkit.storage.schema import run_from_bytes, run_to_bytes

RUN_FILE = "run.json"
_RUN_ID = re.compile(r"\d{8}T\d{6}Z-[0-9a-f]{6}")
_DETAILS_NAME = re.compile(r"details/\d+\.json")


class _Completeness(msgspec.Struct):
    complete: bool = False


def write_run(folder: Path, run: Run) -> Path:
    """Write run.json whole or not at all; returns its path. Raises ValueError for a value that is not finite."""
    path = folder / RUN_FILE
    files.write_atomically(path, run_to_bytes(run))
    return path


def read_run(path: Path) -> Run:
    """The run of a run folder or of a file of that schema.

    Raises UsageError if there is none, DataError with file and JSON path if it is damaged, foreign or newer.
    """
    if path.is_dir():
        _refuse_unfinished(path)
        path /= RUN_FILE
    return run_from_bytes(files.read(path), path)


def write_details(folder: Path, number: int, details: tuple[Detail, ...]) -> str:
    """Write a launch's details as `details/<number>.json`; returns that name, or nothing where there are none."""
    if not details:
        return ""
    name = f"details/{number}.json"
    files.write_atomically(folder / name, detail_codec.encode(details))
    return name


def read_details(folder: Path, name: str) -> tuple[Detail, ...]:
    """The details of a launch by the name it was recorded with; none for an empty name."""
    if not name:
        return ()
    if not _DETAILS_NAME.fullmatch(name):  # a run from elsewhere must not make us open any other file
        raise DataError(f"{folder}: {name!r} does not name a details file")
    if not (folder / name).exists():
        return ()  # a run file that was copied without its folder
    try:
        return detail_codec.decode(files.read(folder / name))
    except DataError as error:
        raise DataError(f"{folder / name}: {error}") from None


def holds_run(folder: Path) -> bool:
    """Whether a folder is that of a run, finished or not, or one with finished runs in it."""
    return any((folder / name).is_file() for name in (RUN_FILE, JOURNAL_FILE)) or find_latest(folder) is not None


def find_latest(reports: Path) -> Path | None:
    """The newest run folder with a run.json; run ids begin with their time, so names sort by age."""
    return next((folder for folder in _newest_first(reports) if (folder / RUN_FILE).is_file()), None)


def find_unfinished(reports: Path) -> Path | None:
    """The newest run folder whose journal can be gone on with, or that of a run which was measured for its sake.

    That is one without run.json, or with one that is not complete.
    """
    return next((folder for folder in _newest_first(reports) if _has_unfinished(folder)), None)


def find_run(reports: Path, name: str) -> Path:
    """The run folder whose id begins with `name`. Raises UsageError if there is none or more than one."""
    found = [folder for folder in _newest_first(reports) if folder.name.startswith(name)]
    exact = [folder for folder in found if folder.name == name]
    if len(exact or found) == 1:
        return (exact or found)[0]
    if found:
        raise UsageError(f"{len(found)} runs begin with {name!r}", hint=", ".join(folder.name for folder in found[:5]))
    raise UsageError(f"no run {name!r} in {reports}", hint="`perfkit run` makes one")


def find_all(reports: Path) -> tuple[Path, ...]:
    """The run folders under the names that perfkit gives, newest first; a link is none."""
    folders = _newest_first(reports)
    return tuple(folder for folder in folders if _RUN_ID.fullmatch(folder.name) and not folder.is_symlink())


def size_of(folder: Path) -> int:
    """The bytes that the files of a run hold."""
    return sum(path.lstat().st_size for path in folder.rglob("*") if not path.is_dir())


def remove_run(folder: Path) -> int:
    """Delete a run's folder; returns the bytes that its files held."""
    held = size_of(folder)
    for name in (JOURNAL_FILE, RUN_FILE):  # the journal first: what an interruption leaves is never gone on with
        (folder / name).unlink(missing_ok=True)
    shutil.rmtree(folder)
    return held


def _newest_first(reports: Path) -> Iterable[Path]:
    if not reports.is_dir():
        return []
    kept = (RUN_FILE, JOURNAL_FILE)
    folders = [folder for folder in reports.iterdir() if any((folder / name).is_file() for name in kept)]
    return sorted(folders, key=lambda folder: folder.name, reverse=True)


def _has_unfinished(folder: Path) -> bool:
    inner = tuple(folder.glob(f"{folder.name}-*/"))
    return any(map(_is_unfinished, (folder, *inner))) or not all(any(place.iterdir()) for place in inner)


def _is_unfinished(folder: Path) -> bool:
    if not (folder / JOURNAL_FILE).is_file():
        return False
    try:
        return not msgspec.json.decode((folder / RUN_FILE).read_bytes(), type=_Completeness).complete
    except FileNotFoundError:
        return True
    except msgspec.DecodeError:
        return False  # a damaged result is for people to look at, not to measure over


def _refuse_unfinished(folder: Path) -> None:
    if (folder / JOURNAL_FILE).is_file() and not (folder / RUN_FILE).exists():
        raise UsageError(f"{folder}: this run was not finished", hint=f"`perfkit run --resume {folder.name}` goes on")
