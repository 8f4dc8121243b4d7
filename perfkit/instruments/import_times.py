"""How long a Python's imports took, as it tells with PYTHONPROFILEIMPORTTIME (`-X importtime`)."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

TELLS_ITS_IMPORTS: Final = ("-Ximporttime", "PYTHONPROFILEIMPORTTIME")
"""The option, and the variable, with which a Python tells on stderr how long each import took."""

_LINE = re.compile(r"import time: +(\d+) \| +(\d+) \| ((?:  )*)(\S+)")


@dataclass(frozen=True, slots=True)
class Import:
    """A module's import in s: its `own` part, the `total` with what it imported first, and those."""

    name: str
    own: float
    total: float
    inner: tuple["Import", ...] = ()

    def walk(self) -> Iterator["Import"]:
        """It and all below it."""
        yield self
        for each in self.inner:
            yield from each.walk()


def read_imports(stderr: str) -> tuple[Import, ...]:
    """The imports that no other import caused, each with those that it caused; in the order in which they ended.

    A Python tells an import when it has ended, so after what it caused, and indents it by how deep it stood.
    """
    open_at: dict[int, list[Import]] = {}
    for own, total, indent, name in _LINE.findall(stderr):
        depth = len(indent) // 2
        inner = tuple(open_at.pop(depth + 1, ()))
        open_at.setdefault(depth, []).append(Import(name, int(own) / 1e6, int(total) / 1e6, inner))
    return tuple(open_at.get(0, ()))
