"""GitHub Markdown for a PR comment: what needs eyes first, the rest folded, never above the size GitHub takes."""

import re
from collections.abc import Callable, Iterable

from perfkit.model.units import counted
from perfkit.reporting.coarse import Coarse, coarse
from perfkit.reporting.escaping import gfm, gfm_code, shortened, xml
from perfkit.reporting.view import BenchmarkView, BudgetText, Explanation, Fact, Row, UnmeasuredRow, View

COMMENT_LIMIT = 65_536
"""The most characters GitHub takes in a comment."""

_COMPARED = "| benchmark · metric | base → candidate | change [interval] | budget | verdict |\n|---|--:|--:|---|---|\n"
_MEASURED = "| benchmark · metric | median | interval | budget | verdict |\n|---|--:|--:|---|---|\n"
_SENTENCE = 600
_WORDS = 5
"""Sentences to be pasted that stand open."""
_EVIDENCE = 2000
"""Characters from the end, where a traceback and an error stream say what matters."""


def render(view: View) -> str:
    """The comment, at most COMMENT_LIMIT characters; rows that do not fit are counted in it, the worst come first."""
    return document(view, COMMENT_LIMIT)


def marker(view: View) -> str:
    """The hidden line by which a later run finds the comment to update."""
    return f"<!-- perfkit:{re.sub(r'[^A-Za-z0-9._]+', '-', view.identity)[:80].strip('-') or 'gate'} -->"


def document(view: View, limit: int, size: Callable[[str], int] = len) -> str:
    """The report within `limit` as `size` counts it (characters, or bytes)."""
    head = f"{marker(view)}\n## {view.wording.symbol} {gfm(view.wording.word)}\n\n**{_text(view.headline)}**\n"
    tail = _tail(view)
    if size(head + tail) > limit // 2:
        tail = f"\n_The environment and the warnings do not fit here._\n\n{_footer(view)}\n"
    pages = _Pages(limit - size(head + tail) - 400, size)
    urgent = view.urgent
    pages.table("", urgent, _title(view))
    pages.listed("Not measured", view.unmeasured)
    pages.explained(view.explanations)
    pages.coarse(coarse(view.rows))
    pages.words(view.spoken)
    calm = [row for row in view.rows if not row.needs_eyes]
    pages.folded("with nothing to do", [row for row in calm if row.budgets], _title(view))
    pages.folded("without a budget", [row for row in calm if not row.budgets], _title(view))
    return head + pages.text + tail


def _title(view: View) -> str:
    return _COMPARED if view.compared else _MEASURED


class _Pages:
    """Text that grows piece by piece up to a limit, counting what is left out."""

    def __init__(self, room: int, size: Callable[[str], int]) -> None:
        self.text = ""
        self._room, self._size = room, size

    def table(self, before: str, rows: Iterable[Row], title: str, after: str = "") -> None:
        """A table of the rows that fit, then how many did not."""
        lines = [_row(row) for row in rows]
        if lines:
            self._fill(f"\n{before}{title}", lines, after, "row")

    def folded(self, what: str, rows: list[Row], title: str) -> None:
        """A table behind a fold."""
        before = f"<details><summary>{len(rows)} {what}</summary>\n\n"
        self.table(before, rows, title, "\n</details>\n")

    def listed(self, title: str, rows: Iterable[UnmeasuredRow]) -> None:
        """What gave no values, one line each."""
        lines = [_listed(row) for row in rows]
        if lines:
            self._fill(f"\n**{title}**\n\n", lines, "", "benchmark")

    def explained(self, explanations: Iterable[Explanation]) -> None:
        """Why, and what to do next."""
        lines = [_explained(one) for one in explanations]
        if lines:
            self._fill("\n**Why, and what to do**\n\n", lines, "", "line")

    def coarse(self, groups: Iterable[Coarse]) -> None:
        """What could not have been seen of the rows that are called unchanged."""
        lines = [
            f"* = {_name(one.rows[0])}{one.more}: {_text(one.why)}. **Next:** {_text(one.advice)}\n" for one in groups
        ]
        if lines:
            self._fill("\n**Unchanged as far as can be seen**\n\n", lines, "", "line")

    def words(self, benchmarks: Iterable[BenchmarkView]) -> None:
        """What people paste; behind a fold where it is much."""
        lines = [f"* {gfm_code(shortened(one.id))}: {_text(one.words)}\n" for one in benchmarks]
        if len(lines) > _WORDS:
            title = f"\n<details><summary>{counted(len(lines), 'benchmark')} in words</summary>\n\n"
            self._fill(title, lines, "\n</details>\n", "line")
        elif lines:
            self._fill("\n**In words**\n\n", lines, "", "line")

    def _fill(self, before: str, lines: list[str], after: str, noun: str) -> None:
        left = self._room - self._size(before + after) - 80
        kept = 0
        while kept < len(lines) and self._size(lines[kept]) <= left:
            left -= self._size(lines[kept])
            kept += 1
        missing = len(lines) - kept
        note = f"\n_{counted(missing, f'more {noun}')} left out: too long for one page._\n" if missing else ""
        piece = f"{before}{''.join(lines[:kept])}{note}{after}" if kept else note
        self.text += piece
        self._room -= self._size(piece)


def _row(row: Row) -> str:
    name = _name(row)
    verdict = f"{row.wording.symbol} {row.wording.word}"
    if row.needs_eyes:
        verdict = f"**{verdict}**"
    if row.base is None:
        cells = (name, gfm(row.candidate.median), gfm(row.candidate.interval or "-"))
    else:
        change = row.change.compact if row.change else "-"
        cells = (name, gfm(row.medians), gfm(change))
    if row.pairs:
        seen = f", {gfm(row.change.detectable)} could have been seen" if row.change and row.change.detectable else ""
        verdict += f"<br>{row.pairs} {'pair' if row.pairs == '1' else 'pairs'}{seen}"
    budgets = "<br>".join(_budget(budget) for budget in row.budgets) or "-"
    return f"| {' | '.join((*cells, budgets, verdict))} |\n"


def _budget(budget: BudgetText) -> str:
    return f"{gfm(budget.text)} {budget.wording.symbol} {budget.wording.word}"


def _listed(row: UnmeasuredRow) -> str:
    name = gfm_code(shortened(row.unmeasured.benchmark))
    return f"* {row.wording.symbol} {name}: {row.wording.word}, {_text(row.text)}\n{_evidence(row.evidence)}"


def _explained(one: Explanation) -> str:
    names = ", ".join(_name(row) for row in one.named) + (f" and {one.more} more" if one.more else "")
    advice = f" **Next:** {_text(one.advice)}" if one.advice else ""
    return f"* {one.wording.symbol} {names}: {_text(one.why)}.{advice}\n{_evidence(one.evidence)}"


def _evidence(text: str) -> str:
    """Folded under its bullet, on one line of HTML: in a blank line Markdown would begin anew."""
    if not text:
        return ""
    title = counted(len(text.splitlines()), "more line")
    return f"  <details><summary>{title}</summary><pre>{xml(text[-_EVIDENCE:])}</pre></details>\n"


def _name(row: Row) -> str:
    return f"{gfm_code(shortened(row.benchmark))} · {gfm_code(shortened(row.metric, 60))}"


def _text(sentence: str) -> str:
    return gfm(shortened(sentence, _SENTENCE))


def _tail(view: View) -> str:
    parts = [f"\n> ⚠ {_text(warning)}\n" for warning in view.warnings]
    parts += [f"\n> ℹ {_text(caveat)}\n" for caveat in view.caveats]
    return "".join((*parts, _environment(view), f"\n{_footer(view)}\n"))


def _environment(view: View) -> str:
    differing = sum(fact.differs for fact in view.environment)
    told = f"{differing} differing" if differing else "no difference" if view.base_commits else "as measured"
    lines = [
        f"| {gfm(fact.name)} | {_text(fact.base) or '-'} | {_text(fact.candidate)} | {_differs(fact)} |\n"
        for fact in view.environment
    ]
    title = "| | base | candidate | |\n|---|---|---|---|\n"
    return (
        f"\n<details><summary>Environment: {gfm(shortened(view.machine))}; {told}</summary>\n\n"
        f"{title}{''.join(lines)}\n</details>\n"
    )


def _differs(fact: Fact) -> str:
    return "≠ differs" if fact.differs else ""


def _footer(view: View) -> str:
    base = f", base {_text(view.base_name)}" if view.base_name else ""
    commit = _text(view.candidate_commit)
    return f"<sub>Positive is worse. Run {_text(view.run)} at {commit}{base}; perfkit {gfm(view.version)}.</sub>"
