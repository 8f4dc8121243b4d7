"""What of a client's waiting for a core was the machine's doing."""

from dataclasses import replace

import numpy as np
import pytest

from perfkit.instruments.jack_watch import Called, Watched
from perfkit.model.errors import Failed
from perfkit.probes._audio_cycles import Grid
from perfkit.probes._audio_observed import Observing, _check_to_the_end, _waited

CYCLES = 10


def seen(thread, process):
    """Ten cycles in which the audio thread used `thread` s, and its process `process` s."""
    nothing = np.zeros(CYCLES)
    return Watched(
        rate=48_000, block=128, real_time=True, xruns=0, at=nothing, frame=np.zeros(CYCLES, np.int64),
        own=nothing, recorded=np.zeros((CYCLES, 128), np.float32), cpu=np.linspace(5.0, 5.0 + process, CYCLES),
        waited=np.array([2.0] * 4 + [2.5] * 6), thread=Called("audio", thread, 0.5, kept=True) if thread else None,
    )  # fmt: skip


def test_waiting_is_told_block_by_block():
    assert _waited(seen(0.95, 1.0)) == pytest.approx([0, 0, 0, 0, 0.5, 0, 0, 0, 0, 0])


def test_nothing_is_excused_where_other_threads_of_the_client_may_have_held_it_up():
    assert _waited(seen(0.5, 1.0)) is None


def test_nothing_is_known_of_a_client_that_runs_already():
    assert _waited(seen(0.0, 0.0)) is None


def until(last, *, ran=True):
    """A client that is watched for 2.1 s and was last heard at `last` s; the canary ran, or not, after it."""
    period = 128 / 48_000
    starts = np.arange(0, 3, period)
    what = Observing(output_port="c:o", blocks=750, warmup=0, block=128, rate=48_000, ports_within=1)
    watched = replace(seen(0.95, 1.0), at=np.linspace(0.0, last, CYCLES))
    _check_to_the_end(watched, Grid(period, starts, starts * 0, (starts <= last) | ran), what)


def test_a_client_must_play_to_the_end_if_the_server_does():
    until(2.1)
    until(1.9)
    until(1.0, ran=False)
    with pytest.raises(Failed, match=r"c:o delivered nothing more after 1 of 2\.1 s"):
        until(1.0)
