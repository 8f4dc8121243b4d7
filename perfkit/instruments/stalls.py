"""A stretch of blocks beside a canary on the same core, which tells stalls of the machine from late blocks.

A virtual machine's core can stop for milliseconds, in the middle of a block, and no clock of the guest tells: the time
counts as the program's own CPU time. The canary stands above the audio thread on that core, so that only the machine
can make it late, and what it was late by was taken from the block. It beats when a period is mostly over, and goes on
while it is late: a block that was stalled into lateness is being stalled then, and one that is well in time is done and
not disturbed. Close to its limit a program is watched all the time, at the price of some blocks that take a little
longer. Stalls come in bursts of which the canary sees a part, so a miss close to a long one, or amid several, is the
machine's as well, unless it is late by far more than they can have cost.
"""

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import numpy as np

from perfkit.instruments.canary import Canary, Perch, canary_beside
from perfkit.instruments.virtual_sink import Played, Stretch, play
from perfkit.model.launch import Launcher

_FIRST, _BEATS, _STEP = 0.6, 3, 0.15
_FIRST_OF_ALL, _BEATS_OF_ALL, _STEP_OF_ALL = 0.1, 5, 0.2
_LATE, _LONG, _MUCH = 0.05, 0.15, 0.35
_CLOSE = 2
"""All in periods."""
_LATE_AT_MOST = 60e-6
"""s; above what waking takes by itself, whatever the period."""
_LEAST_DISTURBED = 0.05
"""The share of the blocks by which a program's own time is told."""
_UNSEEN = 4.0
"""Times what the canary saw: as much, and a period, can stalls close to a block have cost it."""


def play_beside_canary(launcher: Launcher, stretch: Stretch) -> Played:
    """Play a stretch; a block that the machine stalled is disturbed, not missed. Raises as `virtual_sink.play` does."""
    if not hasattr(os, "sched_getaffinity"):
        return play(launcher, stretch)
    since = time.monotonic_ns()
    with canary_beside(launcher, stretch.period, _perch(stretch.period, since, _FIRST, _BEATS, _STEP)) as canary:
        played = play(launcher, replace(stretch, core=canary.core, since=since))
    return excused(played, canary)


@contextmanager
def core_watched(launcher: Launcher, period: float) -> Iterator[Canary]:
    """A canary above the audio threads of a `core`, all the time, where blocks of `period` s are to be played.

    Where threads cannot be kept on a core there is none: its `core` is None, and it excuses nothing.
    """
    if not hasattr(os, "sched_getaffinity"):
        yield Canary(period)
        return
    perch = _perch(period, time.monotonic_ns(), _FIRST_OF_ALL, _BEATS_OF_ALL, _STEP_OF_ALL)
    with canary_beside(launcher, period, perch) as canary:
        yield canary


def _perch(period: float, since: int, first: float, beats: int, step: float) -> Perch:
    late = min(_LATE, _LATE_AT_MOST / period)
    return Perch(max(os.sched_getaffinity(0)), since + round(first * period * 1e9), beats, step, late)


def excused(played: Played, canary: Canary) -> Played:
    """The same; misses amid stalls, or in time but for them, are among the disturbed blocks.

    Nothing is excused without real-time scheduling, where the program's own threads may have delayed it, or where even
    its fastest blocks take longer than a period.
    """
    if not (canary.real_time and played.real_time) or played.own_threads or _overloaded(played):
        return played
    stalled = tuple(
        block for block in played.missed if _in_time(played, block, canary) or _amid_stalls(played, block, canary)
    )
    return replace(
        played,
        missed=tuple(block for block in played.missed if block not in stalled),
        disturbed=tuple(sorted((*played.disturbed, *stalled))),
    )


def _in_time(played: Played, block: int, canary: Canary) -> bool:
    blocks = played.blocks
    asked, _ = played.span(block)
    woken, finished = asked + float(blocks.late[block]), asked + float(blocks.finished[block])
    lost = float(blocks.late[block]) + float(blocks.run_delay[block]) + canary.stalled(woken, finished)
    return finished - asked - lost <= played.stretch.period


def _amid_stalls(played: Played, block: int, canary: Canary) -> bool:
    period = played.stretch.period
    asked, _ = played.span(block)
    begin, end = asked - _CLOSE * period, asked + float(played.blocks.finished[block]) + _CLOSE * period
    stalls = [woke - due for due, woke in canary.late if due <= end and woke >= begin]
    if float(played.blocks.finished[block]) - period > period + _UNSEEN * sum(stalls):
        return False
    return max(stalls, default=0.0) > _LONG * period or sum(stalls) > _MUCH * period


def _overloaded(played: Played) -> bool:
    """Whether even its fastest blocks, waiting for a core left out, take longer than a period: working or sleeping."""
    if not len(played.blocks):
        return False
    own = np.maximum(played.blocks.cpu, played.blocks.wall - played.blocks.run_delay)
    return bool(np.quantile(own, _LEAST_DISTURBED) > played.stretch.period)
