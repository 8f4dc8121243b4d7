"""Counting the instructions of a program: by the processor's own counters, or in valgrind to the digit."""

import os
import re
import shutil
import signal
import subprocess
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Literal

from perfkit.instruments.cpu import read_tree, tree
from perfkit.model.errors import Failed, Skipped
from perfkit.model.launch import Exit, Target

Method = Literal["perf", "valgrind"]

_PERF = ("perf", "stat", "-x", ",", "-e", "instructions:u")
_VALGRIND = (
    *("valgrind", "--tool=cachegrind", "--cache-sim=no", "--cachegrind-out-file=/dev/null"),
    "--trace-children=yes",
)
_FIXED_LAYOUT = ("setarch", "-R")
_TOTAL = re.compile(r"I +refs: +([\d,]+)")
_COUNTED_BY_PERF = re.compile(r"^(\d+),[^,]*,[^,]*instructions", re.MULTILINE)
_INSTALL = "apt-get install valgrind"
_RESTLESS = 2.0
_LOOK_EVERY = 0.05


@dataclass(frozen=True, slots=True)
class Counter:
    """A way to count, for a program and its descendants, in user mode.

    `perf` scatters by the interrupts that came; `valgrind` gives the same digits for the same work, but a child that
    forks and does not exec begins with its parent's count.
    """

    method: Method

    def command(self, command: Sequence[str], folder: Path) -> tuple[str, ...]:
        """What to run instead of `command`, at fixed addresses where the system allows it; counts go to `folder`."""
        fixed = _FIXED_LAYOUT if can_fix_layout() else ()
        if self.method == "perf":
            return (*fixed, *_PERF, "-o", str(folder / "perf"), "--", *command)
        return (*fixed, *_VALGRIND, f"--log-file={folder}/valgrind-%p", *command)

    def end(self, target: Target, patience: float) -> Exit:
        """End a program that stays, which may take `patience` s, so that its count is still told.

        It is left alone until it is at rest, for 2 s at most, or where it was interrupted would be counted.
        """
        _wait_for_rest(target.pid, min(patience, _RESTLESS))
        if self.method == "valgrind":
            return target.stop(patience)
        for pid in tree(target.pid)[1:]:  # perf itself has to outlive it
            with suppress(OSError):
                os.kill(pid, signal.SIGTERM)
        return replace(target.wait(patience), stopped=True)

    def read(self, folder: Path) -> tuple[int, int]:
        """What was counted, and in how many processes (0: perf does not tell). Raises Failed where nothing was."""
        pattern, files = (_COUNTED_BY_PERF, "perf") if self.method == "perf" else (_TOTAL, "valgrind-*")
        texts = [file.read_text(encoding="utf-8", errors="replace") for file in sorted(folder.glob(files))]
        counts = [int(found.replace(",", "")) for text in texts for found in pattern.findall(text)]
        if not counts:
            said = " ".join(texts).strip().splitlines()
            raise Failed(
                f"{self.method} counted no instructions{': ' + said[-1] if said else ''}",
                hint="it was killed, or left before its end was told",
            )
        return sum(counts), len(counts) if self.method == "valgrind" else 0


def find_counter(wanted: Method | Literal[True]) -> Counter:
    """The counter asked for; True takes the processor's counters where they exist, else valgrind.

    Raises Skipped where this machine has it not, with what to install.
    """
    if wanted is not True and not _available(wanted):
        missing = "the processor's counters cannot be read here" if wanted == "perf" else "valgrind is not installed"
        other = _INSTALL if wanted == "valgrind" else 'instructions = "valgrind" needs no counters'
        raise Skipped(f"instructions: {missing}", hint=other)
    for method in ("perf", "valgrind") if wanted is True else (wanted,):
        if _available(method):
            return Counter(method)
    raise Skipped("instructions: neither the processor's counters nor valgrind are here", hint=_INSTALL)


def _wait_for_rest(pid: int, patience: float) -> None:
    """Return when the processes of a tree used no CPU between two looks, or after `patience` s."""
    deadline, before = time.monotonic() + patience, None
    while (used := dict(read_tree(pid).used)) != before and time.monotonic() < deadline:
        before = used
        time.sleep(_LOOK_EVERY)


def _available(method: Method) -> bool:
    return shutil.which("valgrind") is not None if method == "valgrind" else _perf_counts()


@cache
def _perf_counts() -> bool:
    """Whether perf exists, may read the counters, and the processor, often a virtual one, has them."""
    if shutil.which("perf") is None:
        return False
    told = subprocess.run([*_PERF, "true"], capture_output=True, text=True, check=False)
    return told.returncode == 0 and _COUNTED_BY_PERF.search(told.stderr) is not None


@cache
def can_fix_layout() -> bool:
    """Whether addresses can be kept from being drawn by lot; containers often forbid personality(2)."""
    if shutil.which(_FIXED_LAYOUT[0]) is None:
        return False
    return subprocess.run([*_FIXED_LAYOUT, "true"], capture_output=True, check=False).returncode == 0
