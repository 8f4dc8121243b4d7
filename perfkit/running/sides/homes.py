"""Folders for a pair of sides: outside the repository, locked by their owner, and cleaned up after one that died."""

import json
import os
import secrets
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any

from perfkit.model.errors import MeasurementError
from perfkit.running.sides.git import Git
from perfkit.running.sides.interrupts import deferred

OWNER = "owner.json"
"""In each home: who made it and for which repository; locked as long as that process lives."""

_LOCK = "lock"

NAMES = ("base", "cand")
"""As long as each other, so that no path differs in length between the sides."""


def default_parent(top: Path) -> Path:
    """Where homes lie: the user's cache folder; the one for temporary files if the repository encloses that."""
    home = Path.home()
    caches = {
        "darwin": home / "Library" / "Caches",
        "win32": Path(os.environ.get("LOCALAPPDATA") or home / "AppData" / "Local"),
    }
    cache = caches.get(sys.platform, Path(os.environ.get("XDG_CACHE_HOME") or home / ".cache"))
    if cache.is_absolute() and not cache.resolve().is_relative_to(top):
        with suppress(OSError):
            parent = cache / "perfkit" / "sides"
            parent.mkdir(parents=True, exist_ok=True)
            if os.access(parent, os.W_OK):
                return parent.resolve()
    return Path(tempfile.gettempdir()).resolve() / f"perfkit-sides-{os.getuid() if hasattr(os, 'getuid') else 0}"


@contextmanager
def open_home(parent: Path, git_dir: Path) -> Iterator[tuple[Path, Path]]:
    """Two paths below `parent` for worktrees of the repository at `git_dir`, of equal length and never used before.

    Whatever lies there is removed afterwards, from git's books too, and so is what dead owners left behind.
    Raises MeasurementError if `parent` cannot be written or is another user's.
    """
    with ExitStack() as stack:
        with deferred():
            try:
                parent.mkdir(parents=True, exist_ok=True, mode=0o700)
                _check_owner(parent)
                with _locked(parent / _LOCK, wait=True):
                    _clean(parent)
                    home = _make(parent, git_dir, stack)
            except OSError as error:
                raise MeasurementError(
                    f"{parent} cannot hold the two sides: {error.strerror or error}",
                    hint="set XDG_CACHE_HOME or TMPDIR to a folder that can be written",
                ) from None
        yield _sides(home)


def _make(parent: Path, git_dir: Path, stack: ExitStack) -> Path:
    home = parent / secrets.token_hex(4)
    home.mkdir(mode=0o700)

    def remove() -> None:
        # What cannot be removed now (a file in use on Windows) is left to the next start.
        with deferred(), suppress(OSError), _locked(parent / _LOCK, wait=True):
            _remove(home)

    owner = home / OWNER
    owner.write_text(json.dumps({"pid": os.getpid(), "git_dir": str(git_dir)}), encoding="utf-8")
    stack.enter_context(_locked(owner, wait=False))
    stack.callback(remove)
    return home


def _sides(home: Path) -> tuple[Path, Path]:
    return home / f"{NAMES[0]}-{home.name[:4]}", home / f"{NAMES[1]}-{home.name[:4]}"


def _check_owner(parent: Path) -> None:
    """A folder that someone else made in a shared place could have its files exchanged under us."""
    if hasattr(os, "getuid") and parent.stat().st_uid != os.getuid():
        raise PermissionError(f"{parent} belongs to another user")


def _clean(parent: Path) -> None:
    """Remove the homes whose owners are gone: nobody holds their lock."""
    for home in parent.iterdir():
        if home.is_dir():
            with _locked(home / OWNER, wait=False) as dead:
                if dead:
                    _remove(home)


def _remove(home: Path) -> None:
    """Remove both worktrees and the home; what is interrupted before its end can be done again."""
    git_dir = _record(home).get("git_dir")
    for side in _sides(home):
        if git_dir and Path(git_dir).is_dir():
            _forget(Path(git_dir), side)
        _remove_tree(side)
    _remove_tree(home)


def _forget(git_dir: Path, side: Path) -> None:
    """Remove a worktree by name: `worktree prune` would also forget the user's own on a disk not mounted just now."""
    Git(git_dir, git_dir).run("worktree", "remove", "--force", "--force", str(side))
    with suppress(OSError):  # in use, or gone; a git that was interrupted leaves it behind empty
        (git_dir / "worktrees").rmdir()


def _record(home: Path) -> dict[str, Any]:
    try:
        found = json.loads((home / OWNER).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _remove_tree(path: Path) -> None:
    """Remove a folder, read-only folders inside it (module caches) included."""
    if not path.exists():
        return
    try:
        shutil.rmtree(path)
    except PermissionError:
        path.chmod(0o700)
        for folder, names, _ in os.walk(path):
            for inner in (Path(folder, name) for name in names):
                if not inner.is_symlink():
                    inner.chmod(0o700)
        shutil.rmtree(path)


@contextmanager
def _locked(path: Path, *, wait: bool) -> Iterator[bool]:
    """Hold an exclusive lock on `path`, given back by the system when its holder dies; tells whether it is held."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | getattr(os, "O_CLOEXEC", 0), 0o600)
    try:
        yield _try_lock(descriptor, wait=wait)
    finally:
        os.close(descriptor)


def _try_lock(descriptor: int, *, wait: bool) -> bool:
    try:
        if sys.platform == "win32":
            import msvcrt

            msvcrt.locking(descriptor, msvcrt.LK_LOCK if wait else msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(descriptor, fcntl.LOCK_EX if wait else fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True
