"""What every measurement of a delay through a server has in common: its validity, its curve and its facts."""

from dataclasses import dataclass, replace
from statistics import median

import numpy as np
from numpy.typing import NDArray

from perfkit.instruments.audio_server import AudioServer
from perfkit.instruments.jack_loop import Trip
from perfkit.model.detail import Curve
from perfkit.model.errors import Invalid
from perfkit.model.units import format_quantity
from perfkit.probes._audio_format import caveats as real_time_caveats
from perfkit.signal.correlation import COEFFICIENT, LENGTH, Delay, excitation, find_delay

BURSTS = 3
"""How often a delay is measured within one open."""
_SEEDS_APART = 1_000_003
_DIGITS = 3
"""Of a frame: a tenth of what a delay is known to."""

Signal = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Delays:
    """The delay of each burst in an open: `frames` is the middle one, `spread` the largest less the smallest."""

    bursts: tuple[Delay, ...]

    @property
    def frames(self) -> float:
        """The delay, frames."""
        return median(burst.frames for burst in self.bursts)

    @property
    def spread(self) -> float:
        """How far the delays of one open lie apart, frames."""
        found = [burst.frames for burst in self.bursts]
        return max(found) - min(found)

    @property
    def worst(self) -> Delay:
        """The burst with the lowest correlation."""
        return min(self.bursts, key=lambda burst: burst.coefficient)


def bursts(seed: int) -> Signal:
    """Noise after noise, each another: what is played to measure a delay several times in one open."""
    return np.concatenate([excitation(seed + k * _SEEDS_APART) for k in range(BURSTS)])


def find_delays(played: Signal, recorded: Signal) -> Delays:
    """The delay of each burst of `played` in `recorded`, which is longer by the longest delay to be found."""
    tail = len(recorded) - len(played)
    starts = range(0, len(played), LENGTH)
    return Delays(tuple(find_delay(played[k : k + LENGTH], recorded[k : k + LENGTH + tail]) for k in starts))


def less(through: Delays, own: Delays) -> Delays:
    """The delays of a client: those through it less those beside it, burst by burst."""
    pairs = zip(through.bursts, own.bursts, strict=True)
    return Delays(tuple(replace(one, frames=round(one.frames - other.frames, _DIGITS) + 0.0) for one, other in pairs))


def driven_by(server: AudioServer) -> tuple[str, ...]:
    """The port that ties our clients to the driver of a private server, so that it calls them whatever happens."""
    return (server.play,) if server.play else ()


def check(delays: Delays, hint: str) -> None:
    """Raises Invalid where a delay is void."""
    for burst in delays.bursts:
        if burst.trouble:
            raise Invalid(burst.trouble, hint=hint)


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
        lines=(("needed", COEFFICIENT),),
        marks=((int(delay.correlation.argmax()), f"{delay.coefficient:.4f} at {delay.frames:.3f} frames"),),
    )


def server_rows(server: AudioServer, trip: Trip) -> tuple[tuple[str, str], ...]:
    """Whose server it was, how perfkit's client was scheduled and what that cost."""
    share = trip.callback * trip.rate / trip.block
    own = f"p99 {format_quantity(trip.callback, 's')}, {100 * share:.1f} % of the period"
    return (
        ("server", f"{server.name}, {server.owner}"),
        ("loop", server.loop),
        ("scheduling", "SCHED_FIFO" if trip.real_time else "non-RT (real-time scheduling refused; grant rtprio)"),
        ("perfkit's own callback", own),
        ("server xruns", str(trip.xruns)),
        ("frames skipped", f"{trip.lost} by the server's clock"),
    )


def delay_rows(delays: Delays, trip: Trip) -> tuple[tuple[str, str], ...]:
    """How sure the delay is, how steady within the open, and what JACK says it is."""
    worst = delays.worst
    return (
        ("correlation", f"{worst.coefficient:.4f}, {worst.peak_to_side_lobe:.1f} dB above the next peak"),
        ("spread within this open", f"{delays.spread:.4f} frames over {len(delays.bursts)} bursts"),
        ("reported", f"{trip.reported} frames, {trip.reported - delays.frames:+.3f} from what was measured"),
    )


def loop_caveats(trip: Trip) -> tuple[str, ...]:
    """What reports repeat of a loop."""
    return real_time_caveats(trip.block, real_time=trip.real_time)


def where(trip: Trip) -> str:
    """Block and rate in words."""
    return f"{trip.block} frames at {trip.rate / 1000:g} kHz"
