"""Probe `audio_latency`: how soon what is played can be heard."""

from dataclasses import dataclass
from typing import ClassVar

from perfkit.model.launch import Launcher, Measurement
from perfkit.probes._latency_settings import LatencySettings
from perfkit.probes._requires import check_requirements


@dataclass(frozen=True, slots=True, kw_only=True)
class AudioLatency(LatencySettings):
    """Four ways to measure audio latency, by `mode`.

    `smallest_block`: plays `body` (as probe `audio_deadline` does) on the virtual sink and finds the smallest of
    `sizes`, refined by `step` frames, that runs for `duration` without a miss; a size fails if two of three tries miss.
    Its latency is that of a machine without a server.

    The others play seeded noise through an audio `server` in blocks of `block` frames, record and correlate. A launch
    opens the server once. Recording goes on for `longest`, the largest delay to be found. `server` is a private
    `pipewire` or `jack`, `auto` (PipeWire, else jackd), or `running`: the one that runs here already.

    `round_trip`: through the server and back; on a `running` one from `output_port` into `input_port`.

    `app`: into `input_port` of a JACK client and out of its `output_port`, less a self-loop beside it. The client is
    started by `command` (`ready` as elsewhere, else as soon as its ports are there, within `ports_within`), or runs
    already. `misreported` is how far the latency that it tells JACK lies from that.

    `midi`: note-ons of `note` to its `midi_port` at random frames, `notes` of them, `spacing` or more apart, until each
    begins to sound at `output_port`, less the self-loop; `jitter` is the largest less the smallest.

    `requires` names programs on PATH, or files, and what to do where they are missing; the scenario is then skipped.
    """

    kind: ClassVar[str] = "audio_latency"

    def measure(self, launcher: Launcher) -> Measurement:
        """One search, or one open of a server."""
        check_requirements(self.requires, launcher.root)
        from perfkit.probes import _audio_app, _audio_midi, _audio_round_trip, _audio_search

        if self.mode == "smallest_block":
            return _audio_search.smallest_block(self, launcher)
        if self.mode == "app":
            return _audio_app.app_latency(self, launcher)
        if self.mode == "midi":
            return _audio_midi.midi_latency(self, launcher)
        return _audio_round_trip.round_trip(self, launcher)
