"""Deadlines on a server: a body as its client, or somebody's client observed from outside, beside a canary."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from perfkit.instruments.audio_servers import AudioServer, ServerKind, choose, private_server
from perfkit.instruments.jack_body import Calls, Performed, perform
from perfkit.instruments.jack_clients import require_client
from perfkit.instruments.jack_watch import Watch, Watched, watch
from perfkit.instruments.virtual_sink import Blocks, Played, Stretch
from perfkit.model.errors import Failed, Invalid
from perfkit.model.launch import Launcher, Measurement
from perfkit.model.units import format_quantity
from perfkit.probes._audio import Venue, block_details, block_values, body_rows, silence
from perfkit.probes._audio_cycles import Grid, Held, audible, grid, hold, lateness
from perfkit.probes._audio_format import caveats
from perfkit.probes._audio_observed import cpu_rows, observe
from perfkit.probes._deadline_settings import DeadlineSettings
from perfkit.signal.joints import glitches
from perfkit.stats.quantiles import harrell_davis

_SPARE = 30.0
"""Seconds that the body may take to be loaded, while the canary watches already."""
_CANARY_WITHIN = 1.0
_FEWEST = 0.5


def play_body(probe: DeadlineSettings, kind: ServerKind, launcher: Launcher) -> Measurement:
    """Play the probe's body as a client of a private server. Raises Failed where it cannot be played."""
    stretch = probe.stretch
    with private_server(launcher, kind, rate=probe.rate, block=probe.block) as server:
        on = body_on(launcher, server, stretch, floor=probe.floor)
    played = on.played
    if played.peak is None:
        raise Failed(f"{probe.body} wrote values that are not finite", hint="look for an unstable filter or 0 / 0")
    extra = _heard(on.canary, on.cycles) | {"server_xruns": float(on.performed.xruns)}
    return _measurement(
        probe, played, server, on.canary, extra, body_rows(played), float(played.blocks.run_delay.sum())
    )


@dataclass(frozen=True)
class OnServer:
    """What a body and the `canary` beside it did, in which cycles, and what its blocks come to."""

    played: Played
    performed: Performed
    canary: Watched
    cycles: Grid
    held: Held


def body_on(launcher: Launcher, server: AudioServer, stretch: Stretch, floor: float) -> OnServer:
    """A stretch of a body as a client of `server`, on the stretch's core if it has one, with a canary beside it."""
    longest = floor + (stretch.warmup + stretch.blocks) * stretch.period + _SPARE
    beside = Watch(name="perfkit-canary", source=server.record, seconds=longest, ports_within=_CANARY_WITHIN)
    watching = watch(launcher, server, beside)
    watching.begun()
    performed = perform(launcher, server, stretch, floor).end()
    canary = watching.end(now=True)
    calls = performed.blocks
    if len(calls.at) < _FEWEST * stretch.blocks and not (performed.xruns or performed.given_up):
        raise Invalid(f"the server called the body only {len(calls.at)} times", hint="did the server stop?")
    begin = calls.at[min(stretch.warmup, len(calls.at) - 1)]
    cycles = grid(canary).between(begin, calls.delivered[-1])
    held = hold(cycles, calls.delivered, calls.run_delay)
    return OnServer(_played_body(stretch, performed, held), performed, canary, cycles, held)


def observe_client(probe: DeadlineSettings, launcher: Launcher) -> Measurement:
    """Observe somebody's client at its output. Raises Failed where it dies or has no such ports."""
    require_client()
    kind = choose(probe.wanted)
    with private_server(launcher, kind, rate=probe.rate, block=probe.block) as server:
        observed = observe(launcher, server, probe, probe.observing(probe.blocks))
    canary = observed.canary
    extra = _heard(canary if server.record else observed.seen, observed.cycles) | {"server_xruns": float(canary.xruns)}
    return _measurement(probe, observed.played, server, canary, extra, cpu_rows(observed), observed.waited)


def _heard(canary: Watched, cycles: Grid) -> dict[str, float]:
    """Audible glitches in what the canary recorded within these cycles."""
    begun = canary.at - lateness(canary.at, canary.frame, canary.rate)
    inside = (begun >= cycles.starts[0] - cycles.period / 2) & (begun <= cycles.starts[-1] + cycles.period / 2)
    ran = np.ones(int(inside.sum()), bool) if cycles.ran.sum() != inside.sum() else cycles.ran
    found = glitches(canary.recorded[inside].ravel().astype(np.float64), canary.block)
    return {"glitches": float(audible(found, ran))}


def _played_body(stretch: Stretch, performed: Performed, held: Held) -> Played:
    calls, entries = performed.blocks, held.entries
    blocks = Blocks(
        late=held.late,
        wall=calls.wall[entries],
        cpu=calls.cpu[entries],
        run_delay=calls.run_delay[entries],
        finished=held.finished,
        waited=held.waited,
    )
    return Played(
        stretch=stretch,
        policy=performed.policy,
        locked=performed.locked,
        python=performed.python,
        own_threads=performed.own_threads,
        peak=performed.peak,
        floor=_floor(performed.floor, stretch),
        blocks=blocks,
        missed=tuple(sorted((*held.missed, *held.disturbed))) if performed.own_threads else held.missed,
        disturbed=() if performed.own_threads else held.disturbed,
        asked=held.begin,
    )


def _floor(calls: Calls, stretch: Stretch) -> Blocks:
    late = lateness(calls.at, calls.frame, stretch.rate)
    finished = late + calls.wall
    waited = 1 + (finished > stretch.period).astype(np.int64)
    return Blocks(late, calls.wall, calls.cpu, calls.run_delay, finished, waited)


def _measurement(
    probe: DeadlineSettings,
    played: Played,
    server: AudioServer,
    canary: Watched,
    extra: Mapping[str, float],
    rows: tuple[tuple[str, str], ...],
    run_delay: float | None,
) -> Measurement:
    metrics = probe.metrics_through(server.method)
    names = {metric.name for metric in metrics}
    values = {**block_values(played), **extra}
    if not played.blocks.cpu.any():
        del values["block_cpu_p5"], values["block_cpu_p50"]
    own = harrell_davis(canary.own, 0.99)
    told = (
        *rows,
        ("perfkit's own callback", f"p99 {format_quantity(own, 's')}, {100 * own / canary.period:.1f} % of the period"),
        ("server xruns", f"{extra['server_xruns']:.0f}"),
        ("audible glitches", f"{extra['glitches']:.0f} in the recording of what was played"),
    )
    included = "" if server.kind == "running" else " (converters not included)"
    venue = Venue(f"{server.name}, {server.owner}", f"{server.name}{included}", server.loop, told)
    return Measurement(
        values={name: value for name, value in values.items() if name in names},
        metrics=metrics,
        details=block_details(played, venue),
        run_delay=run_delay,
        caveats=(*caveats(played.stretch.frames, real_time=played.real_time), *silence(played)),
    )
