"""The words, symbols and tones every report uses for the same thing; colour is never the only sign."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal

from perfkit.model.budget import Level, Tolerance
from perfkit.model.launch import Outcome
from perfkit.model.verdict import BudgetVerdict, ExitCode, Finding, Judgement, Met, Verdict

Tone = Literal["bad", "unsure", "good", "plain"]


@dataclass(frozen=True, slots=True)
class Wording:
    """A word with its symbol and the tone it is set in."""

    word: str
    symbol: str
    tone: Tone


VERDICTS: dict[Verdict, Wording] = {
    Verdict.REGRESSED: Wording("regressed", "✗", "bad"),
    Verdict.OVER_LIMIT: Wording("over limit", "✗", "bad"),
    Verdict.INCONCLUSIVE: Wording("inconclusive", "?", "unsure"),
    Verdict.NEW: Wording("new", "+", "plain"),
    Verdict.IMPROVED: Wording("improved", "✓", "good"),
    Verdict.UNCHANGED: Wording("unchanged", "=", "plain"),
    Verdict.WITHIN_LIMIT: Wording("within limit", "✓", "good"),
    Verdict.INFORMATIONAL: Wording("informational", "·", "plain"),
}

OUTCOMES: dict[Outcome | None, Wording] = {
    Outcome.FAILED: Wording("failed", "✗", "bad"),
    Outcome.TIMED_OUT: Wording("timed out", "✗", "bad"),
    Outcome.INVALID: Wording("invalid", "✗", "bad"),
    Outcome.SKIPPED: Wording("skipped", "-", "plain"),
    None: Wording("missing", "✗", "bad"),
}

_MET: dict[Met, Wording] = {
    Met.MET: Wording("met", "✓", "good"),
    Met.EXCEEDED: Wording("exceeded", "✗", "bad"),
    Met.INCONCLUSIVE: Wording("undecided", "?", "unsure"),
}

_CODES: dict[ExitCode, Wording] = {
    ExitCode.PASSED: Wording("Passed", "✓", "good"),
    ExitCode.REGRESSED: Wording("Over a limit", "✗", "bad"),
    ExitCode.USAGE: Wording("Wrong usage", "✗", "bad"),
    ExitCode.INCONCLUSIVE: Wording("Inconclusive", "?", "unsure"),
    ExitCode.NOT_MEASURED: Wording("Not all was measured", "✗", "bad"),
    ExitCode.OTHER_MACHINE: Wording("Baseline from another machine", "?", "unsure"),
    ExitCode.BUG: Wording("A bug in perfkit", "✗", "bad"),
    ExitCode.INTERRUPTED: Wording("Interrupted", "?", "unsure"),
}


def finding_wording(finding: Finding) -> Wording:
    """What is said of a finding; one that only warns is never bad."""
    wording = VERDICTS[finding.verdict]
    if finding.only_warns and wording.tone == "bad":
        return Wording(f"{wording.word} (warns only)", "!", "unsure")
    return wording


def budget_wording(held: BudgetVerdict, seen: str = "") -> Wording:
    """What is said of one budget; one that only warns is never bad.

    `seen` is the smallest change that could have been seen, given where a tolerance is not excluded.
    """
    if seen and held.met is Met.MET and isinstance(held.budget, Tolerance):
        return Wording(f"not exceeded as far as can be seen (≥ {seen})", "=", "plain")
    wording = _MET[held.met]
    if held.budget.level is Level.WARN and wording.tone == "bad":
        return Wording("exceeded (warns only)", "!", "unsure")
    return wording


def overall(judgement: Judgement) -> Wording:
    """The whole run in words; a run or comparison that gated nothing is never called passed."""
    code = judgement.exit_code
    failing = tuple(finding for finding in judgement.findings if not finding.only_warns)
    failed = "Regressed" if _any(failing, Verdict.REGRESSED) else _CODES[ExitCode.REGRESSED].word
    if code is ExitCode.NOT_MEASURED and ExitCode.REGRESSED in judgement.codes:
        return Wording(f"{failed}, and not all was measured", "✗", "bad")
    if code is ExitCode.REGRESSED:
        return Wording(failed, "✗", "bad")
    return _passed(judgement.findings) if code is ExitCode.PASSED else _CODES[code]


def _passed(findings: tuple[Finding, ...]) -> Wording:
    """Exit code 0: passed only if every budget was decided and kept."""
    compared = any(finding.base is not None for finding in findings)
    gating = tuple(finding for finding in findings if finding.gating)
    bad = [finding for finding in gating if finding.verdict in {Verdict.REGRESSED, Verdict.OVER_LIMIT}]
    if not gating or not all(finding.only_warns for finding in bad):
        return Wording("Compared" if compared else "Measured", "·", "plain")
    if _any(gating, Verdict.INCONCLUSIVE):
        return (
            Wording("Passed, but not all is decided", "?", "unsure") if compared else Wording("Measured", "·", "plain")
        )
    return Wording("Passed, with warnings", "!", "unsure") if bad else _CODES[ExitCode.PASSED]


def _any(findings: tuple[Finding, ...], verdict: Verdict) -> bool:
    return any(finding.verdict is verdict for finding in findings)


def moment(seconds: float) -> str:
    """Seconds since the epoch as `2025-03-01 14:05 UTC`."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M UTC")


def day(seconds: float) -> str:
    """Seconds since the epoch as `2025-03-01`, UTC."""
    return moment(seconds)[:10]


HOW_TO_READ: tuple[str, ...] = (
    "A launch is one fresh process and gives one value per metric; launches are what is counted and compared.",
    "Changes are oriented so that positive is worse, whichever way the metric is better.",
    "The interval beside a change holds the true change at the confidence written with it.",
    "Regressed and unchanged are each proven by a test of their own; inconclusive means that neither could be.",
    "A limit is held against the interval's bound, a count's limit against the observed total.",
    "A contaminated launch is one during which the machine disturbed it by a declared rule, never by its value.",
)
