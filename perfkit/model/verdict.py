"""The verdicts, why one is inconclusive, and the judgement of a run."""

from dataclasses import dataclass
from enum import IntEnum, StrEnum

from perfkit.model.budget import Budget, Level
from perfkit.model.change import Change, Summary
from perfkit.model.launch import Outcome
from perfkit.model.metric import Metric


class Verdict(StrEnum):
    """What is said of one benchmark and metric, worst first."""

    REGRESSED = "regressed"
    OVER_LIMIT = "over limit"
    INCONCLUSIVE = "inconclusive"
    NEW = "new"
    IMPROVED = "improved"
    UNCHANGED = "unchanged"
    WITHIN_LIMIT = "within limit"
    INFORMATIONAL = "informational"


class Met(StrEnum):
    """Whether a budget is kept."""

    MET = "met"
    EXCEEDED = "exceeded"
    INCONCLUSIVE = "inconclusive"


class Reason(StrEnum):
    """Why a verdict is inconclusive; `CRASH` is why one is regressed although there is no change to show."""

    NOISE = "noise"
    NO_BASELINE = "no baseline"
    TOO_FEW = "too few launches"
    OTHER_MACHINE = "baseline from another machine"
    OTHER_DEFINITION = "definition changed"
    OTHER_METHOD = "method changed"
    NOT_POSITIVE = "values not positive"
    NEAR_LIMIT = "interval crosses the limit"
    EXPOSURE = "exposure too short"
    NOT_REAL_TIME = "not real-time"
    BELOW_READING = "below what can be read"
    NOT_CONFIRMED = "not confirmed"
    DISAGREED = "confirmation disagreed"
    NOT_DECIDED_AGAIN = "confirmation undecided"
    OUT_OF_TIME = "out of time"
    INTERRUPTED = "interrupted"
    TOO_COARSE = "too coarse a quantum"
    CRASH = "crash"


class ExitCode(IntEnum):
    """The process's exit code; where several hold, `worst` picks one."""

    PASSED = 0
    REGRESSED = 1
    USAGE = 2
    INCONCLUSIVE = 3
    NOT_MEASURED = 4
    OTHER_MACHINE = 5
    BUG = 70
    INTERRUPTED = 130


_PRECEDENCE = (
    ExitCode.INTERRUPTED,
    ExitCode.BUG,
    ExitCode.USAGE,
    ExitCode.NOT_MEASURED,
    ExitCode.REGRESSED,
    ExitCode.OTHER_MACHINE,
    ExitCode.INCONCLUSIVE,
    ExitCode.PASSED,
)


def worst(codes: frozenset[ExitCode]) -> ExitCode:
    """The code that wins where several hold."""
    return next(code for code in _PRECEDENCE if code in codes | {ExitCode.PASSED})


@dataclass(frozen=True, slots=True)
class BudgetVerdict:
    """One budget held against what was measured; `why` is a sentence for people."""

    budget: Budget
    met: Met
    why: str


@dataclass(frozen=True, slots=True)
class Finding:
    """One benchmark and metric with its verdict. `advice` says what to do next, for an inconclusive one always.

    Where pairs were measured twice, `change` is the second batch's, `first` the one that was suspected, and
    `confirmation` says what the second made of it: confirmed, disagreed or undecided.
    """

    benchmark: str
    metric: Metric
    verdict: Verdict
    why: str
    candidate: Summary
    base: Summary | None = None
    change: Change | None = None
    budgets: tuple[BudgetVerdict, ...] = ()
    reason: Reason | None = None
    advice: str = ""
    source: str = ""
    first: Change | None = None
    confirmation: str = ""

    @property
    def gating(self) -> bool:
        """Whether a budget speaks of it."""
        return bool(self.budgets)

    @property
    def only_warns(self) -> bool:
        """Whether it fails nothing, bad as it is: every budget that is exceeded only warns."""
        exceeded = [held.budget.level for held in self.budgets if held.met is Met.EXCEEDED]
        return bool(exceeded) and Level.ERROR not in exceeded and self.reason is not Reason.CRASH


@dataclass(frozen=True, slots=True)
class Unmeasured:
    """A benchmark without values: how it ended, why, and whether the base has it."""

    benchmark: str
    outcome: Outcome | None
    reason: str
    in_base: bool
    source: str = ""
    required: bool = False

    @property
    def fails(self) -> bool:
        """Whether the gate fails over it: anything but a skip that the base does not have and nobody requires."""
        return self.in_base or self.required or self.outcome is not Outcome.SKIPPED


@dataclass(frozen=True, slots=True)
class Judgement:
    """All findings of a run, worst first, and the exit codes that hold."""

    headline: str
    findings: tuple[Finding, ...]
    unmeasured: tuple[Unmeasured, ...]
    codes: frozenset[ExitCode]
    base_name: str = ""
    warnings: tuple[str, ...] = ()

    @property
    def exit_code(self) -> ExitCode:
        """The code that wins."""
        return worst(self.codes)

    @property
    def verdict(self) -> str:
        """The exit code in a word, for machines."""
        return self.exit_code.name.lower().replace("_", " ")
