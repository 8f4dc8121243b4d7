"""The latency of somebody's JACK client: the loop through it less a self-loop beside it, in the same cycles."""

from perfkit.instruments.audio_servers import AudioServer, choose, private_server
from perfkit.instruments.jack_clients import require_client
from perfkit.instruments.jack_loop import Route, Trip, send
from perfkit.model.detail import Facts
from perfkit.model.launch import Launcher, Measurement
from perfkit.model.units import format_quantity
from perfkit.probes._audio_external import external_client
from perfkit.probes._audio_loop import (
    Delays,
    bursts,
    check,
    correlation_curve,
    delay_rows,
    driven_by,
    find_delays,
    less,
    loop_caveats,
    server_rows,
    where,
)
from perfkit.probes._latency_settings import LatencySettings


def app_latency(probe: LatencySettings, launcher: Launcher) -> Measurement:
    """Open a server and the client once and measure.

    Raises Skipped without a server, Failed where the client dies or its ports are not there, Invalid where no clean
    signal comes through it.
    """
    require_client()
    kind = choose(probe.server)
    signal = bursts(launcher.seed)
    with (
        private_server(launcher, kind, rate=probe.rate, block=probe.block) as server,
        external_client(probe, launcher, server),
    ):
        played, heard = (probe.input_port, *driven_by(server)), (probe.output_port, "")
        route = Route(played, heard, through=(probe.input_port, probe.output_port))
        tail = round(probe.longest * probe.rate)
        trip = send(launcher, server, signal, tail=tail, route=route, ports_within=probe.ports_within)
        through, own = (find_delays(signal, channel) for channel in trip.channels)
        check(own, "perfkit's own loop beside the client is broken: is the machine overloaded?")
        check(through, f"does what comes into {probe.input_port} go out of {probe.output_port}?")
    added = less(through, own)
    frames = added.frames
    return Measurement(
        values={
            "latency": frames / trip.rate,
            "latency_frames": frames,
            "misreported": abs(trip.reported - frames),
        },
        metrics=probe.metrics_through(kind),
        details=(
            correlation_curve(through.worst, "correlation of what came through the client with what was played"),
            Facts("audio", _rows(added, own, trip, server)),
        ),
        caveats=loop_caveats(trip),
    )


def _rows(added: Delays, own: Delays, trip: Trip, server: AudioServer) -> tuple[tuple[str, str], ...]:
    took = format_quantity(added.frames / trip.rate, "s")
    return (
        ("result", f"{where(trip)}: the client adds {took} ({added.frames:.3f} frames), {server.name}"),
        *server_rows(server, trip),
        ("self-loop", f"{own.frames:.3f} frames"),
        *delay_rows(added, trip),
    )
