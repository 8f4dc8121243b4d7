"""JUnit XML as CI servers read it: a benchmark is a class, a metric a case."""

from collections.abc import Iterable

from perfkit.model.units import counted
from perfkit.reporting.escaping import xml
from perfkit.reporting.view import Row, UnmeasuredRow, View

_STATES = {"bad": "failure", "unsure": "skipped"}


def render(view: View) -> str:
    """One test case a finding and one a benchmark without values."""
    cases = _cases(view)
    elements = [element for element, _ in cases]
    counts = {state: elements.count(state) for state in ("failure", "error", "skipped")}
    totals = (
        f'tests="{len(cases)}" failures="{counts["failure"]}" errors="{counts["error"]}" '
        f'skipped="{counts["skipped"]}" time="{sum(one.duration for one in view.benchmarks):.3f}"'
    )
    body = "".join(text for _, text in cases)
    properties = "".join(f'      <property name="{xml(name)}" value="{xml(value)}"/>\n' for name, value in view.summary)
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f'<testsuites name="perfkit" {totals}>\n'
        f'  <testsuite name="perfkit" {totals}>\n'
        f"    <properties>\n{properties}    </properties>\n{body}"
        "  </testsuite>\n</testsuites>\n"
    )


def _cases(view: View) -> list[tuple[str, str]]:
    """Each case with its state: failure, error, skipped or empty for passed."""
    times = _shares(view)
    return [
        *(_finding(row, times.get(row.benchmark, 0.0)) for row in view.rows),
        *(_unmeasured(row) for row in view.unmeasured),
    ]


def _shares(view: View) -> dict[str, float]:
    """Seconds a case: servers add them up, so a benchmark's time is divided among its findings."""
    rows = [row.benchmark for row in view.rows]
    return {one.id: one.duration / rows.count(one.id) for one in view.benchmarks if one.id in rows}


def _finding(row: Row, seconds: float) -> tuple[str, str]:
    state = _STATES.get(row.wording.tone, "")
    kind = row.finding.reason or row.finding.verdict
    message = f"{row.wording.word}: {row.why}"
    inside = _element(state, message, kind.value, _facts(row)) if state else ""
    return state, _case(row.benchmark, row.metric, seconds, inside, "" if state else _facts(row))


def _unmeasured(row: UnmeasuredRow) -> tuple[str, str]:
    """A skip that nobody needs is skipped; whatever fails the gate is an error."""
    one = row.unmeasured
    state = "error" if one.fails else "skipped"
    kind = one.outcome.value if one.outcome else "missing"
    inside = _element(state, f"{row.wording.word}: {row.text}", kind, row.evidence.splitlines())
    return state, _case(one.benchmark, "measured", 0.0, inside, [])


def _element(state: str, message: str, kind: str, lines: Iterable[str]) -> str:
    """`skipped` has no type in the schema that servers share."""
    typed = "" if state == "skipped" else f' type="{xml(kind)}"'
    body = xml("\n".join(lines)).replace("&#10;", "\n")
    return f'      <{state} message="{xml(message)}"{typed}>{body}</{state}>\n'


def _case(benchmark: str, metric: str, seconds: float, inside: str, output: Iterable[str]) -> str:
    lines = xml("\n".join(output)).replace("&#10;", "\n")
    told = f"      <system-out>{lines}</system-out>\n" if lines else ""
    return (
        f'    <testcase classname="{xml(benchmark)}" name="{xml(metric)}" time="{seconds:.3f}">\n'
        f"{inside}{told}    </testcase>\n"
    )


def _facts(row: Row) -> list[str]:
    lines = [f"candidate {row.candidate.median} ({counted(row.candidate.launches, 'launch')})"]
    if row.base:
        lines.insert(0, f"base {row.base.median} ({counted(row.base.launches, 'launch')})")
    if row.change:
        lines.append(f"change {row.change.compact}, positive is worse; {row.change.method}")
    lines += [f"budget {budget.text}: {budget.wording.word}" for budget in row.budgets]
    return [*lines, *([row.finding.advice] if row.finding.advice else []), *row.evidence.splitlines()]
