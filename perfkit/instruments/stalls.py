"""A stretch on the virtual sink beside a canary on the same core, which tells stalls of the machine from late blocks.

A virtual machine's core can stop for milliseconds, in the middle of a block, and no clock of the guest tells: the time
counts as the program's own CPU time. The canary stands above the audio thread on that core, so that only the machine
can make it late, and what it was late by was taken from the block. It beats when a period is mostly over, and goes on
while it is late: a block that was stalled into lateness is being stalled then, and one that is well in time is done and
not disturbed. Stalls come in bursts of which it sees a part, so a miss close to a long one is the machine's as well.
"""

import os
import time
from dataclasses import replace

from perfkit.instruments.canary import Canary, Perch, canary_beside
from perfkit.instruments.virtual_sink import Played, Stretch, play
from perfkit.model.launch import Launcher

_FIRST, _BEATS, _STEP = 0.6, 3, 0.15
_LATE, _LONG = 0.05, 0.15
_CLOSE = 2
"""All in periods."""


def play_beside_canary(launcher: Launcher, stretch: Stretch) -> Played:
    """Play a stretch; a block that the machine stalled is disturbed, not missed. Raises as `virtual_sink.play` does."""
    if not hasattr(os, "sched_getaffinity"):
        return play(launcher, stretch)
    return excused(*play_and_watch(launcher, stretch))


def play_and_watch(launcher: Launcher, stretch: Stretch) -> tuple[Played, Canary]:
    """A stretch as it was played, and what a canary above it on its core saw. Needs os.sched_getaffinity."""
    core, since = max(os.sched_getaffinity(0)), time.monotonic_ns()
    perch = Perch(core, since + round(_FIRST * stretch.period * 1e9), _BEATS, _STEP, _LATE)
    with canary_beside(launcher, stretch.period, perch) as canary:
        played = play(launcher, replace(stretch, core=core, since=since))
    return played, canary


def excused(played: Played, canary: Canary) -> Played:
    """The same; misses close to a long stall, or in time but for shorter ones, are among the disturbed blocks.

    Nothing is excused without real-time scheduling, or where the program's own threads may have delayed it.
    """
    if not (canary.real_time and played.real_time) or played.own_threads:
        return played
    stalled = tuple(
        block for block in played.missed if _in_time(played, block, canary) or _beside_long(played, block, canary)
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


def _beside_long(played: Played, block: int, canary: Canary) -> bool:
    period = played.stretch.period
    asked, _ = played.span(block)
    begin, end = asked - _CLOSE * period, asked + float(played.blocks.finished[block]) + _CLOSE * period
    return any(woke - due > _LONG * period and due <= end and woke >= begin for due, woke in canary.late)
