"""Launches of this repository's audio probes, as all tests of audio make them."""

import itertools
import os
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from perfkit.instruments.process import LauncherClient, SideLauncher
from perfkit.model.errors import Invalid
from perfkit.model.launch import Measurement
from perfkit.probes import build

ROOT = Path(__file__).parents[2]
SHARED_MEMORY = Path("/dev/shm")
INSTALL = {
    "pipewire": "apt-get install pipewire pipewire-jack",
    "jack": "apt-get install jackd2",
    "auto": "apt-get install pipewire pipewire-jack (or jackd2)",
}
TRIES = 5
_SEEDS = itertools.count(11)


@contextmanager
def one_launch() -> Iterator[SideLauncher]:
    """A launch in this repository; its tmp is short enough for the path of a socket."""
    with (
        tempfile.TemporaryDirectory() as tmp,
        LauncherClient.open() as client,
        client.launch(root=ROOT, python=sys.executable, tmp=Path(tmp), seed=next(_SEEDS), timeout=120) as launcher,
    ):
        yield launcher


def measure(kind: str, accept: Callable[[Measurement], bool] = lambda _: True, **settings: Any) -> Measurement:
    """One launch; again, four times at most, where the machine disturbed it or `accept` says that it did."""
    probe = build(kind, settings)
    for number in range(TRIES):
        last = number == TRIES - 1
        try:
            with one_launch() as launcher:
                measurement = probe.measure(launcher)
        except Invalid:
            if last:
                raise
            continue
        if last or accept(measurement):
            break
    return measurement


def facts(measurement: Measurement) -> dict[str, str]:
    """What a launch tells in words."""
    return dict(next(detail for detail in measurement.details if getattr(detail, "title", "") == "audio").rows)


def ours() -> set[Path]:
    """What the servers of this process have in shared memory under their name."""
    return {path for path in SHARED_MEMORY.iterdir() if f"perfkit-{os.getpid()}_" in path.name}
