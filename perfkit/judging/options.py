"""What a judgement depends on besides the values: errors, margins, and what is known of the machine."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from perfkit.model.metric import Resource


@dataclass(frozen=True, slots=True)
class Between:
    """What doctor saw in A/A sessions, in ln units, from so many `sessions`.

    `tau` is the sd between sessions, which a stored baseline must reckon with. `pairs` is that of what the pairs of a
    session come to: both sides share the session, so this is all that is left of it for pairs.
    """

    tau: float
    sessions: int
    pairs: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """The rules of a judgement.

    `alpha` is the chance of any false "regressed" in the whole judgement, `beta` that of a false "unchanged" in one
    finding. Changes below `ignore` never count, `tolerance` is what must not pass where a budget names none
    (fractions). `require_skips` fails on skipped benchmarks, `everything` also gives verdicts where no budget is.
    `on_inconclusive` maps inconclusive findings to exit 0 or 1 instead of 3.
    """

    alpha: float = 0.01
    beta: float = 0.05
    ignore: float = 0.01
    tolerance: float = 0.05
    on_inconclusive: Literal["fail", "pass"] | None = None
    require_skips: bool = False
    everything: bool = False
    between: Mapping[Resource, Between] = field(default_factory=dict)
