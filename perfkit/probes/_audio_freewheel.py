"""Somebody's JACK client rendered as fast as it goes: jackd's freewheel mode, in which no cycle waits for a clock."""

import numpy as np
from numpy.typing import NDArray

from perfkit.instruments.audio_servers import AudioServer, choose, private_server
from perfkit.instruments.jack_clients import require_client
from perfkit.instruments.jack_watch import Watch, Watched, watch
from perfkit.model.detail import Facts
from perfkit.model.errors import Failed, Invalid
from perfkit.model.launch import Launcher, Measurement
from perfkit.model.units import format_quantity
from perfkit.probes._audio_blocks import Blocks, block_sentence, block_values, curve, histogram
from perfkit.probes._audio_external import External, external_client
from perfkit.probes._audio_observed import Observing
from perfkit.stats.quantiles import harrell_davis

_FLOOR_CYCLES = 2000
_FLOOR_SECONDS = 10.0


def render_client(launcher: Launcher, client: External, what: Observing) -> Measurement:
    """Render a client on a private jackd.

    Raises Skipped without one, Failed where the client dies or has no such ports, Invalid where it plays nothing.
    """
    require_client()
    with private_server(launcher, choose("jack"), rate=what.rate, block=what.block) as server:
        empty = Watch(
            name="perfkit-floor", source=server.record, seconds=_FLOOR_SECONDS, ports_within=1.0,
            freewheel=True, cycles=_FLOOR_CYCLES,
        )  # fmt: skip
        floor = watch(launcher, server, empty).end()
        with external_client(client, launcher, server) as target:
            at_its_output = Watch(
                name="perfkit-watch",
                source=what.output_port,
                seconds=launcher.remaining,
                ports_within=what.ports_within,
                midi=what.midi_port,
                notes=what.notes,
                pid=target.pid if target else 0,
                freewheel=True,
                cycles=what.warmup + what.blocks + 1,
            )
            seen = watch(launcher, server, at_its_output).end()
    if not seen.recorded.any():
        hint = "does it play by itself? otherwise name its midi_port and notes"
        raise Invalid(f"the client is silent: nothing but zeros came out of {what.output_port}", hint=hint)
    if seen.thread is None:
        raise Failed("the client's CPU time cannot be read", hint="freewheeling needs /proc with schedstat")
    blocks = _blocks(seen, what.warmup)
    return Measurement(
        block_values(blocks),
        details=(histogram(blocks), curve(blocks), Facts("audio", _rows(blocks, what, seen, floor, server))),
        run_delay=seen.thread.waited,
    )


def _blocks(seen: Watched, warmup: int) -> Blocks:
    """The cycles that count: how long each took, and what the client's process used meanwhile.

    The server's own clock of the cycle is of no use here: it goes on as if cycles came at their rate.
    """
    return Blocks(
        frames=seen.block,
        rate=seen.rate,
        wall=_cycles(seen)[warmup:],
        cpu=np.diff(seen.cpu)[warmup:],
        took=float(seen.at[-1] - seen.at[warmup]),
    )


def _cycles(seen: Watched) -> NDArray[np.float64]:
    """From when perfkit was done in a cycle until the server, and the client, had come to it again, s."""
    between: NDArray[np.float64] = seen.at[1:] - (seen.at + seen.own)[:-1]
    return between


def _rows(
    blocks: Blocks, what: Observing, seen: Watched, floor: Watched, server: AudioServer
) -> tuple[tuple[str, str], ...]:
    made = f"{len(blocks.wall)} blocks of {blocks.frames} frames at {blocks.rate / 1000:g} kHz"
    empty, own = (format_quantity(harrell_davis(times, 0.5), "s") for times in (_cycles(floor), seen.own))
    return (
        ("result", block_sentence(blocks)),
        ("render", f"{made} of {what.output_port}, {what.warmup} before them not counted"),
        ("server", f"{server.name}, {server.owner}, freewheel"),
        ("scheduling", "not real-time, as JACK has it in freewheel mode"),
        ("block time", "a cycle of the server's, with the client's work in it; CPU time is that of its process"),
        ("floor", f"a cycle without the client p50 {empty}"),
        ("perfkit's own callback", f"p50 {own} more in each cycle"),
    )
