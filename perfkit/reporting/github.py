"""What a GitHub Actions step leaves behind: a step summary, annotations and outputs."""

from collections.abc import Sequence
from pathlib import Path

from perfkit.model.verdict import Verdict
from perfkit.reporting.escaping import command_data, command_property, one_line, shortened
from perfkit.reporting.markdown import document
from perfkit.reporting.view import Row, UnmeasuredRow, View

SUMMARY_LIMIT = 1024 * 1024
"""The most bytes GitHub takes as one step's summary."""
_ANNOTATIONS = 10


def render(view: View) -> str:
    """The step summary in GitHub Markdown, at most SUMMARY_LIMIT bytes."""
    return document(view, SUMMARY_LIMIT, lambda text: len(text.encode()))


def annotations(view: View) -> str:
    """Workflow commands for stdout: at most ten errors and ten warnings, worst first, the last a roll-up if needed."""
    errors = [_finding("error", row) for row in view.rows if row.wording.tone == "bad"]
    errors += [_unmeasured("error", row) for row in view.unmeasured if row.unmeasured.fails]
    warnings = [_finding("warning", row) for row in view.rows if row.wording.tone == "unsure"]
    warnings += [_command("warning", "", "perfkit", warning) for warning in view.warnings]
    return "".join(f"{line}\n" for line in (*_worst("error", errors), *_worst("warning", warnings)))


def outputs(view: View, report: Path | None) -> str:
    """Lines for $GITHUB_OUTPUT: verdict, the number of regressions that fail, and the report's path."""
    regressions = sum(
        row.finding.verdict in {Verdict.REGRESSED, Verdict.OVER_LIMIT}
        and row.finding.gating
        and not row.finding.only_warns
        for row in view.rows
    )
    path = one_line(str(report)) if report else ""
    return f"verdict={view.judgement.verdict}\nregressions={regressions}\nreport-path={path}\n"


def write(view: View, report: Path | None, summary: Path | None, output: Path | None) -> None:
    """Append to the files named by $GITHUB_STEP_SUMMARY and $GITHUB_OUTPUT; None leaves one out."""
    for path, text in ((summary, render(view)), (output, outputs(view, report))):
        if path is not None:
            with path.open("a", encoding="utf-8", newline="\n") as file:
                file.write(text)


def _worst(level: str, lines: Sequence[str]) -> Sequence[str]:
    if len(lines) <= _ANNOTATIONS:
        return lines
    rest = len(lines) - _ANNOTATIONS + 1
    return [*lines[: _ANNOTATIONS - 1], _command(level, "", "perfkit", f"and {rest} more; see the step summary")]


def _finding(level: str, row: Row) -> str:
    name = f"{shortened(row.benchmark, 80)} {shortened(row.metric, 40)}"
    advice = f" {row.finding.advice}" if row.finding.advice else ""
    return _command(
        level, row.finding.source, f"{name}: {row.wording.word}", _joined(f"{row.why}.{advice}", row.evidence)
    )


def _unmeasured(level: str, row: UnmeasuredRow) -> str:
    title = f"{shortened(row.unmeasured.benchmark, 80)}: {row.wording.word}"
    return _command(level, row.unmeasured.source, title, _joined(row.text, row.evidence))


def _joined(text: str, evidence: str) -> str:
    return f"{text}\n{evidence}" if evidence else text


def _command(level: str, source: str, title: str, message: str) -> str:
    """A source is `path::name`; the path says which file the annotation hangs on."""
    file = one_line(source.partition("::")[0])
    place = f"file={command_property(file)}," if file else ""
    return f"::{level} {place}title={command_property(one_line(title))}::{command_data(message)}"
