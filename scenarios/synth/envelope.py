"""ADSR envelopes of many voices at once.

At any moment an envelope is the smaller of a line (the attack) and an exponential towards a base (decay, release),
floored at zero. Both have closed forms, so a block is a few array operations and does not depend on its length.
"""

import math

import numpy as np

from synth.arrays import Column, Doubles, Floats
from synth.patch import Patch

FADE_SECONDS = 0.004
"""A stolen voice falls silent in this time, so that it does not click."""

_SPAN = math.log(1_000)
"""A decay or release "lasts" until it has fallen by 60 dB."""
_SILENCE = -_SPAN
_UNDERSHOOT = 1e-3
"""A release aims this far below zero, and so reaches zero in finite time."""


class Envelopes:
    """The envelopes of up to `capacity` voices, one row each."""

    def __init__(self, patch: Patch, rate: int, capacity: int) -> None:
        self._attack = 1 / (patch.attack * rate)
        self._decay = _SPAN / (patch.decay * rate)
        self._release = _SPAN / (patch.release * rate)
        self._fade = _SPAN / (FADE_SECONDS * rate)
        self._sustain = patch.sustain
        self.released = np.zeros(capacity, np.bool_)
        self.fading = np.zeros(capacity, np.bool_)
        self._base = np.zeros(capacity)
        self._log: Doubles = np.zeros(capacity)
        self._slope: Doubles = np.zeros(capacity)
        self._line: Doubles = np.zeros(capacity)
        self._rise: Doubles = np.zeros(capacity)

    @property
    def columns(self) -> tuple[Column, ...]:
        """Everything that moves when a voice moves to another row."""
        return self.released, self.fading, self._base, self._log, self._slope, self._line, self._rise

    def start(self, row: int) -> None:
        """Begin the attack of a new voice."""
        self.released[row] = self.fading[row] = False
        self._base[row] = self._sustain
        # The decay is drawn back through the attack, where the line lies below it.
        self._log[row] = math.log(max(1 - self._sustain, 1e-9)) + self._decay / self._attack
        self._slope[row] = self._decay
        self._line[row], self._rise[row] = 0.0, self._attack

    def release(self, row: int) -> None:
        """Let a held voice fall to silence from the level it has; nothing for one that is falling."""
        if not self.released[row]:
            self._fall(row, self._release)

    def fade(self, row: int) -> None:
        """Silence a voice as fast as is possible without a click."""
        self._fall(row, self._fade)
        self.fading[row] = True

    def _fall(self, row: int, slope: float) -> None:
        self._log[row] = math.log(self.level(row) + _UNDERSHOOT)
        self._base[row] = -_UNDERSHOOT
        self._slope[row] = slope
        self._line[row], self._rise[row] = 1.0, 0.0
        self.released[row] = True

    def level(self, row: int) -> float:
        """The envelope in the next frame, 0 to 1."""
        curve = float(self._base[row]) + math.exp(min(float(self._log[row]), 60.0))
        return max(0.0, min(curve, float(self._line[row])))

    def render(self, ramp: Floats, line: Floats, out: Floats) -> None:
        """Fill `out` (voices × frames) and go on by its length; `ramp` holds 0, 1, 2…, `line` is scratch of `out`."""
        voices, frames = out.shape
        slope = self._slope[:voices].astype(np.float32)[:, None]
        # Bounded so that the exponential neither overflows nor becomes denormal within a block.
        start = np.clip(self._log[:voices], -50.0, 60.0).astype(np.float32)[:, None]
        np.multiply(ramp, -slope, out=out)
        out += start
        np.exp(out, out=out)
        out += self._base[:voices].astype(np.float32)[:, None]
        np.multiply(ramp, self._rise[:voices].astype(np.float32)[:, None], out=line)
        line += self._line[:voices].astype(np.float32)[:, None]
        np.minimum(out, line, out=out)
        np.maximum(out, np.float32(0), out=out)
        self._log[:voices] -= frames * self._slope[:voices]
        self._line[:voices] += frames * self._rise[:voices]

    def ended(self, voices: int) -> Column:
        """Which of the first `voices` rows have fallen silent after their release."""
        silent: Column = self.released[:voices] & (self._log[:voices] <= _SILENCE)
        return silent
