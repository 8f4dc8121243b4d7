"""The search for the highest level that is sustained: double, then bisect, each level by two of three tries."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from perfkit.model.errors import Invalid

_TRIES = 3
_CONTAMINATED = 5
_ROUNDS = 3
"""So often a search is taken up again at a level that has failed and then passes."""


class Ending(StrEnum):
    """How a try ended."""

    PASSED = "passed"
    FAILED = "failed"
    CONTAMINATED = "contaminated"


@dataclass(frozen=True, slots=True)
class Try:
    """One try at a level: how much of what it may use it used (1 is the limit), and why it failed, in words."""

    ending: Ending
    load: float
    why: str = ""
    latency: float = 0.0


@dataclass(frozen=True, slots=True)
class Level:
    """All tries at a level in one search."""

    level: int
    tries: tuple[Try, ...]

    @property
    def passed(self) -> bool:
        """Whether most tries that count passed."""
        counted = [one for one in self.tries if one.ending is not Ending.CONTAMINATED]
        return sum(one.ending is Ending.PASSED for one in counted) > len(counted) / 2


def decide(level: int, once: Callable[[int], Try]) -> Level:
    """Try until two of at most three tries agree; contaminated ones are made again.

    Raises Invalid where the machine contaminates one try after the other.
    """
    tries: list[Try] = []
    while True:
        tries.append(once(level))
        endings = [one.ending for one in tries]
        if max(endings.count(Ending.PASSED), endings.count(Ending.FAILED)) > _TRIES // 2:
            return Level(level, tuple(tries))
        if endings.count(Ending.CONTAMINATED) > _CONTAMINATED:
            raise Invalid(
                f"the canary was late in {_CONTAMINATED + 1} tries at {level}", hint="measure on a machine at rest"
            )


def sustained(passes: Callable[[int], bool], *, guess: int, jump: int, most: int, precision: float) -> int:
    """The highest level up to `most` that passes, to the share `precision` of it; 0 where not even 1 does.

    Goes from `guess` by jumps that double, up while levels pass or down while they fail, and then bisects. Takes it
    that whatever is below a passing level passes too. What failed may have done so for the machine's sake, long before
    the search ended below it: it is asked once more, and the search goes on from there if it passes.
    """
    level = min(guess, most)
    low, high = _upwards(passes, level, jump, most) if passes(level) else _downwards(passes, level, jump)
    for _ in range(_ROUNDS):
        while high - low > step_at(low, precision) and high <= most:
            middle = (low + high) // 2
            if passes(middle):
                low = middle
            else:
                high = middle
        if high > most or not passes(high):
            break
        low, high = _upwards(passes, high, step_at(high, precision), most)
    return low


def _upwards(passes: Callable[[int], bool], low: int, jump: int, most: int) -> tuple[int, int]:
    """The last level that passed, going up from `low`, and the first that did not, or one beyond `most`."""
    while low < most:
        level = min(most, low + jump)
        if not passes(level):
            return low, level
        low, jump = level, 2 * jump
    return low, most + 1


def _downwards(passes: Callable[[int], bool], high: int, jump: int) -> tuple[int, int]:
    """The first level that passed, going down from `high`, or 0, and the last that did not."""
    while high > 1:
        level = max(1, high - jump)
        if passes(level):
            return level, high
        high, jump = level, 2 * jump
    return 0, high


def step_at(level: int, precision: float) -> int:
    """How far apart levels are told there."""
    return max(1, round(precision * level))
