"""Which exit codes hold."""

from collections.abc import Sequence

from perfkit.judging.limits import Held
from perfkit.judging.options import Options
from perfkit.model.budget import Level
from perfkit.model.verdict import ExitCode, Finding, Met, Reason, Unmeasured


def codes(
    findings: Sequence[Finding], held: Sequence[Held], unmeasured: Sequence[Unmeasured], options: Options
) -> frozenset[ExitCode]:
    """Every code that holds. Budgets of level `warn` give none; a judgement that decided nothing never passes."""
    found = {ExitCode.NOT_MEASURED} if any(one.fails for one in unmeasured) else set()
    for one in held:
        if one.verdict.budget.level is Level.ERROR:
            found |= _of_budget(one, options)
    decided = any(one.verdict.met is not Met.INCONCLUSIVE for one in held)
    if options.everything:
        decided = decided or any(finding.change for finding in findings)
    if not found and not decided:
        found = {ExitCode.INCONCLUSIVE}
    return frozenset(found or {ExitCode.PASSED})


def _of_budget(held: Held, options: Options) -> set[ExitCode]:
    if held.verdict.met is Met.EXCEEDED:
        return {ExitCode.REGRESSED}
    if held.verdict.met is Met.MET or held.new:
        return set()
    if held.reason is Reason.OTHER_MACHINE:
        return {ExitCode.OTHER_MACHINE}
    if options.on_inconclusive == "pass":
        return set()
    return {ExitCode.REGRESSED if options.on_inconclusive == "fail" else ExitCode.INCONCLUSIVE}
