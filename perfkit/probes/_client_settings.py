"""What probes of a JACK client that is observed from outside are told of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from perfkit.model.launch import Ready
from perfkit.model.units import Duration

if TYPE_CHECKING:
    from perfkit.probes._audio_observed import Observing

_FIVE_SECONDS = Duration(5.0)
_HIGHEST_NOTE = 127


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientSettings:
    """The settings that `audio_deadline` and `audio_offline` share; what they mean stands there."""

    command: tuple[str, ...] = ()
    ready: Ready | None = None
    output_port: str = ""
    midi_port: str = ""
    notes: tuple[int, ...] = ()
    ports_within: Duration = _FIVE_SECONDS
    block: int = 128
    rate: int = 48_000
    warmup: int = 50
    cwd: str = ""
    env: Mapping[str, str] = field(default_factory=dict)
    env_pass: tuple[str, ...] = ()
    requires: Mapping[str, str] = field(default_factory=dict)

    def check_ports(self) -> None:
        """Raises ValueError unless the client's ports are named in full and its notes are those of MIDI."""
        if ":" not in self.output_port:
            raise ValueError(f"output_port = {self.output_port!r} must be the full name of a port: 'client:port'")
        if bool(self.notes) != bool(self.midi_port):
            raise ValueError("notes and midi_port belong together")
        if self.midi_port and ":" not in self.midi_port:
            raise ValueError(f"midi_port = {self.midi_port!r} must be the full name of a port: 'client:port'")
        for note in self.notes:
            if not 0 <= note <= _HIGHEST_NOTE:
                raise ValueError(f"notes holds {note}, and a MIDI note lies between 0 and {_HIGHEST_NOTE}")

    def observing(self, blocks: int) -> "Observing":
        """What of the client is observed: so many blocks, with its notes held on the first channel."""
        from perfkit.probes._audio_observed import Observing

        return Observing(
            output_port=self.output_port,
            blocks=blocks,
            warmup=self.warmup,
            block=self.block,
            rate=self.rate,
            ports_within=self.ports_within,
            midi_port=self.midi_port,
            notes=tuple((0, note) for note in self.notes),
        )
