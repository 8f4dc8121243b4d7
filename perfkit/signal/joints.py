"""Where a recording breaks at the joints between its blocks: what a server that lost a cycle leaves to be heard.

A missed cycle is heard as a block of silence, as the block before once more, or as a jump. Whatever music is, it does
not do that exactly at the joints. A jump is an outlier of the residual of linear prediction (order 32, fitted to
the recording by its autocorrelation) among the first residuals after a joint, against those inside the blocks around.
"""

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import solve_toeplitz
from scipy.signal import lfilter

_ORDER = 32
_OUTLIER = 8.0
_QUIET = 1e-4
_REGULAR = 1e-9
_USUAL = 0.5

Signal = NDArray[np.float64]


def glitches(recorded: Signal, block: int) -> list[int]:
    """The numbers of the blocks of `block` frames at which a glitch begins in `recorded`.

    One for each run of lost blocks (silent or repeated, with a jump before, after or within), and for each other jump.
    """
    blocks = recorded[: len(recorded) // block * block].reshape(-1, block)
    if len(blocks) < 4 or not blocks.any():
        return []
    jumps = _jumps(blocks)
    lost = _silent(blocks, jumps) | _repeated(blocks)
    found = [k for k in np.flatnonzero(lost) if k == 0 or not lost[k - 1]]
    found += [k for k in np.flatnonzero(jumps) if not (lost[k] or lost[k - 1])]
    return sorted(int(k) for k in found)


def _silent(blocks: Signal, jumps: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Blocks of silence into which, or out of which, the sound jumps."""
    silent = ~blocks.any(axis=1)
    lost = np.zeros(len(blocks), bool)
    edges = np.flatnonzero(np.diff(np.concatenate(([False], silent, [False])).astype(int)))
    for start, end in zip(edges[::2], edges[1::2], strict=True):
        inside = start > 0 and end < len(blocks)
        lost[start:end] = inside and (jumps[start] or jumps[end])
    return lost


def _repeated(blocks: Signal) -> NDArray[np.bool_]:
    """Blocks that are the block before once more, unless the sound itself repeats at that pace."""
    same = np.zeros(len(blocks), bool)
    same[1:] = (blocks[1:] == blocks[:-1]).all(axis=1) & blocks[1:].any(axis=1)
    sounding = int(blocks.any(axis=1).sum())
    return same if same.sum() < _USUAL * sounding else np.zeros(len(blocks), bool)


def _jumps(blocks: Signal) -> NDArray[np.bool_]:
    """Whether there is a jump between block k - 1 and block k."""
    count, block = blocks.shape
    residual = np.abs(_residual(blocks.ravel())).reshape(count, block)
    reach = min(_ORDER, block // 2)
    at_joint = residual[:, :reach].max(axis=1)
    inside = residual[:, reach:].max(axis=1)
    around = np.maximum(inside, np.concatenate((inside[:1], inside[:-1])))
    around = np.maximum(around, np.median(inside[inside > 0.0]) if (inside > 0.0).any() else 0.0)
    jumps: NDArray[np.bool_] = at_joint > np.maximum(_OUTLIER * around, _QUIET * float(np.abs(blocks).max()))
    jumps[0] = False
    return jumps


def _residual(signal: Signal) -> Signal:
    """What linear prediction leaves."""
    length = 1 << (2 * len(signal) - 1).bit_length()
    power = np.abs(np.fft.rfft(signal, length)) ** 2
    correlation = np.fft.irfft(power, length)[: _ORDER + 1]
    correlation[0] *= 1 + _REGULAR
    weights = solve_toeplitz(correlation[:-1], correlation[1:])
    left: Signal = lfilter(np.concatenate(([1.0], -weights)), [1.0], signal)
    return left
