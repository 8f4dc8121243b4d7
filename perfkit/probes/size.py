"""Probe `size`: bytes of built files, raw and as a browser would fetch them."""

import gzip
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path, PurePath
from typing import ClassVar

from perfkit.model.detail import Facts
from perfkit.model.errors import Failed
from perfkit.model.launch import Launcher, Measurement
from perfkit.model.metric import Kind, Metric
from perfkit.model.units import format_quantity

_SHOWN = 20
_DEFLATE = "zlib-ng" if "zlib-ng" in zlib.ZLIB_RUNTIME_VERSION else "zlib"
"""zlib-ng's streams differ in length from zlib's, so the two never compare."""


@dataclass(frozen=True, slots=True)
class _Weight:
    """One file's bytes: as it is, by gzip -9 and by brotli at quality 11."""

    name: str
    raw: int
    gzip: int
    brotli: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    """Sums over the files that the globs `files` find from the side's root, less those that `exclude` finds.

    A file counts once, however many names lead to it; symbolic links count as what they lead to, but `**` does not
    descend into linked folders.
    """

    kind: ClassVar[str] = "size"

    files: tuple[str, ...]
    exclude: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if not self.files:
            raise ValueError("files is empty; give globs such as 'dist/**/*.js'")
        for pattern in (*self.files, *self.exclude):
            path = PurePath(pattern)
            if not pattern or path.is_absolute() or ".." in path.parts:
                raise ValueError(f"{pattern!r} does not stay within the side's root; give a relative glob")

    @property
    def metrics(self) -> tuple[Metric, ...]:
        """The sums, exact to the byte."""
        return (
            Metric("raw", "B", kind=Kind.DETERMINISTIC, description="bytes on disk"),
            Metric("gzip", "B", kind=Kind.DETERMINISTIC, method=_DEFLATE, description="after gzip -9, file by file"),
            Metric("brotli", "B", kind=Kind.DETERMINISTIC, description="after brotli at quality 11, file by file"),
        )

    def measure(self, launcher: Launcher) -> Measurement:
        """Weigh the files; starts nothing. Raises Failed where no file matches or all are empty."""
        files = _matching(launcher.root, self.files, self.exclude)
        patterns = ", ".join(self.files)
        if not files:
            hint = "build first ([build] command), or check the globs: they start from the side's root"
            raise Failed(f"no file matches {patterns} in {launcher.root}", hint=hint)
        weights = [_weigh(name, path) for name, path in files.items()]
        if not sum(weight.raw for weight in weights):
            raise Failed(f"every file that matches {patterns} is empty", hint="look at what the build wrote")
        values = {name: float(sum(getattr(weight, name) for weight in weights)) for name in ("raw", "gzip", "brotli")}
        return Measurement(values, details=(_table(weights),))


def _matching(root: Path, files: Sequence[str], exclude: Sequence[str]) -> dict[str, Path]:
    """Relative name → path, sorted by name."""
    found = {path for pattern in files for path in root.glob(pattern) if path.is_file()}
    found -= {path for pattern in exclude for path in root.glob(pattern)}
    by_target = {path.resolve(): path for path in sorted(found, reverse=True)}
    return {path.relative_to(root).as_posix(): path for path in sorted(by_target.values())}


def _weigh(name: str, path: Path) -> _Weight:
    import brotli

    data = path.read_bytes()
    return _Weight(name, len(data), len(gzip.compress(data, 9, mtime=0)), len(brotli.compress(data, quality=11)))


def _table(weights: Sequence[_Weight]) -> Facts:
    largest = sorted(weights, key=lambda weight: (-weight.raw, weight.name))
    rows = [(weight.name, _row(weight)) for weight in largest[:_SHOWN]]
    if left := largest[_SHOWN:]:
        rows.append((f"{len(left)} smaller files", format_quantity(sum(weight.raw for weight in left), "B")))
    return Facts("Largest files: raw, gzip, brotli", tuple(rows))


def _row(weight: _Weight) -> str:
    return " · ".join(format_quantity(number, "B") for number in (weight.raw, weight.gzip, weight.brotli))
