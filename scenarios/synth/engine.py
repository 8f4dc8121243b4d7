"""The engine: notes in, stereo blocks out."""

import numpy as np

from synth.arrays import Floats
from synth.oscillators import Waveform
from synth.patch import Patch
from synth.reverb import Reverb
from synth.voices import Voices

CHANNELS = 2
LOWEST_RATE, HIGHEST_RATE = 32_000, 192_000
"""In Hz; the highest note lies below half the lowest rate."""
_KNEE = np.float32(0.7)
"""The output is exact up to this level, and bends towards 1 above it."""


class Engine:
    """A polyphonic synthesiser. `rate` is in Hz; the same notes give the same samples, however time is cut into blocks.

    Raises ValueError for a rate outside 32-192 kHz or a polyphony below 1.
    """

    def __init__(self, rate: int = 48_000, max_voices: int = 64, patch: Patch | None = None, seed: int = 0) -> None:
        if not LOWEST_RATE <= rate <= HIGHEST_RATE:
            raise ValueError(f"the rate must be between {LOWEST_RATE} and {HIGHEST_RATE} Hz, not {rate}")
        if max_voices < 1:
            raise ValueError(f"max_voices must be at least 1, not {max_voices}")
        patch = patch or Patch()
        self.rate = rate
        self.max_voices = max_voices
        self._reverb = Reverb(rate, patch.reverb_time, patch.damping)
        self._reverb_mix = np.float32(patch.reverb_mix)
        self._longest = self._reverb.longest_block
        self._voices = Voices(patch, rate, max_voices, self._longest, seed)
        self._dry = np.zeros(CHANNELS * self._longest, np.float32)
        self._wet = np.zeros(CHANNELS * self._longest, np.float32)

    @property
    def voices(self) -> int:
        """How many voices sound, those after note off included."""
        return self._voices.sounding

    def note_on(
        self,
        pitch: float,
        velocity: float = 0.8,
        waveform: Waveform = Waveform.SAW,
        seconds: float | None = None,
    ) -> int:
        """Start a voice and return its id.

        `pitch` is a MIDI note number (69 is 440 Hz), `velocity` is above 0 and up to 1. With `seconds` the voice is
        released by itself after that time. Raises ValueError for what cannot be played.
        """
        if not 0.0 <= pitch <= 127.0:
            raise ValueError(f"pitch must be between 0 and 127, not {pitch}")
        if not 0.0 < velocity <= 1.0:
            raise ValueError(f"velocity must be above 0 and at most 1, not {velocity}")
        if seconds is not None and not 0.0 < seconds <= 3_600.0:
            raise ValueError(f"seconds must be above 0 and at most 3600, not {seconds}")
        held = None if seconds is None else max(1, round(seconds * self.rate))
        return self._voices.start(pitch, velocity, waveform, held)

    def note_off(self, voice: int) -> bool:
        """Release a voice. False if it has ended or was released before."""
        return self._voices.release(voice)

    def all_notes_off(self) -> None:
        """Release every voice."""
        self._voices.release_all()

    def render(self, frames: int) -> Floats:
        """The next `frames` frames as a new array (frames × 2)."""
        block = np.empty((frames, CHANNELS), np.float32)
        self.render_into(block)
        return block

    def render_into(self, out: Floats) -> None:
        """Fill `out` (frames × 2, float32) with the next frames. Raises ValueError for another shape or type."""
        if out.ndim != CHANNELS or out.shape[1] != CHANNELS or out.dtype != np.float32:
            raise ValueError(f"a block is (frames × 2) of float32, not {out.shape} of {out.dtype}")
        start = 0
        while start < len(out):
            end = min(len(out), start + self._longest, start + self._voices.frames_until_release())
            self._render_part(out[start:end])
            start = end

    def _render_part(self, out: Floats) -> None:
        frames = len(out)
        if self._voices.empty and self._reverb.silent:
            out.fill(0.0)
            return
        dry = self._dry[: CHANNELS * frames].reshape(CHANNELS, frames)
        wet = self._wet[: CHANNELS * frames].reshape(CHANNELS, frames)
        if self._voices.empty:
            dry.fill(0.0)
        else:
            self._voices.render(dry)
        self._reverb.process(dry, wet)
        wet *= self._reverb_mix
        dry += wet
        np.clip(dry, -_KNEE, _KNEE, out=wet)
        dry -= wet
        if dry.any():
            dry /= 1 - _KNEE
            np.tanh(dry, out=dry)
            dry *= 1 - _KNEE
        dry += wet
        out[...] = dry.T
