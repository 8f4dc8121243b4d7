"""Which benchmarks are meant: by path, id, `-k` expression and tag."""

import difflib
import os
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from perfkit.loading.conditions import holds
from perfkit.loading.keywords import parse_keyword
from perfkit.model.errors import UsageError
from perfkit.model.scenario import Benchmark


@dataclass(frozen=True, slots=True)
class Selection:
    """What the command line asked for; empty means everything the configuration names.

    `server` is the audio server for scenarios that leave theirs open.
    """

    select: tuple[str, ...] = ()
    keyword: str = ""
    tags: tuple[str, ...] = ()
    server: str = ""

    @property
    def everything(self) -> bool:
        """Whether nothing is left out."""
        return not (self.select or self.keyword or self.tags)

    def paths(self, start: Path) -> tuple[Path, ...]:
        """The files and folders that it names for certain, relative to the folder `start`; a bare word is a name."""
        places = [start / word.partition("::")[0] for word in self.select if _looks_like_a_path(word)]
        return tuple(path.resolve() for path in places if path.exists())

    def folders(self, start: Path) -> tuple[Path, ...]:
        """The folders that bare words name where no scenario has that name."""
        words = [start / word for word in self.select if not _looks_like_a_path(word)]
        return tuple(path.resolve() for path in words if path.is_dir())


def choose(benchmarks: Sequence[Benchmark], selection: Selection, start: Path) -> tuple[Benchmark, ...]:
    """The benchmarks meant, in order. Raises UsageError for a word that matches nothing, or if nothing is left."""
    chosen = tuple(benchmarks)
    if selection.select:
        matches = [_matching(word, benchmarks, start) for word in selection.select]
        chosen = tuple(b for b in benchmarks if any(b in match for match in matches))
    if selection.keyword:
        expression = parse_keyword(selection.keyword)
        chosen = tuple(b for b in chosen if expression(b.id))
    if selection.tags:
        chosen = tuple(b for b in chosen if set(selection.tags) & set(b.tags))
    if not chosen and benchmarks:
        raise UsageError("nothing is selected", hint="perfkit list shows every benchmark with its tags")
    return chosen


def _matching(word: str, benchmarks: Sequence[Benchmark], start: Path) -> list[Benchmark]:
    place, separator, name = word.partition("::")
    path = (start / place).resolve()
    there = [b for b in benchmarks if b.source.file == path or path in b.source.file.parents]
    if separator:
        return _some(_named(name, there), word, benchmarks)
    if _looks_like_a_path(word):
        return _some(there, word, benchmarks)
    return _some(_named(word, benchmarks) or there, word, benchmarks)


def _looks_like_a_path(word: str) -> bool:
    place, separator, _ = word.partition("::")
    parts = place.partition("[")[0]
    return (
        bool(separator) or "/" in parts or os.sep in parts or place in {".", ".."} or place.endswith((".toml", ".py"))
    )


def _named(name: str, benchmarks: Sequence[Benchmark]) -> list[Benchmark]:
    return [b for b in benchmarks if name in {b.id, b.scenario} or _by_params(name, b)]


def _by_params(word: str, benchmark: Benchmark) -> bool:
    match = re.fullmatch(r"([^\[]+)\[(.+)\]", word)
    return match is not None and match[1] == benchmark.scenario and holds(match[2], benchmark.params)


def _some(found: list[Benchmark], word: str, benchmarks: Sequence[Benchmark]) -> list[Benchmark]:
    if not found:
        near = difflib.get_close_matches(word, [b.id for b in benchmarks] + [b.scenario for b in benchmarks], n=1)
        hint = f"did you mean {near[0]!r}?" if near else "perfkit list shows every benchmark"
        raise UsageError(f"{word!r} names no benchmark and no scenario file", hint=hint)
    return found
