"""What was measured before, by name: runs by path or id, and what a run is compared with."""

from pathlib import Path

from perfkit.interop import read_foreign
from perfkit.loading.config import Config
from perfkit.model.errors import UsageError
from perfkit.model.run import Baseline, Run
from perfkit.storage import baselines, runs


def find_run(config: Config, name: str) -> tuple[Run, Path]:
    """A run by path, by the beginning of its id, or the newest where `name` is empty; and its folder."""
    path = Path(name)
    if names_path(name):
        folder = path if path.is_dir() else path.parent
        if path.is_dir() and not (path / runs.RUN_FILE).exists() and (latest := runs.find_latest(path)):
            return runs.read_run(latest), latest
        return read_any(path), folder
    reports = config.root / "reports"
    found = runs.find_run(reports, name) if name else runs.find_latest(reports)
    if found is None:
        raise UsageError(f"there is no run in {reports}", hint="perfkit run makes one")
    return runs.read_run(found), found


def find_base(config: Config, name: str, machine: str, *, besides: str = "") -> Baseline | None:
    """What to compare with: the baseline `name` of a machine, or a run given by path or id; None if there is none.

    An empty `name` means the configured baseline, and no file that is called like it; `besides` is a run's id that may
    not be its own base.
    """
    typed, name = bool(name), name or config.tables.gate.baseline
    there, written = names_path(name), _is_written_as_path(name)
    if not (there and written) and (stored := find_stored(config, name, machine)):
        return stored
    if there and (typed or written or Path(name).is_dir()):
        return Baseline(name, (find_run(config, name)[0].recorded(),))
    folder = config.root / "reports" / name
    if folder.is_dir() and name != besides:
        return Baseline(name, (runs.read_run(folder).recorded(),))
    return None


def find_stored(config: Config, name: str, machine: str) -> Baseline | None:
    """The baseline of that name, of this machine before any other; None if there is none."""
    root = config.root / "baselines"
    for fingerprint in (machine, *baselines.machines_with(root, name)):
        if (found := baselines.load_baseline(root, fingerprint, name)).sessions:
            return found
    return None


def find_named(config: Config, name: str, machine: str) -> Baseline | None:
    """The same for a gate: raises UsageError where a base was named that there is not."""
    found = find_base(config, name, machine)
    if name and found is None:
        names = sorted({kept for _, kept in baselines.list_baselines(config.root / "baselines")})
        there = f"there are: {', '.join(names)}" if names else "perfkit baseline save keeps a run as one"
        raise UsageError(f"there is no baseline {name!r}, nor a run or a file of that name", hint=there)
    return found


def names_path(name: str) -> bool:
    """Whether a name leads to a file or folder that is there; a bare word names a folder only if that holds a run."""
    path = Path(name)
    if not name or _is_written_as_path(name):
        return bool(name) and path.exists()
    return path.is_file() or runs.holds_run(path)


def read_any(path: Path) -> Run:
    """A run file of ours or of another tool. Raises DataError that names the file."""
    foreign = None if path.is_dir() else read_foreign(path)
    return runs.read_run(path) if foreign is None else foreign


def _is_written_as_path(name: str) -> bool:
    return "/" in name or name in {".", ".."} or name.endswith(".json")
