"""A difference with its interval."""

from dataclasses import dataclass
from typing import Final

IDENTICAL: Final = "identical values"
"""The note of a change between the same numbers."""


@dataclass(frozen=True, slots=True)
class Summary:
    """One side of a comparison, in the metric's base unit.

    `median` is the pseudo-median (of several sessions the mean of theirs; NaN where there is no value). `low` and
    `high` bound it at level `confidence` (None and 0 where there are too few launches);
    `total` is the sum of the values, which is what a count's limit is held against.
    """

    n: int
    median: float
    low: float | None = None
    high: float | None = None
    confidence: float = 0.0
    total: float = 0.0
    sessions: int = 1


@dataclass(frozen=True, slots=True)
class Change:
    """Candidate against base, oriented so that positive is worse.

    `estimate`, `low` and `high` are fractions (+.05 is 5 % worse) where `relative`, else in the metric's unit.
    `ignore` (θ0) and
    `tolerance` (δ) are the two anchors of the decision and `detectable` the smallest change that could have been
    seen.
    `between` is τ, the sd between sessions in force, with `between_from` saying where it is from.
    `pairs` is how many pairs of launches it rests on, 0 where there were none; a p of None is above its level.
    """

    estimate: float
    low: float | None
    high: float | None
    confidence: float
    relative: bool
    ignore: float
    tolerance: float
    detectable: float | None
    p_worse: float | None
    p_better: float | None
    suspected: bool
    improved: bool
    unchanged: bool
    method: str
    between: float | None = None
    between_from: str = ""
    note: str = ""
    pairs: int = 0

    @property
    def coarse(self) -> bool:
        """Whether it is unchanged only as far as a stored baseline can tell, which is not as far as the tolerance."""
        only_unchanged = self.unchanged and not self.suspected and not self.improved
        blind = (self.detectable or 0.0) > self.tolerance and self.note != IDENTICAL
        return only_unchanged and blind and self.method == "sessions"
