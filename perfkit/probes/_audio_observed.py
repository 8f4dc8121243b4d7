"""Somebody's client observed from outside while it plays, beside a canary."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from perfkit.instruments.audio_servers import AudioServer
from perfkit.instruments.jack_watch import Watch, Watched, watch
from perfkit.instruments.virtual_sink import Blocks, Played, Stretch
from perfkit.model.errors import Failed, Invalid
from perfkit.model.launch import Launcher
from perfkit.model.units import format_quantity
from perfkit.probes._audio import cpu_sentence
from perfkit.probes._audio_cycles import Grid, Held, grid, hold, lateness
from perfkit.probes._audio_external import External, external_client

_MARGIN = 0.1
"""Seconds that are watched beyond the blocks that count."""
_CANARY_WITHIN = 1.0
_SPARE = 10.0
_FEWEST = 10
_HANGS = 0.25
"""Seconds without a block at the end, while the server goes on: no client is so late that will ever play again."""
_ALONE = 0.9
"""Of the process's CPU time: where its audio thread used so much, the others hardly did anything."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Observing:
    """What of a client is observed: `blocks` blocks of `block` frames at `output_port`, after `warmup` uncounted ones.

    `notes` (channel and MIDI note) are held at its `midi_port` meanwhile. With `core` the thread of a client that was
    started here and that the server calls is kept there.
    """

    output_port: str
    blocks: int
    warmup: int
    block: int
    rate: int
    ports_within: float
    midi_port: str = ""
    notes: tuple[tuple[int, int], ...] = ()
    core: int | None = None

    @property
    def seconds(self) -> float:
        """How long its output is watched."""
        return (self.warmup + self.blocks) * self.block / self.rate + _MARGIN


@dataclass(frozen=True)
class Observed:
    """What was `seen` at the client's output and by the `canary`, in which cycles, and what its blocks come to."""

    played: Played
    seen: Watched
    canary: Watched
    cycles: Grid
    held: Held

    @property
    def kept(self) -> bool:
        """Whether the thread that the server calls was kept on a core."""
        return self.seen.thread is not None and self.seen.thread.kept

    @property
    def waited(self) -> float | None:
        """How long the thread that the server calls waited for a core, s; None where it is not known."""
        return self.seen.thread.waited if self.seen.thread else None


def observe(launcher: Launcher, server: AudioServer, client: External, what: Observing) -> Observed:
    """Start the client, if there is a command, and observe it.

    Raises Failed where it dies, has no such ports or hardly delivers, Invalid where it plays nothing.
    """
    with external_client(client, launcher, server) as target:
        longest = what.seconds + what.ports_within + _SPARE
        beside = Watch(name="perfkit-canary", source=server.record, seconds=longest, ports_within=_CANARY_WITHIN)
        canary_watching = watch(launcher, server, beside)
        canary_watching.begun()
        at_its_output = Watch(
            name="perfkit-watch",
            source=what.output_port,
            seconds=what.seconds,
            ports_within=what.ports_within,
            link=(what.output_port, server.play) if server.play else (),
            midi=what.midi_port,
            notes=what.notes,
            pid=target.pid if target else 0,
            core=what.core,
        )
        seen = watch(launcher, server, at_its_output).end()
        canary = canary_watching.end(now=True)
    if not seen.recorded.any():
        raise Invalid(
            f"the client is silent: nothing but zeros came out of {what.output_port}",
            hint="does it play by itself? otherwise name its midi_port and notes",
        )
    everything = grid(canary)
    _check_to_the_end(seen, everything, what)
    first = max(everything.starts[0], seen.at[0]) + what.warmup * canary.period
    cycles = everything.between(first, min(everything.starts[-1], seen.at[-1]))
    held = hold(cycles, seen.at, _waited(seen))
    if len(held.entries) < _FEWEST:
        raise Failed(
            f"{what.output_port} delivered only {len(held.entries)} blocks in {what.seconds:.3g} s",
            hint="it is far too slow for this, or hangs",
        )
    return Observed(_played(what.output_port, seen, canary, held), seen, canary, cycles, held)


def _check_to_the_end(seen: Watched, everything: Grid, what: Observing) -> None:
    """Raises Failed where the client stopped delivering before the end, although the server still began cycles."""
    end = seen.at[0] + what.seconds
    after = everything.ran & (everything.starts > seen.at[-1]) & (everything.starts < end)
    if after.sum() * everything.period > _HANGS:
        raise Failed(
            f"{what.output_port} delivered nothing more after {seen.at[-1] - seen.at[0]:.3g} of {what.seconds:.3g} s",
            hint="the client hangs, or its process callback ended: see what it says when it is run by hand",
        )


def cpu_rows(observed: Observed) -> tuple[tuple[str, str], ...]:
    """The client's CPU time in words: of its process in each block, and of the thread that the server calls."""
    thread = observed.seen.thread
    if thread is None:
        return ()
    used = thread.used / len(observed.seen.at)
    mean, share = format_quantity(used, "s"), used / observed.canary.period
    of_it = f"of it the audio thread ({thread.name}) {mean} on average, {100 * share:.0f} % of the period"
    return (("CPU of the process", f"{cpu_sentence(observed.played.blocks)}; {of_it}"),)


def floor_of(canary: Watched) -> Blocks:
    """The canary's own cycles, which are those of an empty callback."""
    late = lateness(canary.at, canary.frame, canary.rate)
    finished = late + canary.own
    nothing = np.zeros(len(canary.own))
    waited = 1 + (finished > canary.period).astype(np.int64)
    return Blocks(late, canary.own, nothing, nothing, finished, waited)


def _waited(seen: Watched) -> NDArray[np.float64] | None:
    """How long the client's thread waited for a core in each block, s; None where it was not the machine's doing alone.

    That is where other threads of the client, which may have held it up, do much of its work.
    """
    if seen.thread is None or seen.thread.used < _ALONE * (seen.cpu[-1] - seen.cpu[0]):
        return None
    return np.diff(seen.waited, prepend=seen.waited[0])


def _played(port: str, seen: Watched, canary: Watched, held: Held) -> Played:
    nothing = np.zeros(len(held.entries))
    cpu = np.diff(seen.cpu, prepend=seen.cpu[0])[held.entries] if len(seen.cpu) else nothing
    return Played(
        stretch=Stretch(body=port, arguments={}, frames=seen.block, rate=seen.rate, blocks=len(held.entries)),
        policy="SCHED_FIFO" if seen.real_time and canary.real_time else "non-RT",
        locked=False,
        python="",
        own_threads=False,
        peak=float(np.abs(seen.recorded).max()),
        floor=floor_of(canary),
        blocks=Blocks(held.late, held.finished, cpu, nothing, held.finished, held.waited),
        missed=held.missed,
        disturbed=held.disturbed,
        asked=held.begin,
    )
