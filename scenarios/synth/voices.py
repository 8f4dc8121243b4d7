"""The voices that sound: starting, stopping, stealing, and rendering all of them at once.

A voice is one row of every column of state. The rows in use are the first ones, ordered by waveform, so that each
waveform is one contiguous slice and a block needs no gathering.
"""

import math

import numpy as np

from synth.arrays import Column, Floats, Phases, Scratch
from synth.envelope import Envelopes
from synth.filters import Filters, lowpass
from synth.oscillators import OSCILLATORS, Waveform, increment_of
from synth.patch import Patch

_RESERVE = 8
"""Rows beyond the polyphony, in which stolen voices fade."""
_FOREVER = np.iinfo(np.int64).max // 2


def frequency_of(pitch: float) -> float:
    """The frequency in Hz of a MIDI note number; 69 is 440 Hz."""
    return float(440.0 * 2.0 ** ((pitch - 69.0) / 12.0))


class Voices:
    """Up to `polyphony` voices, and stolen ones that still fade; blocks have at most `longest_block` frames."""

    def __init__(self, patch: Patch, rate: int, polyphony: int, longest_block: int, seed: int) -> None:
        capacity = polyphony + _RESERVE
        self._patch, self._rate, self._polyphony, self._capacity = patch, rate, polyphony, capacity
        self._random = np.random.default_rng(seed)
        self._rows = self._sounding = 0
        self._next_id = 1
        self._ids = np.zeros(capacity, np.int64)
        self._waveforms = np.zeros(capacity, np.int8)
        self._phases: Phases = np.zeros(capacity, np.uint32)
        self._increments: Phases = np.zeros(capacity, np.uint32)
        self._held = np.zeros(capacity, np.int64)
        self._sides = np.zeros((capacity, 2), np.float32)
        self._envelopes = Envelopes(patch, rate, capacity)
        self._filters = Filters(capacity)
        self._columns: tuple[Column, ...] = (
            *(self._ids, self._waveforms, self._phases, self._increments, self._held, self._sides),
            *self._envelopes.columns,
            *self._filters.columns,
        )
        self._slices: list[tuple[Waveform, slice]] = []
        self._count = np.arange(longest_block, dtype=np.uint32)
        self._ramp = self._count.astype(np.float32)
        self._block, self._level, self._line = (Scratch(capacity, longest_block) for _ in range(3))

    @property
    def sounding(self) -> int:
        """How many voices sound or fall to silence, without stolen ones."""
        return self._sounding

    @property
    def empty(self) -> bool:
        """Whether there is nothing to render."""
        return self._rows == 0

    def start(self, pitch: float, velocity: float, waveform: Waveform, held: int | None) -> int:
        """Start a voice, released after `held` frames if given, stealing one if all are in use. Returns its id."""
        frequency = frequency_of(pitch)
        increment = increment_of(frequency, self._rate)
        self._make_room()
        row = self._insert(waveform)
        voice = self._ids[row] = self._next_id
        self._next_id += 1
        is_noise = waveform is Waveform.NOISE
        self._phases[row] = self._random.integers(0, 2**32) if is_noise else 0
        self._increments[row] = 1 if is_noise else increment
        self._held[row] = _FOREVER if held is None else held
        # Equal power, low notes on the left.
        angle = math.pi / 4 * (1 + 0.6 * (min(max(pitch, 0.0), 127.0) - 63.5) / 63.5)
        gain = self._patch.gain * velocity**2
        self._sides[row] = gain * math.cos(angle), gain * math.sin(angle)
        cutoff = self._patch.cutoff * 2.0 ** (self._patch.key_tracking * (pitch - 60.0) / 12.0)
        self._filters.start(row, lowpass(cutoff, self._patch.resonance, self._rate))
        self._envelopes.start(row)
        return int(voice)

    def release(self, voice: int) -> bool:
        """Let a voice fall to silence. False if there is none of this id, or it is falling already."""
        rows = np.flatnonzero(self._ids[: self._rows] == voice)
        if len(rows) == 0 or self._envelopes.released[rows[0]]:
            return False
        self._envelopes.release(int(rows[0]))
        return True

    def release_all(self) -> None:
        """Let every voice fall to silence."""
        for row in range(self._rows):
            self._envelopes.release(row)

    def frames_until_release(self) -> int:
        """Frames until the next voice has been held for its time; at least 1."""
        return int(self._held[: self._rows].min(initial=_FOREVER))

    def render(self, out: Floats) -> None:
        """Fill `out` (2 × frames) with the sum of all voices and drop those that have ended."""
        rows, frames = self._rows, out.shape[1]
        phases = self._level.phases(rows, frames)
        block = self._block.floats(rows, frames)
        increments = self._increments[:rows]
        np.multiply(increments[:, None], self._count[:frames], out=phases)
        phases += self._phases[:rows, None]
        self._phases[:rows] += increments * np.uint32(frames)
        for waveform, part in self._slices:
            OSCILLATORS[waveform](phases[part], increments[part], block[part])
        self._filters.process(block)
        level = self._level.floats(rows, frames)
        self._envelopes.render(self._ramp[:frames], self._line.floats(rows, frames), level)
        block *= level
        np.matmul(self._sides[:rows].T, block, out=out)
        self._end_block(frames)

    def _end_block(self, frames: int) -> None:
        rows = self._rows
        self._held[:rows] -= frames
        for row in np.flatnonzero(self._held[:rows] <= 0):
            self._held[row] = _FOREVER
            self._envelopes.release(int(row))
        ended = self._envelopes.ended(rows)
        if ended.any():
            self._keep(~ended)

    def _make_room(self) -> None:
        """Fade the voice that will be missed least: the quietest falling one, or else the oldest."""
        if self._rows == self._capacity:
            fading = np.flatnonzero(self._envelopes.fading[: self._rows])
            keep = np.ones(self._rows, np.bool_)
            keep[fading[np.argmin(self._ids[fading])]] = False
            self._keep(keep)
        if self.sounding < self._polyphony:
            return
        candidates = np.flatnonzero(~self._envelopes.fading[: self._rows])
        falling = candidates[self._envelopes.released[candidates]]
        if len(falling):
            row = min(falling, key=lambda index: self._envelopes.level(int(index)))
        else:
            row = candidates[np.argmin(self._ids[candidates])]
        self._envelopes.fade(int(row))
        self._sounding -= 1

    def _insert(self, waveform: Waveform) -> int:
        rows = self._rows
        row = int(np.searchsorted(self._waveforms[:rows], waveform, side="right"))
        for column in self._columns:
            column[row + 1 : rows + 1] = column[row:rows]
        self._waveforms[row] = waveform
        self._rows += 1
        self._sounding += 1
        self._slice()
        return row

    def _keep(self, keep: Column) -> None:
        kept = int(np.count_nonzero(keep))
        for column in self._columns:
            column[:kept] = column[: self._rows][keep]
        self._rows = kept
        self._sounding = kept - int(np.count_nonzero(self._envelopes.fading[:kept]))
        self._slice()

    def _slice(self) -> None:
        ends = np.searchsorted(self._waveforms[: self._rows], list(Waveform), side="right").tolist()
        starts = [0, *ends[:-1]]
        self._slices = [
            (waveform, slice(start, end))
            for waveform, start, end in zip(Waveform, starts, ends, strict=True)
            if end > start
        ]
