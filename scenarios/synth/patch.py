"""The sound: every setting of a voice and of the room around it."""

from dataclasses import dataclass, fields


@dataclass(frozen=True, slots=True)
class Patch:
    """Times in seconds, frequencies in Hz, levels and mixes as factors. Raises ValueError for one out of range."""

    attack: float = 0.005
    decay: float = 0.3
    sustain: float = 0.6
    release: float = 0.25
    cutoff: float = 3_000.0
    """Of the low-pass filter, at middle C."""
    key_tracking: float = 0.5
    """Octaves the cutoff moves for each octave of pitch."""
    resonance: float = 0.9
    """The filter's Q."""
    gain: float = 0.2
    """Of one voice at full velocity."""
    reverb_time: float = 1.6
    """Until the reverb has fallen by 60 dB."""
    reverb_mix: float = 0.25
    damping: float = 0.3
    """How much sooner the reverb loses its treble; 0 is not at all."""

    def __post_init__(self) -> None:
        ranges = {
            "attack": (0.001, 10.0),
            "decay": (0.005, 20.0),
            "sustain": (0.0, 1.0),
            "release": (0.005, 20.0),
            "cutoff": (20.0, 20_000.0),
            "key_tracking": (0.0, 1.0),
            "resonance": (0.3, 12.0),
            "gain": (0.0, 1.0),
            "reverb_time": (0.05, 20.0),
            "reverb_mix": (0.0, 1.0),
            "damping": (0.0, 0.9),
        }
        for field in fields(self):
            low, high = ranges[field.name]
            value = getattr(self, field.name)
            if not low <= value <= high:
                raise ValueError(f"{field.name} must be between {low} and {high}, not {value}")
