"""The judgement in one sentence."""

from collections import Counter
from collections.abc import Sequence

from perfkit.model.verdict import Finding, Met, Reason, Unmeasured, Verdict

_COUNTED: tuple[tuple[Verdict, str, str], ...] = (
    (Verdict.REGRESSED, "regression", "regressions"),
    (Verdict.OVER_LIMIT, "limit exceeded", "limits exceeded"),
    (Verdict.INCONCLUSIVE, "inconclusive", "inconclusive"),
    (Verdict.NEW, "new", "new"),
    (Verdict.IMPROVED, "improved", "improved"),
)
_WARNED: tuple[tuple[Verdict, str, str], ...] = (
    (Verdict.REGRESSED, "regression that only warns", "regressions that only warn"),
    (Verdict.OVER_LIMIT, "exceeded limit that only warns", "exceeded limits that only warn"),
)


def headline(findings: Sequence[Finding], unmeasured: Sequence[Unmeasured]) -> str:
    """`2 regressions and 1 limit exceeded in 23 findings`; informational findings are not counted."""
    judged = [finding for finding in findings if finding.verdict is not Verdict.INFORMATIONAL]
    failing = sum(one.fails for one in unmeasured)
    missed = [f"{_of(failing, 'benchmark', 'benchmarks')} not measured"] if failing else []
    if not judged:
        return "; ".join([*missed, "nothing was judged: no benchmark that was measured has a budget"])
    if all(_lacks_base(finding) for finding in judged):
        return "; ".join([*missed, f"nothing was compared: {judged[0].why}"])
    counts = Counter(finding.verdict for finding in judged if not finding.only_warns)
    warned = Counter(finding.verdict for finding in judged if finding.only_warns)
    parts = [*missed, *(_of(counts[kind], one, many) for kind, one, many in _COUNTED if counts[kind])]
    parts += [_of(warned[kind], one, many) for kind, one, many in _WARNED if warned[kind]]
    total = f"{_of(len(judged), 'finding', 'findings')}"
    fine = counts[Verdict.UNCHANGED] + counts[Verdict.WITHIN_LIMIT]
    if fine == len(judged) and not missed and not any(finding.change for finding in judged):
        return f"{_of(len(judged), 'metric', 'metrics')} within their limits"
    if fine == len(judged) and not missed:
        return f"no regression in {total}"
    return f"{_listed(parts)} in {total}" if parts else f"no regression in {total}"


def _lacks_base(finding: Finding) -> bool:
    is_limited = any(held.met is not Met.INCONCLUSIVE for held in finding.budgets)
    return not is_limited and finding.reason in {Reason.NO_BASELINE, Reason.OTHER_MACHINE}


def _of(number: int, one: str, many: str) -> str:
    return f"{number} {one if number == 1 else many}"


def _listed(parts: Sequence[str]) -> str:
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}"
