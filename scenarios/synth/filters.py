"""A resonant low-pass filter for each voice, exact and without a loop over frames.

A filter of second order is a linear map from 32 input frames and 2 state values to 32 output frames and 2 state values.
It is worked out once for each cutoff as a 34 × 34 matrix; a block is then one batched product for each 32 frames.
The state is that of the trapezoidal state-variable filter (Simper, 2013), whose transfer function is the bilinear
biquad's, but which stays accurate in single precision at low cutoffs, where a direct form does not.
"""

import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from synth.arrays import Column, Floats

STEP = 32
"""Frames for each product."""

_TINY = np.float32(1e-20)


@dataclass(frozen=True, slots=True)
class Lowpass:
    """One cutoff's maps: `step` (34 × 34), and `powers` (33 × 2 × 2), the state's own map after 0…32 frames."""

    step: Floats
    powers: Floats


@lru_cache(maxsize=256)
def lowpass(cutoff: float, resonance: float, rate: int) -> Lowpass:
    """The maps of a low-pass filter; the cutoff in Hz is held below 0.45 of the rate, resonance is Q."""
    g = math.tan(math.pi * min(cutoff, 0.45 * rate) / rate)
    a = 1 / (1 + g * (g + 1 / resonance))
    # band = a·s1 + a·g·(x − s2); low = s2 + g·band; s1' = 2·band − s1; s2' = 2·low − s2
    state = np.array([[2 * a - 1, -2 * a * g], [2 * a * g, 1 - 2 * a * g * g]])
    entry = np.array([2 * a * g, 2 * a * g * g])
    output = np.array([a * g, 1 - a * g * g])
    powers = [np.eye(2)]
    for _ in range(STEP):
        powers.append(state @ powers[-1])
    answer = [a * g * g, *(float(output @ power @ entry) for power in powers[: STEP - 1])]
    step = np.zeros((STEP + 2, STEP + 2))
    for frame in range(STEP):
        step[frame, : frame + 1] = answer[frame::-1]
        step[frame, STEP:] = output @ powers[frame]
        step[STEP:, frame] = powers[STEP - 1 - frame] @ entry
    step[STEP:, STEP:] = powers[STEP]
    return Lowpass(step.astype(np.float32), np.array(powers, np.float32))


class Filters:
    """The filters of up to `capacity` voices, one row each."""

    def __init__(self, capacity: int) -> None:
        self._step = np.zeros((capacity, STEP + 2, STEP + 2), np.float32)
        self._powers = np.zeros((capacity, STEP + 1, 2, 2), np.float32)
        self._state = np.zeros((capacity, 2), np.float32)
        self._before = np.zeros((capacity, STEP + 2, 1), np.float32)
        self._after = np.zeros((capacity, STEP + 2, 1), np.float32)

    @property
    def columns(self) -> tuple[Column, ...]:
        """Everything that moves when a voice moves to another row."""
        return self._step, self._powers, self._state

    def start(self, row: int, maps: Lowpass) -> None:
        """Give a new voice its filter, at rest."""
        self._step[row] = maps.step
        self._powers[row] = maps.powers
        self._state[row] = 0.0

    def process(self, block: Floats) -> None:
        """Filter a block (voices × frames) in place."""
        voices, frames = block.shape
        state = self._state[:voices]
        whole = frames - frames % STEP
        before, after = self._before[:voices], self._after[:voices]
        before[:, STEP:, 0] = state
        for start in range(0, whole, STEP):
            before[:, :STEP, 0] = block[:, start : start + STEP]
            np.matmul(self._step[:voices], before, out=after)
            block[:, start : start + STEP] = after[:, :STEP, 0]
            before[:, STEP:] = after[:, STEP:]
        state[...] = before[:, STEP:, 0]
        if whole < frames:
            self._process_rest(block[:, whole:], state)
        state[np.abs(state) < _TINY] = 0.0  # an idle filter must not decay into slow denormals

    def _process_rest(self, block: Floats, state: Floats) -> None:
        """Filter fewer frames than a step, with the same matrices' corners."""
        voices, frames = block.shape
        step = self._step[:voices]
        entered = step[:, STEP:, STEP - frames : STEP] @ block[:, :, None]
        kept = self._powers[:voices, frames] @ state[:, :, None]
        filtered = step[:, :frames, :frames] @ block[:, :, None] + step[:, :frames, STEP:] @ state[:, :, None]
        block[...] = filtered[:, :, 0]
        state[...] = (entered + kept)[:, :, 0]
