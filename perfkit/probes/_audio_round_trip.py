"""A signal through an audio server and back."""

from typing import TYPE_CHECKING

from perfkit.instruments.audio_servers import AudioServer, choose, private_server
from perfkit.instruments.jack_clients import require_client
from perfkit.instruments.jack_loop import Trip, send
from perfkit.model.errors import Invalid
from perfkit.model.launch import Curve, Facts, Launcher, Measurement
from perfkit.model.units import format_quantity
from perfkit.signal.correlation import Delay, excitation, find_delay

if TYPE_CHECKING:
    from perfkit.probes.audio_latency import AudioLatency


def round_trip(probe: "AudioLatency", launcher: Launcher) -> Measurement:
    """Open a private server once and measure. Raises Skipped without a server or client, Invalid without a signal."""
    require_client()
    kind = choose(probe.server)
    signal = excitation(launcher.seed)
    with private_server(launcher, kind, rate=probe.rate, block=probe.block) as server:
        trip = send(launcher, server, signal, tail=round(probe.longest * probe.rate))
    delay = find_delay(signal, trip.recorded)
    if delay.trouble:
        raise Invalid(delay.trouble, hint=f"is {server.record} connected to what is played into {server.play}?")
    return Measurement(
        values={"latency": delay.frames / trip.rate, "latency_frames": delay.frames},
        metrics=probe.round_trip_metrics(kind),
        details=(_curve(delay), Facts("audio", _rows(delay, trip, server))),
        caveats=() if trip.real_time else ("non-RT",),
    )


def _curve(delay: Delay) -> Curve:
    return Curve(
        title="correlation of what was recorded with what was played",
        x_label="delay",
        x_unit="frames",
        y_label="coefficient",
        y_unit="1",
        x=tuple(delay.lags.tolist()),
        y=tuple(delay.correlation.tolist()),
    )


def _rows(delay: Delay, trip: Trip, server: AudioServer) -> tuple[tuple[str, str], ...]:
    took = format_quantity(delay.frames / trip.rate, "s")
    result = (
        f"{trip.block} frames at {trip.rate / 1000:g} kHz: round trip {took} ({delay.frames:.3f} frames), "
        f"{server.name} (converters not included)"
    )
    return (
        ("result", result),
        ("server", f"{server.name}, private"),
        ("loop", "virtual, converters not included"),
        ("scheduling", "SCHED_FIFO" if trip.real_time else "non-RT (real-time scheduling refused; grant rtprio)"),
        ("correlation", f"{delay.coefficient:.4f}, {delay.peak_to_side_lobe:.1f} dB above the next peak"),
        ("reported", f"{trip.reported} frames, {trip.reported - delay.frames:+.3f} from what was measured"),
        ("server xruns", str(trip.xruns)),
        ("frames skipped", f"{trip.lost} by the server's clock"),
    )
