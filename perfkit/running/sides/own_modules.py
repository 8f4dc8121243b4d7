"""Which Python modules a project itself defines, by looking at its folders."""

from collections.abc import Iterator
from pathlib import Path

INCIDENTAL = frozenset(
    (
        *("benchmarks", "docs", "examples", "scenarios", "scripts", "test", "tests", "tools"),
        *("conftest", "fabfile", "noxfile", "setup", "tasks", "versioneer"),
    )
)
"""Names at a project's top that are not what it ships; other projects have installed theirs under the same names."""

_SUFFIXES = frozenset((".py", ".pyx", ".so", ".pyd"))
_DEEPEST = 4
"""How many folders without `__init__.py` a namespace is followed down."""


def own_modules(*folders: Path) -> frozenset[str]:
    """The names of modules and packages that lie directly in one of `folders`.

    In a folder named `src` a folder without `__init__.py` is a namespace, and what it holds is named with dots.
    """
    return frozenset(name for folder in folders if folder.is_dir() for name in _modules(folder))


def _modules(folder: Path) -> Iterator[str]:
    for path in folder.iterdir():
        name = path.name.partition(".")[0]
        if not name.isidentifier() or name in INCIDENTAL:
            continue
        if path.is_dir() and (path / "__init__.py").exists():
            yield name
        elif path.is_dir() and folder.name == "src":
            yield from _within(path, name, _DEEPEST)
        elif path.suffix in _SUFFIXES and path.is_file() and name != "__init__":
            yield name


def _within(namespace: Path, dotted: str, deepest: int) -> Iterator[str]:
    for path in namespace.iterdir():
        name = path.name.partition(".")[0]
        if not name.isidentifier() or path.is_symlink():
            continue
        if (path.is_dir() and (path / "__init__.py").exists()) or (path.suffix in _SUFFIXES and path.is_file()):
            yield f"{dotted}.{name}"
        elif path.is_dir() and deepest:
            yield from _within(path, f"{dotted}.{name}", deepest - 1)
