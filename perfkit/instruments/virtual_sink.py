"""One stretch of blocks on the virtual sink, played by a child (`worker/perfkit_audio/sink.py`)."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from perfkit.instruments.audio_body import Asked, ask
from perfkit.model.launch import Launcher

_NS = 1e9


@dataclass(frozen=True, slots=True, kw_only=True)
class Stretch(Asked):
    """What is to be played, after `floor` blocks of an empty body; so many as `until_misses` end it, unless 0.

    With `core` the thread that plays stays there (threads of the body's own do not), and with `since` blocks are asked
    for whole periods after that, ns of CLOCK_MONOTONIC.
    """

    floor: int = 0
    until_misses: int = 0
    core: int | None = None
    since: int | None = None


@dataclass(frozen=True)
class Blocks:
    """Columns with one entry a block: times in s (`late`: of waking), `waited` in periods from asking to playing."""

    late: NDArray[np.float64]
    wall: NDArray[np.float64]
    cpu: NDArray[np.float64]
    run_delay: NDArray[np.float64]
    finished: NDArray[np.float64]
    waited: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.wall)


@dataclass(frozen=True)
class Played:
    """What was heard of a stretch.

    `missed` and `disturbed` are indices of late blocks, by the rule of `worker/perfkit_audio/sink.py`. `peak` is the
    largest magnitude of the last block, None if it holds something that is not a number. `asked` is when each block was
    asked for, s of CLOCK_MONOTONIC.
    """

    stretch: Stretch
    policy: str
    locked: bool
    python: str
    own_threads: bool
    peak: float | None
    floor: Blocks
    blocks: Blocks
    missed: tuple[int, ...]
    disturbed: tuple[int, ...]
    asked: NDArray[np.float64]

    @property
    def real_time(self) -> bool:
        """Whether the thread was scheduled SCHED_FIFO, as read back."""
        return self.policy == "SCHED_FIFO"

    @cached_property
    def latency(self) -> NDArray[np.float64]:
        """From asking for each undisturbed block until its first frame plays, s: one period where in time."""
        waited = np.delete(self.blocks.waited, list(self.disturbed))
        return (waited if len(waited) else self.blocks.waited).astype(np.float64) * self.stretch.period

    def span(self, block: int) -> tuple[float, float]:
        """From when and until when a block was asked for and played, s of CLOCK_MONOTONIC."""
        asked = float(self.asked[block])
        return asked, asked + int(self.blocks.waited[block]) * self.stretch.period

    @property
    def lost_frames(self) -> int:
        """Frames of silence caused by the missed blocks."""
        return int(sum(self.blocks.waited[k] - 1 for k in self.missed)) * self.stretch.frames


def play(launcher: Launcher, stretch: Stretch) -> Played:
    """Play a stretch in a fresh process. Raises Failed if the body does, TimedOut if it takes too long."""
    report = launcher.tmp / f"virtual-sink-{stretch.frames}.json"
    more = {"floor": stretch.floor, "until_misses": stretch.until_misses, "core": stretch.core, "since": stretch.since}
    told, _ = ask(launcher, "sink", stretch, more, report)
    return _read(stretch, told)


def _read(stretch: Stretch, told: Mapping[str, Any]) -> Played:
    blocks = _blocks(told["blocks"])
    return Played(
        stretch=stretch,
        policy=told["policy"],
        locked=told["locked"],
        python=told["python"],
        own_threads=told["own_threads"],
        peak=told["peak"],
        floor=_blocks(told["floor"]),
        blocks=blocks,
        missed=tuple(told["missed"]),
        disturbed=tuple(told["disturbed"]),
        asked=told["origin"] / _NS + (np.cumsum(blocks.waited) - blocks.waited) * stretch.period,
    )


def _blocks(columns: Mapping[str, list[int]]) -> Blocks:
    times = {name: np.array(values, float) / _NS for name, values in columns.items() if name != "waited"}
    return Blocks(waited=np.array(columns["waited"], np.int64), **times)
