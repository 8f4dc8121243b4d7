"""Probe `audio_quality`: whether the sound is still right."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Literal

from perfkit.model.launch import Launcher, Measurement, Ready
from perfkit.model.metric import Better, Kind, Metric, Scale
from perfkit.model.units import Duration
from perfkit.probes._requires import check_requirements
from perfkit.probes.audio_deadline import check_body, check_format

_FREQUENCY = 997.0
_SETTLED = Duration(0.1)
_LONGEST_SHIFT = Duration(0.1)
_FOUR_SECONDS = Duration(4.0)
_SHORTEST = 1.0
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


_NULL = (
    _null("null_peak", "dB", f"largest difference from the reference; {_BOTTOM}"),
    _null("null_rms", "dB", f"RMS difference from the reference, 0 for a full-scale sine; {_BOTTOM}"),
    _null("differing", "frames", "frames that are not the reference's to the bit"),
    _null("shift", "frames", "how far it lies from the reference in time, either way"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Live:
    """Sound that is recorded through an audio `server`, in blocks of `block` frames.

    `command` is a JACK client that is started there; it is ready as `ready` says, else as soon as its ports are there.
    Its `port` is recorded (`client:port`); the tone is played into its port `input`, where there is one. Without a port
    a private server's own loop is heard. `running` takes the server, and if there is no command the client, that run
    already.
    """

    command: tuple[str, ...] = ()
    port: str = ""
    input: str = ""
    ready: Ready | None = None
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


@dataclass(frozen=True, slots=True, kw_only=True)
class AudioQuality:
    """Listens to a tone, or holds a render against a stored one.

    The sound comes from one of: `command`, which writes a sound file of any format soundfile reads to `output`
    (`{tmp}/render.wav` where it is not set); `body`, called as by probe `audio_deadline` and rendered at `rate` in
    blocks of `block` frames without deadlines; `live`, a port of an audio server.

    Without `reference` it must hold a steady sine of `frequency` Hz: `channel` (from 1) is read from `start` on, for
    `duration`, which is 4 s for `body` and `live` and all there is for `command`. With it, all channels are compared
    with that FLAC or WAV file (a path from the side's root), aligned by at most `longest_shift`: the null test.

    `requires` names programs on PATH, or files, and what to do where they are missing; the scenario is then skipped.
    """

    kind: ClassVar[str] = "audio_quality"

    command: tuple[str, ...] = ()
    output: str = ""
    body: str = ""
    arguments: Mapping[str, Any] = field(default_factory=dict)
    live: Live | None = None
    reference: str = ""
    longest_shift: Duration = _LONGEST_SHIFT
    frequency: float = _FREQUENCY
    channel: int = 1
    start: Duration = _SETTLED
    duration: Duration | None = None
    block: int = 128
    rate: int = 48_000
    cwd: str = ""
    env: Mapping[str, str] = field(default_factory=dict)
    env_pass: tuple[str, ...] = ()
    requires: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        check_format(self.rate, self.block, "block")
        if sum(map(bool, (self.command, self.body, self.live))) != 1:
            raise ValueError("the sound comes from one of command, body and live")
        if self.body:
            check_body(self.body)
        if self.live and self.reference:
            raise ValueError("reference is for a render (command or body); a live port plays a tone")
        if not self.reference and self.seconds < _SHORTEST:
            raise ValueError(f"duration must be {_SHORTEST:g} s at least, for the spectrum of the tone")
        if not 20 <= self.frequency <= self.rate / 4:
            raise ValueError(f"frequency = {self.frequency:g} must lie between 20 Hz and a quarter of the rate")
        if self.channel < 1:
            raise ValueError("channel counts from 1")

    @property
    def seconds(self) -> float:
        """How much of a body or a live port is listened to, s."""
        return float(self.duration or _FOUR_SECONDS)

    @property
    def metrics(self) -> tuple[Metric, ...]:
        """What a launch yields. Where a server is chosen at the launch, the launch completes the method."""
        if self.reference:
            return _NULL
        if self.live is None:
            return tone_metrics(Kind.DETERMINISTIC)
        return tone_metrics(Kind.NOISY, "live" if self.live.server == "auto" else f"live, {self.live.server}")

    def measure(self, launcher: Launcher) -> Measurement:
        """One render, or one recording. Raises Failed where there is no such tone or no reference."""
        check_requirements(self.requires, launcher.root)
        from perfkit.probes import _audio_null, _audio_sources, _audio_tone

        sound = _audio_sources.record(self, launcher)
        if self.reference:
            return _audio_null.compare(self, sound, launcher.root)
        return _audio_tone.listen(self, sound)
