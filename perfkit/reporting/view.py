"""The one view that every report draws: all texts are written, every number a picture needs is placed in its unit.

Texts are as the user wrote them; escaping belongs to each format.
"""

from dataclasses import dataclass

from perfkit.model.detail import RESULT, Detail, Facts
from perfkit.model.metric import Metric
from perfkit.model.reasons import evidence, said
from perfkit.model.verdict import Finding, Judgement, Unmeasured
from perfkit.reporting.pictures import Picture
from perfkit.reporting.wording import Wording

_MOST_NAMED = 3


def unit_once(first: str, second: str, between: str) -> str:
    """`414 to 469 ms` for `414 ms` and `469 ms`: the unit is said once where it is the same."""
    number, _, unit = first.rpartition(" ")
    same = number and not unit.isdigit() and unit == second.rpartition(" ")[2]  # 115 365 has a space and no unit
    return f"{number if same else first}{between}{second}"


@dataclass(frozen=True, slots=True)
class SideText:
    """One side of a finding as text: its median, or a count's total; `interval` is empty for too few launches."""

    median: str
    interval: str
    launches: int
    sessions: int


@dataclass(frozen=True, slots=True)
class ChangeText:
    """A change as text, positive is worse. `low` and `high` are empty where there is no interval."""

    estimate: str
    low: str
    high: str
    confidence: str
    detectable: str
    method: str
    note: str

    @property
    def interval(self) -> str:
        """`+9.8 to +17.1 %`, or nothing."""
        return unit_once(self.low, self.high, " to ") if self.low else ""

    @property
    def compact(self) -> str:
        """`+13.6 % [+9.8, +17.1]`: the unit is said once where it is the same."""
        if not self.low:
            return self.estimate
        low, _, low_unit = self.low.rpartition(" ")
        high, _, high_unit = self.high.rpartition(" ")
        same = low_unit == high_unit == self.estimate.rpartition(" ")[2] and not low_unit.isdigit()
        return f"{self.estimate} [{low}, {high}]" if same and low else f"{self.estimate} [{self.low}, {self.high}]"


@dataclass(frozen=True, slots=True)
class BudgetText:
    """One budget with its state."""

    text: str
    wording: Wording
    why: str


@dataclass(frozen=True, slots=True)
class Row:
    """One finding, ready to be set; `finding` holds its numbers for the reports that machines read.

    `declared` tells that the scenario has a budget for the metric, also one that waits for a base.
    """

    finding: Finding
    anchor: str
    wording: Wording
    candidate: SideText
    base: SideText | None
    change: ChangeText | None
    budgets: tuple[BudgetText, ...]
    picture: Picture | None
    unit: str
    declared: bool

    @property
    def benchmark(self) -> str:
        """The benchmark's id."""
        return self.finding.benchmark

    @property
    def metric(self) -> str:
        """The metric's name."""
        return self.finding.metric.name

    @property
    def medians(self) -> str:
        """`414 → 469 ms`: base and candidate, the unit said once where it is the same."""
        if self.base is None:
            return self.candidate.median
        return unit_once(self.base.median, self.candidate.median, " → ")

    @property
    def decisive(self) -> BudgetText | None:
        """The budget that the verdict hangs on: the first that is not met, else the last written."""
        open_ones = [budget for budget in self.budgets if budget.wording.tone != "good"]
        return next(iter(open_ones), self.budgets[-1] if self.budgets else None)

    @property
    def why(self) -> str:
        """The finding's sentence without its full stop and without the evidence."""
        return said(self.finding.why).rstrip(". ")

    @property
    def evidence(self) -> str:
        """What stands below the sentence, such as a traceback; mostly nothing."""
        return evidence(self.finding.why)

    @property
    def pairs(self) -> str:
        """`10`, or `10 + 6` of two batches; empty where the change rests on no pairs."""
        change, first = self.finding.change, self.finding.first
        if change is None or not change.pairs:
            return ""
        return f"{first.pairs} + {change.pairs}" if first else str(change.pairs)

    @property
    def needs_eyes(self) -> bool:
        """Whether someone has to do something about it."""
        return self.wording.tone in {"bad", "unsure"}


@dataclass(frozen=True, slots=True)
class Explanation:
    """Why, and what to do next, for all rows of which the same is said."""

    wording: Wording
    rows: tuple[Row, ...]
    why: str
    evidence: str
    advice: str

    @property
    def named(self) -> tuple[Row, ...]:
        """The rows to name: all of a few, else the first two."""
        return self.rows if len(self.rows) <= _MOST_NAMED else self.rows[:2]

    @property
    def more(self) -> int:
        """How many rows are not named."""
        return len(self.rows) - len(self.named)


@dataclass(frozen=True, slots=True)
class UnmeasuredRow:
    """A benchmark without values."""

    unmeasured: Unmeasured
    wording: Wording

    @property
    def text(self) -> str:
        """Why, and what follows from it, in one sentence."""
        tail = "; the base has it" if self.unmeasured.in_base else ""
        return f"{said(self.unmeasured.reason) or 'no launch was made'}{tail}"

    @property
    def evidence(self) -> str:
        """What stands below that sentence, such as a traceback."""
        return evidence(self.unmeasured.reason)


@dataclass(frozen=True, slots=True)
class BenchmarkView:
    """One benchmark's launches in words, and what one representative launch saw inside."""

    id: str
    kind: str
    launches: str
    duration: float
    caveats: tuple[str, ...]
    details: tuple[Detail, ...]
    details_from: str
    metrics: tuple[Metric, ...]

    @property
    def words(self) -> str:
        """What that launch came to in one sentence, to be pasted anywhere; empty where the probe says none."""
        facts = (detail.rows for detail in self.details if isinstance(detail, Facts))
        return next((text for rows in facts for name, text in rows if name == RESULT), "")


@dataclass(frozen=True, slots=True)
class Fact:
    """One property of the environments; `base` is empty where there is no base, `differs` marks a difference."""

    name: str
    base: str
    candidate: str
    differs: bool


@dataclass(frozen=True, slots=True)
class View:
    """One judged run, ready to be drawn. `identity` names the PR comment that is updated from run to run."""

    judgement: Judgement
    identity: str
    run: str
    wording: Wording
    headline: str
    compared: bool
    base_name: str
    summary: tuple[tuple[str, str], ...]
    rows: tuple[Row, ...]
    unmeasured: tuple[UnmeasuredRow, ...]
    benchmarks: tuple[BenchmarkView, ...]
    environment: tuple[Fact, ...]
    warnings: tuple[str, ...]
    caveats: tuple[str, ...]
    notes: tuple[str, ...]
    machine: str
    candidate_commit: str
    base_commits: tuple[str, ...]
    generated: str
    version: str

    @property
    def paired(self) -> bool:
        """Whether changes rest on pairs of launches."""
        return any(row.pairs for row in self.rows)

    @property
    def spoken(self) -> tuple[BenchmarkView, ...]:
        """The benchmarks that have something to be pasted."""
        return tuple(benchmark for benchmark in self.benchmarks if benchmark.words)

    @property
    def urgent(self) -> tuple[Row, ...]:
        """Failing and inconclusive rows, worst first."""
        return tuple(row for row in self.rows if row.needs_eyes)

    @property
    def explanations(self) -> tuple[Explanation, ...]:
        """What is to be said of the urgent rows, each thing once, worst first; an advice after the last it is for."""
        groups: dict[tuple[Wording, str, str], list[Row]] = {}
        for row in self.urgent:
            groups.setdefault((row.wording, row.why, row.finding.advice), []).append(row)
        advices = [*(advice for _, _, advice in groups), ""]
        return tuple(
            Explanation(wording, tuple(rows), why, rows[0].evidence, "" if advice == following else advice)
            for ((wording, why, advice), rows), following in zip(groups.items(), advices[1:], strict=True)
        )
