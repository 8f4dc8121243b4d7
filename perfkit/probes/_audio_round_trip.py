"""A signal through an audio server and back."""

from perfkit.instruments.audio_servers import AudioServer, choose, private_server
from perfkit.instruments.jack_clients import require_client
from perfkit.instruments.jack_loop import Route, Trip, send
from perfkit.model.detail import Facts
from perfkit.model.launch import Launcher, Measurement
from perfkit.model.units import format_quantity
from perfkit.probes._audio_loop import (
    Delays,
    bursts,
    check,
    correlation_curve,
    delay_rows,
    find_delays,
    loop_caveats,
    server_rows,
    where,
)
from perfkit.probes._latency_settings import LatencySettings


def round_trip(probe: LatencySettings, launcher: Launcher) -> Measurement:
    """Open a server once and measure. Raises Skipped without a server or client, Invalid without a signal."""
    require_client()
    kind = choose(probe.server)
    signal = bursts(launcher.seed)
    with private_server(launcher, kind, rate=probe.rate, block=probe.block) as server:
        route = Route((probe.input_port or server.play,), (probe.output_port or server.record,))
        trip = send(launcher, server, signal, tail=round(probe.longest * probe.rate), route=route)
    delays = find_delays(signal, trip.recorded)
    check(delays, f"is {route.record[0]} connected to what is played into {route.play[0]}?")
    frames = delays.frames
    return Measurement(
        values={"latency": frames / trip.rate, "latency_frames": frames},
        metrics=probe.metrics_through(kind),
        details=(
            correlation_curve(delays.worst, "correlation of what was recorded with what was played"),
            Facts("audio", _rows(delays, trip, server)),
        ),
        caveats=loop_caveats(trip),
    )


def _rows(delays: Delays, trip: Trip, server: AudioServer) -> tuple[tuple[str, str], ...]:
    took = format_quantity(delays.frames / trip.rate, "s")
    included = "" if server.kind == "running" else " (converters not included)"
    result = f"{where(trip)}: round trip {took} ({delays.frames:.3f} frames), {server.name}{included}"
    return (("result", result), *server_rows(server, trip), *delay_rows(delays, trip))
