"""A reverb: eight delay lines that feed each other through an orthogonal matrix (Jot and Chaigne, 1991).

Every delay is longer than a block, so a block is read, mixed and written back by a few array operations. The treble is
damped by a two-point average in each line instead of a recursive filter, which keeps it free of loops over frames.
"""

import numpy as np

from synth.arrays import Floats

LINES = 8
_DELAYS = (1031, 1187, 1451, 1747, 2083, 2477, 2909, 3407)
"""In frames at 48 kHz; primes, so that the echoes do not coincide."""
_SILENCE = 1e-7
"""What the lines hold below this (−140 dB) is cleared, before it becomes denormal."""


def _orthogonal() -> Floats:
    """The 8 × 8 Hadamard matrix, scaled to keep the energy."""
    matrix = np.ones((1, 1))
    while len(matrix) < LINES:
        matrix = np.block([[matrix, matrix], [matrix, -matrix]])
    scaled: Floats = (matrix / np.sqrt(LINES)).astype(np.float32)
    return scaled


class Reverb:
    """A stereo reverb that falls by 60 dB in `seconds`; `damping` from 0 to 0.9 shortens the treble."""

    def __init__(self, rate: int, seconds: float, damping: float) -> None:
        delays = np.array([round(delay * rate / 48_000) for delay in _DELAYS])
        self.longest_block = int(delays.min())
        self._delays: list[int] = delays.tolist()
        self._size = 1 << int(delays.max() + self.longest_block + 1).bit_length()
        self._ring = np.zeros((LINES, self._size), np.float32)
        self._taps = np.zeros((LINES, self.longest_block + 1), np.float32)
        gains = 10.0 ** (-3.0 * delays / (rate * seconds))
        self._now = (gains * (1 - damping / 2)).astype(np.float32)[:, None]
        self._past = (gains * damping / 2).astype(np.float32)[:, None]
        sides = np.array([[1, 0], [0, 1]] * (LINES // 2), np.float32)
        signs = np.array([1, 1, -1, 1, 1, -1, -1, -1], np.float32)[:, None]
        self._feed = np.hstack([_orthogonal(), sides * signs])
        self._collect = np.ascontiguousarray((sides * signs[::-1]).T) / np.float32(2)
        self._mixed = np.zeros((LINES + 2, self.longest_block), np.float32)
        self._fed = np.zeros((LINES, self.longest_block), np.float32)
        self._position = 0
        self._quiet = self._size

    @property
    def silent(self) -> bool:
        """Whether nothing is left to be heard."""
        return self._quiet >= self._size

    def process(self, dry: Floats, wet: Floats) -> None:
        """Fill `wet` (2 × frames) with the answer to `dry` (2 × frames); at most `longest_block` frames."""
        frames = dry.shape[1]
        taps = self._read(frames)
        mixed = self._mixed[:, :frames]
        heard = mixed[:LINES]
        np.multiply(taps[:, 1:], self._now, out=heard)
        past = taps[:, :-1]
        past *= self._past
        heard += past
        mixed[LINES:] = dry
        np.matmul(self._collect, heard, out=wet)
        self._write(np.matmul(self._feed, mixed, out=self._fed[:, :frames]))

    def _read(self, frames: int) -> Floats:
        """What leaves each line in these frames, and in the one before them."""
        taps = self._taps[:, : frames + 1]
        for line, delay in enumerate(self._delays):
            start = (self._position - delay - 1) & (self._size - 1)
            first = min(frames + 1, self._size - start)
            taps[line, :first] = self._ring[line, start : start + first]
            if first <= frames:
                taps[line, first:] = self._ring[line, : frames + 1 - first]
        return taps

    def _write(self, block: Floats) -> None:
        frames = block.shape[1]
        first = min(frames, self._size - self._position)
        self._ring[:, self._position : self._position + first] = block[:, :first]
        self._ring[:, : frames - first] = block[:, first:]
        self._position = (self._position + frames) & (self._size - 1)
        quiet = max(float(block.max()), -float(block.min())) < _SILENCE
        before, self._quiet = self._quiet, self._quiet + frames if quiet else 0
        if before < self._size <= self._quiet:
            self._ring.fill(0.0)
