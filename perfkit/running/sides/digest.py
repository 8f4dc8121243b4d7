"""Whether two folders hold the same bytes, so that a report may say that there was nothing to compare."""

import hashlib
import os
from collections.abc import Collection, Iterable, Iterator
from pathlib import Path

from perfkit.running.sides.git import Git
from perfkit.running.sides.opening import Side, Sides


def tree_digest(root: Path, *, ignore: Collection[str] = (".git",)) -> str:
    """A hash over names, kinds, executable bits and contents of all below `root` but for the names in `ignore`."""
    return _digest(root, _walk(root, frozenset(ignore)))


def built_alike(sides: Sides) -> bool:
    """Whether the build made something on both sides and it is byte-identical: names, modes and contents.

    What a build made is what lies in the worktree and git does not hold.
    """
    made = [_made(side) for side in (sides.base, sides.candidate)]
    if not made[0] or _outline(sides.base.tree, made[0]) != _outline(sides.candidate.tree, made[1]):
        return False
    return _digest(sides.base.tree, made[0]) == _digest(sides.candidate.tree, made[1])


def _made(side: Side) -> list[Path]:
    if side.built is None:
        return []
    found = []
    for name in Git(side.tree).ask("ls-files", "-z", "--others").split(b"\0"):
        path = Path(os.fsdecode(name))
        if name.endswith(b"/"):  # a repository that the build fetched
            found += [path / inner for inner in _walk(side.tree / path, frozenset((".git",)))]
        elif name:
            found.append(path)
    return sorted(found)


def _outline(tree: Path, names: Iterable[Path]) -> list[tuple[Path, int, int]]:
    """Names, modes and sizes: cheap to tell apart before any content is read."""
    return [(name, state.st_mode, state.st_size) for name in names for state in [(tree / name).lstat()]]


def _walk(root: Path, ignore: frozenset[str]) -> Iterator[Path]:
    for entry in sorted(os.scandir(root), key=lambda entry: entry.name):
        if entry.name in ignore:
            continue
        yield Path(entry.name)
        if entry.is_dir(follow_symlinks=False):
            for inner in _walk(Path(entry.path), ignore):
                yield Path(entry.name) / inner


def _digest(root: Path, names: Iterable[Path]) -> str:
    total = hashlib.blake2b(digest_size=20)
    for name in names:
        path = root / name
        kind, content = _content(path)
        for part in (os.fsencode(name), kind, content):
            total.update(len(part).to_bytes(8, "little") + part)
    return total.hexdigest()


def _content(path: Path) -> tuple[bytes, bytes]:
    """What a path is, and a link's target or a file's hash."""
    if path.is_symlink():
        return b"link", os.fsencode(path.readlink())
    if path.is_dir():
        return b"folder", b""
    if not path.is_file():
        return b"special", b""
    with path.open("rb") as file:
        runs = b"program" if path.stat().st_mode & 0o100 else b"file"
        return runs, hashlib.file_digest(file, "blake2b").digest()
