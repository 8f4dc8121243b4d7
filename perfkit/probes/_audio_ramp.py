"""The search for the highest level that is sustained: double, then bisect, each level by two of three tries."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from perfkit.model.errors import Invalid

_TRIES = 3
_CONTAMINATED = 5


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
    that whatever is below a passing level passes too.
    """
    low, high = 0, most + 1
    level = min(guess, most)
    if passes(level):
        low = level
        while low < most and passes(level := min(most, low + jump)):
            low, jump = level, 2 * jump
        high = level if level > low else most + 1
    else:
        high = level
        while high > 1 and not passes(level := max(1, high - jump)):
            high, jump = level, 2 * jump
        low = level if level < high else 0
    while high - low > step_at(low, precision) and high <= most:
        middle = (low + high) // 2
        if passes(middle):
            low = middle
        else:
            high = middle
    return low


def step_at(level: int, precision: float) -> int:
    """How far apart levels are told there."""
    return max(1, round(precision * level))
