"""A signal through an audio server and back."""

from perfkit.instruments.audio_servers import AudioServer, choose, private_server
from perfkit.instruments.jack_clients import require_client
from perfkit.instruments.jack_loop import Route, Trip, send
from perfkit.model.launch import Facts, Launcher, Measurement
from perfkit.model.units import format_quantity
from perfkit.probes._audio_loop import check, correlation_curve, loop_caveats, server_rows, where
from perfkit.probes._latency_settings import LatencySettings
from perfkit.signal.correlation import Delay, excitation, find_delay


def round_trip(probe: LatencySettings, launcher: Launcher) -> Measurement:
    """Open a server once and measure. Raises Skipped without a server or client, Invalid without a signal."""
    require_client()
    kind = choose(probe.server)
    signal = excitation(launcher.seed)
    with private_server(launcher, kind, rate=probe.rate, block=probe.block) as server:
        route = Route((probe.input_port or server.play,), (probe.output_port or server.record,))
        trip = send(launcher, server, signal, tail=round(probe.longest * probe.rate), route=route)
    delay = find_delay(signal, trip.recorded)
    check(delay, f"is {route.record[0]} connected to what is played into {route.play[0]}?")
    return Measurement(
        values={"latency": delay.frames / trip.rate, "latency_frames": delay.frames},
        metrics=probe.metrics_through(kind),
        details=(
            correlation_curve(delay, "correlation of what was recorded with what was played"),
            Facts("audio", _rows(delay, trip, server)),
        ),
        caveats=loop_caveats(trip),
    )


def _rows(delay: Delay, trip: Trip, server: AudioServer) -> tuple[tuple[str, str], ...]:
    took = format_quantity(delay.frames / trip.rate, "s")
    included = "" if server.kind == "running" else " (converters not included)"
    result = f"{where(trip)}: round trip {took} ({delay.frames:.3f} frames), {server.name}{included}"
    return (
        ("result", result),
        *server_rows(server, trip),
        ("correlation", f"{delay.coefficient:.4f}, {delay.peak_to_side_lobe:.1f} dB above the next peak"),
        ("reported", f"{trip.reported} frames, {trip.reported - delay.frames:+.3f} from what was measured"),
    )
