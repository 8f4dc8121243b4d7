"""Where sound comes from, what is listened to in it, and the metrics that it yields: the words of `audio_quality`."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from perfkit.model.launch import Ready
from perfkit.model.metric import Better, Kind, Metric, Scale
from perfkit.model.units import Duration
from perfkit.probes._audio_format import check_format

_FIVE_SECONDS = Duration(5.0)
_BOTTOM = "-200 dB stands for nothing at all"


def tone_metrics(kind: Kind, method: str = "") -> tuple[Metric, ...]:
    """The metrics of a tone; `kind` is how they repeat and `method` what the sound came through, where it matters."""

    def metric(name: str, unit: str, description: str, better: Better = Better.LOWER, kind: Kind = kind) -> Metric:
        scale = Scale.DIFFERENCE
        return Metric(name, unit, better, scale, kind, method=method, description=description)

    count = Kind.COUNT if kind is Kind.NOISY else kind
    return (
        metric("thd_n", "dB", "harmonics and noise below the tone, 20 Hz to 20 kHz"),
        metric("snr", "dB", "the tone above the noise without harmonics 2 to 10", Better.HIGHER),
        metric("level", "dB", "RMS level, 0 for a full-scale sine", Better.HIGHER),
        metric("dropouts", "1", "times at which the tone fell silent", kind=count),
        metric("glitches", "1", "clicks, lost and repeated frames", kind=count),
        metric("drift", "ppm", "how far the tone's frequency is off, either way"),
    )


def _null(name: str, unit: str, description: str) -> Metric:
    return Metric(name, unit, scale=Scale.DIFFERENCE, kind=Kind.DETERMINISTIC, description=description)


NULL = (
    _null("null_peak", "dB", f"largest difference from the reference; {_BOTTOM}"),
    _null("null_rms", "dB", f"RMS difference from the reference, 0 for a full-scale sine; {_BOTTOM}"),
    _null("differing", "frames", "frames that are not the reference's to the bit"),
    _null("shift", "frames", "how far it lies from the reference in time, either way"),
)
"""The metrics of a null test."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Listening:
    """A tone of `frequency` Hz in `channel` (from 1), from `start` s on for `seconds`; None: to the end."""

    frequency: float
    channel: int
    start: float
    seconds: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Live:
    """Sound that is recorded through an audio `server`, in blocks of `block` frames.

    `command` is a JACK client that is started there; it is ready as `ready` says, else as soon as its ports are there.
    Its `port` is recorded (`client:port`); the tone is played into its port `input`, where there is one. Both must be
    there within `ports_within`. Without a port a private server's own loop is heard. `running` takes the server, and if
    there is no command the client, that run already.
    """

    command: tuple[str, ...] = ()
    port: str = ""
    input: str = ""
    ready: Ready | None = None
    ports_within: Duration = _FIVE_SECONDS
    server: Literal["pipewire", "jack", "running", "auto"] = "auto"
    block: int = 128
    cwd: str = ""
    env: Mapping[str, str] = field(default_factory=dict)
    env_pass: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        check_format(48_000, self.block, "block")
        if (self.command or self.input or self.server == "running") and not self.port:
            raise ValueError("port is missing: which port is recorded")
        if self.port and not self.command and self.server != "running":
            raise ValueError("command is missing: nothing else plays on a private server")
