"""The latency of somebody's JACK client: the loop through it less a self-loop beside it, in the same cycles."""

from perfkit.instruments.audio_servers import AudioServer, choose, private_server
from perfkit.instruments.jack_clients import require_client
from perfkit.instruments.jack_loop import Route, Trip, send
from perfkit.model.launch import Facts, Launcher, Measurement
from perfkit.model.units import format_quantity
from perfkit.probes._audio_external import external_client
from perfkit.probes._audio_loop import check, correlation_curve, driven_by, loop_caveats, server_rows, where
from perfkit.probes._latency_settings import LatencySettings
from perfkit.signal.correlation import Delay, excitation, find_delay

_DIGITS = 6
"""Of a frame: what lies beyond is the arithmetic's."""


def app_latency(probe: LatencySettings, launcher: Launcher) -> Measurement:
    """Open a server and the client once and measure.

    Raises Skipped without a server, Failed where the client dies or its ports are not there, Invalid where no clean
    signal comes through it.
    """
    require_client()
    kind = choose(probe.server)
    signal = excitation(launcher.seed)
    with (
        private_server(launcher, kind, rate=probe.rate, block=probe.block) as server,
        external_client(probe, launcher, server),
    ):
        route = Route((probe.input_port, *driven_by(server)), (probe.output_port, ""))
        tail = round(probe.longest * probe.rate)
        trip = send(launcher, server, signal, tail=tail, route=route, ports_within=probe.ports_within)
        through, own = (find_delay(signal, channel) for channel in trip.channels)
        check(own, "perfkit's own loop beside the client is broken: is the machine overloaded?")
        check(through, f"does what comes into {probe.input_port} go out of {probe.output_port}?")
    frames = round(through.frames - own.frames, _DIGITS)
    return Measurement(
        values={"latency": frames / trip.rate, "latency_frames": frames},
        metrics=probe.metrics_through(kind),
        details=(
            correlation_curve(through, "correlation of what came through the client with what was played"),
            Facts("audio", _rows(frames, through, own, trip, server)),
        ),
        caveats=loop_caveats(trip),
    )


def _rows(frames: float, through: Delay, own: Delay, trip: Trip, server: AudioServer) -> tuple[tuple[str, str], ...]:
    took = format_quantity(frames / trip.rate, "s")
    return (
        ("result", f"{where(trip)}: the client adds {took} ({frames:.3f} frames), {server.name}"),
        *server_rows(server, trip),
        ("through the client", f"{through.frames:.3f} frames"),
        ("self-loop", f"{own.frames:.3f} frames"),
        ("correlation", f"{through.coefficient:.4f}, {through.peak_to_side_lobe:.1f} dB above the next peak"),
    )
