"""A start with a cold page cache: find the files of a program, drop them, and prove that they were read again."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from glob import glob
from pathlib import Path

from perfkit.instruments.command import with_python
from perfkit.instruments.opened_files import TELLS_ITS_CODE, MappedFiles, python_code
from perfkit.instruments.page_cache import DROPPABLE, IN_MEMORY, Dropped, drop, file_system
from perfkit.model.detail import Facts
from perfkit.model.errors import Failed, Invalid, Skipped
from perfkit.model.launch import Exit, Launcher
from perfkit.model.units import counted, format_quantity
from perfkit.probes._startup.start import Start, emptied, told_by_python

_BLOCK = 512
"""B of a block in ru_inblock, whatever the file system's own are; see getrusage(2)."""
_NAMED = 3


def drop_files(start: Start, launcher: Launcher, patterns: tuple[str, ...]) -> Dropped:
    """Start it once to see which files it uses, then drop those and what `patterns` name from the page cache.

    Raises Skipped where the system cannot drop files, Failed where a pattern finds none or the start fails, Invalid
    where most of a file that a pattern names would not go or the program lies in memory.
    """
    if not DROPPABLE:
        raise Skipped('cache = "cold" needs posix_fadvise', hint="measure on Linux")
    named = _named(launcher.root, patterns)
    mapped: set[Path] = set()

    @contextmanager
    def watching(pid: int) -> Iterator[None]:
        with MappedFiles(pid) as watch:
            yield
        mapped.update(watch.files)

    said, _ = told_by_python(start, launcher, TELLS_ITS_CODE, watching)
    emptied(launcher).rmdir()
    executable, words = _of_command(start, launcher)
    found = named | mapped | python_code(said) | words | {executable}
    dropped = drop({file.resolve() for file in found if file.is_file()})
    own = {file for file in dropped.files if file.is_relative_to(launcher.root.resolve())}
    _refuse_in_memory(own | {file.resolve() for file in (*named, executable) if file.is_file()})
    for file in sorted(file.resolve() for file in named):
        if dropped.stayed.get(file, 0) > file.stat().st_size / 2:
            raise Invalid(
                f"the start would not be cold: {file.name} stays in the page cache",
                hint="a process has it mapped, or its file system does not write it back: end that, or leave it out",
            )
    return dropped


def proof(dropped: Dropped, ended: Exit) -> Facts:
    """What was dropped and read again. Raises Invalid where nothing was read: the start was warm, or cannot be told."""
    if not ended.usage.blocks_in:
        raise Invalid(
            f"the start was not cold: nothing was read from a disk, {_why(dropped)}",
            hint='name the files that it reads, cache_files = ["data/**"], or take cache = "warm"',
        )
    rows = [
        ("dropped from the page cache", f"{counted(len(dropped.files), 'file')}, {_size(dropped.size)}"),
        ("read from the disk", _size(ended.usage.blocks_in * _BLOCK)),
    ]
    if dropped.stayed:
        rows.append(("stayed, in use by other processes", f"{_size(sum(dropped.stayed.values()))}: {_held(dropped)}"))
    return Facts("Cold start", tuple(rows))


def _named(root: Path, patterns: tuple[str, ...]) -> set[Path]:
    found: set[Path] = set()
    for pattern in patterns:
        matching = {root / name for name in glob(pattern, root_dir=root, recursive=True)}  # noqa: PTH207 - may be absolute
        if not matching:
            raise Failed(f"cache_files: {pattern!r} finds no file in {root}", hint="globs start at the side's root")
        found |= matching
    return found


def _refuse_in_memory(files: set[Path]) -> None:
    """Raise Invalid where a file system keeps one of these in the page cache alone; one a device is looked at."""
    for file in {file.stat().st_dev: file for file in sorted(files)}.values():
        kind = file_system(file)
        if kind in IN_MEMORY:
            raise Invalid(
                f"the start would not be cold: {file.name} lies on {kind}, which keeps files in memory alone",
                hint='put it on a disk, or take cache = "warm"',
            )


def _of_command(start: Start, launcher: Launcher) -> tuple[Path, set[Path]]:
    """Its executable, and every word that is a file."""
    cwd = launcher.root / start.program.cwd
    first, *words = with_python(start.program.command, launcher.python)
    executable = cwd / first if "/" in first else Path(shutil.which(first) or first)
    return executable, {cwd / word for word in words}


def _why(dropped: Dropped) -> str:
    kinds = {file_system(file) for file in dropped.files if file not in dropped.stayed}
    if not kinds:
        return f"as other processes use all of its files ({_held(dropped)})"
    return f"although {counted(len(dropped.files), 'file')} on {' and '.join(sorted(kinds))} were dropped"


def _held(dropped: Dropped) -> str:
    largest = sorted(dropped.stayed, key=lambda file: -dropped.stayed[file])
    more = len(largest) - _NAMED
    return ", ".join(file.name for file in largest[:_NAMED]) + (f" and {more} more" if more > 0 else "")


def _size(number: int) -> str:
    return format_quantity(float(number), "B")
