"""What every measurement of a delay through a server has in common: its validity, its curve and its facts."""

from perfkit.instruments.audio_server import AudioServer
from perfkit.instruments.jack_loop import Trip
from perfkit.model.errors import Invalid
from perfkit.model.launch import Curve
from perfkit.model.units import format_quantity
from perfkit.probes._audio_format import caveats as real_time_caveats
from perfkit.signal.correlation import Delay


def driven_by(server: AudioServer) -> tuple[str, ...]:
    """The port that ties our clients to the driver of a private server, so that it calls them whatever happens."""
    return (server.play,) if server.play else ()


def check(delay: Delay, hint: str) -> None:
    """Raises Invalid where a delay is void."""
    if delay.trouble:
        raise Invalid(delay.trouble, hint=hint)


def correlation_curve(delay: Delay, title: str) -> Curve:
    """The correlation around its peak."""
    return Curve(
        title=title,
        x_label="delay",
        x_unit="frames",
        y_label="coefficient",
        y_unit="1",
        x=tuple(delay.lags.tolist()),
        y=tuple(delay.correlation.tolist()),
    )


def server_rows(server: AudioServer, trip: Trip) -> tuple[tuple[str, str], ...]:
    """Whose server it was, how perfkit's client was scheduled and what that cost."""
    share = trip.callback * trip.rate / trip.block
    own = f"p99 {format_quantity(trip.callback, 's')}, {share:.1%} of the period"
    return (
        ("server", f"{server.name}, {server.owner}"),
        ("loop", server.loop),
        ("scheduling", "SCHED_FIFO" if trip.real_time else "non-RT (real-time scheduling refused; grant rtprio)"),
        ("perfkit's own callback", own),
        ("server xruns", str(trip.xruns)),
        ("frames skipped", f"{trip.lost} by the server's clock"),
    )


def loop_caveats(trip: Trip) -> tuple[str, ...]:
    """What reports repeat of a loop."""
    return real_time_caveats(trip.block, real_time=trip.real_time)


def where(trip: Trip) -> str:
    """Block and rate in words."""
    return f"{trip.block} frames at {trip.rate / 1000:g} kHz"
