"""Durations counted with three significant digits from 1 µs to 1 h (HdrHistogram, PyPI `hdrhistogram`).

Histograms of several processes or launches merge exactly; their percentiles must never be averaged.
"""

import zlib
from typing import Self

import numpy as np
from hdrh.codec import HdrCookieException, HdrLengthException
from hdrh.histogram import HdrHistogram
from numpy.typing import ArrayLike, NDArray

from perfkit.model.detail import Curve, Histogram

_NANOSECONDS = 1_000_000_000
_LONGEST = 3600 * _NANOSECONDS
_DIGITS = 3
_EXACT_BITS = 11
"""2 · 10³ needs 11 bits: the sub-buckets of three digits; larger values lose their low bits."""
_HALF = 1 << (_EXACT_BITS - 1)
"""Counters of each power of two; the lower half of its sub-buckets are those of the power before."""


class LatencyHistogram:
    """Counts durations in s; each lies within 0.1 % of where it is counted. The largest is kept exactly."""

    __slots__ = ("_counts", "_hdr", "largest")

    def __init__(self) -> None:
        self._hdr = HdrHistogram(1, _LONGEST, _DIGITS)
        self._counts: NDArray[np.uint64] = np.ctypeslib.as_array(self._hdr.counts)
        self.largest = 0.0

    def record(self, seconds: ArrayLike) -> None:
        """Count durations in s, of any shape. Below 0 counts as 0, above 1 h as 1 h. Raises ValueError for NaN."""
        values = np.atleast_1d(np.asarray(seconds, float)).ravel()
        if values.size == 0:
            return
        if np.isnan(values).any():
            raise ValueError("a duration is not a number")
        rounded = np.rint(np.clip(values, 0.0, _LONGEST / _NANOSECONDS) * _NANOSECONDS)
        nanoseconds = rounded.astype(np.int64)
        # The library is pure Python: its counters are found here for all values at once.
        power = np.maximum(0, np.frexp(rounded)[1] - _EXACT_BITS)
        np.add.at(self._counts, power * _HALF + (nanoseconds >> power), np.uint64(1))
        self._hdr.total_count += values.size
        self._hdr.min_value = min(self._hdr.min_value, int(nanoseconds.min()))
        self._hdr.max_value = max(self._hdr.max_value, int(nanoseconds.max()))
        self.largest = max(self.largest, float(values.max()))

    def merge(self, other: "LatencyHistogram") -> None:
        """Add the counts of another one."""
        if other.count:
            self._hdr.add(other._hdr)  # noqa: SLF001 - the same class
            self.largest = max(self.largest, other.largest)

    def encode(self) -> str:
        """Its counters as every HdrHistogram library reads them (V2, compressed, base64), the values in ns.

        Lossless but for `largest`, which comes back at the resolution of the counters.
        """
        encoded: bytes = self._hdr.encode()
        return encoded.decode("ascii")

    @classmethod
    def decode(cls, encoded: str, largest: float | None = None) -> Self:
        """A histogram from what `encode` gave; `largest` is its exact maximum in s, where it is known.

        Raises ValueError where the text is damaged or of another range or resolution.
        """
        try:
            hdr = HdrHistogram.decode(encoded)
        except (ValueError, HdrCookieException, HdrLengthException, zlib.error) as error:
            raise ValueError(f"not an encoded histogram: {error or type(error).__name__}") from None
        read = cls()
        if (hdr.counts_len, hdr.significant_figures) != (read._hdr.counts_len, _DIGITS):
            raise ValueError("a histogram of another range or resolution")
        if hdr.get_total_count():
            read._hdr.add(hdr)
            read.largest = hdr.get_max_value() / _NANOSECONDS if largest is None else largest
        return read

    @property
    def count(self) -> int:
        """How many durations were recorded."""
        return int(self._hdr.get_total_count())

    def percentile(self, share: float) -> float:
        """The duration in s that `share` (0..1) of those recorded do not exceed. Raises ValueError without any."""
        return self.percentiles((share,))[0]

    def percentiles(self, shares: tuple[float, ...]) -> tuple[float, ...]:
        """Several at once: the library walks all its counters for each call."""
        if not self.count:
            raise ValueError("no duration was recorded")
        if not all(0.0 <= share <= 1.0 for share in shares):
            raise ValueError(f"a share lies between 0 and 1, not at {shares}")
        levels = [share * 100 for share in shares]
        found = self._hdr.get_percentile_to_value_dict(levels)
        return tuple(min(found[level] / _NANOSECONDS, self.largest) for level in levels)

    def by_nines(self, title: str, points: int = 120) -> Curve:
        """Percentiles over 1 / (1 - share): one unit of a logarithmic axis is one more nine, up to the largest."""
        ends = np.geomspace(1.0, max(2.0, float(self.count)), points)
        values = (*self.percentiles(tuple((1 - 1 / ends[:-1]).tolist())), self.largest)
        return Curve(title, "1 / (1 − percentile), logarithmic", "1", "time", "s", tuple(ends.tolist()), values)

    def drawing(self, title: str, bins: int = 60, marks: tuple[tuple[str, float], ...] = ()) -> Histogram:
        """The counts in `bins` bins of equal ratio from the smallest to the largest duration.

        A counter that lies in several bins is shared out, or its steps would show in narrow ones.
        """
        begins, ends, counts = self._recorded()
        low = max(1e-9, float(begins[0]) * 0.999)
        edges = np.geomspace(low, max(low * 1.01, float(ends[-1])), bins + 1)
        passed = np.concatenate(([0.0], np.cumsum(counts)))
        below = np.rint(np.interp(edges, _alternating(begins, ends), _alternating(passed[:-1], passed[1:])))
        below[0], below[-1] = 0.0, passed[-1]
        in_bins = tuple(np.diff(below).astype(int).tolist())
        return Histogram(title, "s", tuple(edges.tolist()), in_bins, marks, self.encode())

    def _recorded(self) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.uint64]]:
        """Where each counter that is not empty begins and ends, s, and what it counts."""
        where = np.flatnonzero(self._counts)
        if where.size == 0:
            raise ValueError("no duration was recorded")
        begins = np.array([self._hdr.get_value_from_index(int(index)) for index in where], float)
        widths = 2.0 ** np.maximum(0, np.frexp(begins)[1] - _EXACT_BITS)
        return begins / _NANOSECONDS, (begins + widths) / _NANOSECONDS, self._counts[where]


def _alternating(first: NDArray[np.float64], second: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.column_stack((first, second)).ravel()
