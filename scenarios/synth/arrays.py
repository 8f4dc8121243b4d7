"""The array types of the engine, and scratch memory that is allocated once."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
Doubles = NDArray[np.float64]
Phases = NDArray[np.uint32]
Column = NDArray[Any]
"""State of all voices, the voice on the first axis."""


class Scratch:
    """Memory for one (rows × frames) array of any smaller shape, contiguous in each."""

    def __init__(self, rows: int, frames: int) -> None:
        self._flat = np.zeros(rows * frames, np.uint32)

    def phases(self, rows: int, frames: int) -> Phases:
        """The memory as 32-bit phases, with what it last held."""
        return self._flat[: rows * frames].reshape(rows, frames)

    def floats(self, rows: int, frames: int) -> Floats:
        """The memory as samples, with what it last held."""
        return self.phases(rows, frames).view(np.float32)
