"""Probe `audio_quality`: whether the sound is still right."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar

from perfkit.model.launch import Launcher, Measurement, Program
from perfkit.model.metric import Kind, Metric
from perfkit.model.units import Duration
from perfkit.probes._audio_format import check_body, check_format, check_unused
from perfkit.probes._requires import check_requirements
from perfkit.probes._sound import NULL, Listening, Live, tone_metrics

if TYPE_CHECKING:
    from perfkit.instruments.rendering import Rendering
    from perfkit.probes._audio_sources import Sound

_FREQUENCY = 997.0
_SETTLED = Duration(0.1)
_LONGEST_SHIFT = Duration(0.1)
_FOUR_SECONDS = Duration(4.0)
_SHORTEST = 1.0


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
        else:
            check_unused(self, ("arguments",), "is what a body is called with, and there is none")
        if not self.command:
            check_unused(self, ("output",), "is the file that command writes, and there is none")
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
    def least_time(self) -> float:
        """What a launch takes at the least, s: a live port is heard in real time."""
        return self.start + self.seconds if self.live else 0.0

    @property
    def metrics(self) -> tuple[Metric, ...]:
        """What a launch yields. Where a server is chosen at the launch, the launch completes the method."""
        if self.reference:
            return NULL
        if self.live is None:
            return tone_metrics(Kind.DETERMINISTIC)
        return tone_metrics(Kind.NOISY, "live" if self.live.server == "auto" else f"live, {self.live.server}")

    def measure(self, launcher: Launcher) -> Measurement:
        """One render, or one recording. Raises Failed where there is no such tone or no reference."""
        check_requirements(self.requires, launcher.root)
        from perfkit.probes import _audio_null, _audio_tone

        sound = self._sound(launcher)
        if self.reference:
            return _audio_null.compare(sound, launcher.root, self.reference, self.longest_shift)
        return _audio_tone.listen(sound, self._listening)

    @property
    def _listening(self) -> Listening:
        seconds = None if self.command and self.duration is None else self.seconds
        return Listening(frequency=self.frequency, channel=self.channel, start=self.start, seconds=seconds)

    def _sound(self, launcher: Launcher) -> "Sound":
        from perfkit.probes import _audio_sources

        if self.live is not None:
            return _audio_sources.from_port(launcher, self.live, self._listening, self.rate)
        if self.command:
            program = Program(self.command, self.cwd, self.env, self.env_pass)
            return _audio_sources.from_command(launcher, program, self.output)
        return _audio_sources.from_body(launcher, self._rendering())

    def _rendering(self) -> "Rendering":
        from perfkit.instruments.rendering import Rendering

        seconds = self.seconds if self.reference else self.start + self.seconds
        return Rendering(
            body=self.body,
            arguments=self.arguments,
            frames=self.block,
            rate=self.rate,
            blocks=-int(-seconds * self.rate // self.block),
            keep=True,
            cwd=self.cwd,
            env=self.env,
            env_pass=self.env_pass,
        )
