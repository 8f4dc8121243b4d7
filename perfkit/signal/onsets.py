"""When notes begin to sound."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

_BELOW_PEAK = 1e-3
_ABOVE_NOISE = 4.0


def onsets(recorded: NDArray[np.float64], windows: Sequence[tuple[int, int]], quiet: int) -> list[int | None]:
    """The frame at which a note begins within each window `(from, until)` of `recorded`; None where none does.

    That is the first frame above -60 dB of the window's peak and above four times the peak of what sounded in the
    `quiet` frames before the window: a note must begin in silence or over a noise floor well below it.
    """
    return [_onset(recorded, start, until, quiet) for start, until in windows]


def _onset(recorded: NDArray[np.float64], start: int, until: int, quiet: int) -> int | None:
    size = np.abs(recorded[start:until])
    peak = float(size.max(initial=0.0))
    floor = float(np.abs(recorded[max(0, start - quiet) : start]).max(initial=0.0))
    level = max(_BELOW_PEAK * peak, _ABOVE_NOISE * floor)
    if peak == 0.0 or peak < level:
        return None
    return start + int(np.argmax(size >= level))
