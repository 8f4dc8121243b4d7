"""From a note-on to the sound: notes at random frames, onsets at a synthesiser's output, less a self-loop."""

import numpy as np

from perfkit.instruments.audio_servers import AudioServer, choose, private_server
from perfkit.instruments.jack_clients import require_client
from perfkit.instruments.jack_loop import Notes, Route, Trip, send
from perfkit.model.detail import Curve, Facts
from perfkit.model.errors import Invalid
from perfkit.model.launch import Launcher, Measurement
from perfkit.model.units import format_quantity
from perfkit.probes._audio_external import external_client
from perfkit.probes._audio_loop import Delays, check, driven_by, loop_caveats, server_rows, where
from perfkit.probes._latency_settings import LatencySettings
from perfkit.signal.correlation import excitation, find_delay
from perfkit.signal.onsets import onsets

_DIGITS = 3
_HELD = 0.5
_LEAD_SECONDS = 0.2
_LOST = 0.05


def midi_latency(probe: LatencySettings, launcher: Launcher) -> Measurement:
    """Open a server and the synthesiser once and play `notes` notes.

    Raises Skipped without a server, Failed where the client dies or its ports are not there, Invalid where notes do not
    sound.
    """
    require_client()
    kind = choose(probe.server)
    spacing = round(probe.spacing * probe.rate)
    sent = _frames(probe.notes, spacing, round(_LEAD_SECONDS * probe.rate), launcher.seed)
    signal = excitation(launcher.seed)
    with (
        private_server(launcher, kind, rate=probe.rate, block=probe.block) as server,
        external_client(probe, launcher, server),
    ):
        trip = send(
            launcher,
            server,
            signal,
            tail=sent[-1] + 2 * spacing,
            route=Route(driven_by(server), (probe.output_port, ""), probe.midi_port),
            notes=Notes(sent, probe.note, round(_HELD * spacing)),
            ports_within=probe.ports_within,
        )
        own = find_delay(signal, trip.channels[1])
        check(Delays((own,)), "perfkit's own loop beside the synthesiser is broken: is the machine overloaded?")
        waited = np.round(_waited(trip, sent, spacing) - own.frames, _DIGITS) + 0.0
    return Measurement(
        values={
            "latency": float(np.median(waited)) / trip.rate,
            "latency_frames": float(np.median(waited)),
            "jitter": float(np.ptp(waited)) / trip.rate,
        },
        metrics=probe.metrics_through(kind),
        details=(_curve(waited, trip), Facts("audio", _rows(waited, own.frames, trip, server))),
        caveats=loop_caveats(trip),
    )


def _frames(count: int, spacing: int, lead: int, seed: int) -> tuple[int, ...]:
    """When each note is sent: `spacing` apart, each moved by a random part of half of that."""
    moved = np.random.default_rng(seed).integers(0, spacing // 2, count)
    return tuple(int(lead + k * 1.5 * spacing + move) for k, move in enumerate(moved))


def _waited(trip: Trip, sent: tuple[int, ...], spacing: int) -> "np.ndarray[tuple[int], np.dtype[np.float64]]":
    """Frames from each note-on until it sounds. Raises Invalid where more than one in twenty does not sound."""
    windows = [(frame, frame + round(0.9 * spacing)) for frame in sent]
    found = onsets(trip.recorded, windows, quiet=trip.block)
    heard = [(frame, onset) for frame, onset in zip(sent, found, strict=True) if onset is not None]
    if len(heard) < (1 - _LOST) * len(sent):
        said = "no note sounded" if not heard else f"only {len(heard)} of {len(sent)} notes sounded"
        hint = "does the synthesiser play this note and fall silent before the next? see `note` and `spacing`"
        raise Invalid(said, hint=hint)
    return np.array([onset - frame for frame, onset in heard], float)


def _curve(waited: "np.ndarray[tuple[int], np.dtype[np.float64]]", trip: Trip) -> Curve:
    return Curve(
        title="from note-on to sound, note by note",
        x_label="note",
        x_unit="1",
        y_label="latency",
        y_unit="s",
        x=tuple(range(1, len(waited) + 1)),
        y=tuple((waited / trip.rate).tolist()),
    )


def _rows(
    waited: "np.ndarray[tuple[int], np.dtype[np.float64]]", own: float, trip: Trip, server: AudioServer
) -> tuple[tuple[str, str], ...]:
    middle, spread = float(np.median(waited)), float(np.ptp(waited))
    took, jitter = (format_quantity(frames / trip.rate, "s") for frames in (middle, spread))
    result = (
        f"{where(trip)}: {took} ({middle:.1f} frames) from note-on to sound, jitter {jitter} ({spread:.0f} frames), "
        f"{len(waited)} notes, {server.name}"
    )
    return (("result", result), *server_rows(server, trip), ("self-loop", f"{own:.3f} frames"))
