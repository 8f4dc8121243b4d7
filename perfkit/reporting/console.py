"""What people see at the end of a run or a gate: the headline, one line a finding, then why and what to do.

Everything foreign goes in as Text: rich would read `[items=10]` as markup and drop it.
"""

from collections.abc import Iterable, Sequence
from io import StringIO

from rich.cells import cell_len, set_cell_size
from rich.console import Console
from rich.text import Text

from perfkit.model.units import counted
from perfkit.reporting.coarse import coarse
from perfkit.reporting.escaping import one_line, printable, shortened
from perfkit.reporting.view import Row, View
from perfkit.reporting.wording import Tone, Wording

_STYLES: dict[Tone, str] = {"bad": "bold red", "unsure": "yellow", "good": "green", "plain": ""}
_ASCII = str.maketrans({"✗": "x", "✓": "v", "→": ">", "·": ".", "µ": "u", "≥": ">=", "…": "~", "≠": "!", "»": ">"})
_WIDTH = 100
_NARROW = 23
"""On a narrow console a longer cell pushes only its own line's further cells."""

Cell = tuple[str, str]


def render(view: View) -> str:
    """The same as plain text, 100 columns wide."""
    buffer = StringIO()
    print_view(view, Console(file=buffer, width=_WIDTH, color_system=None, force_terminal=False))
    return buffer.getvalue()


def print_view(view: View, console: Console) -> None:
    """Print to `console`, whose width, colours and encoding are respected."""
    page = _Page(console)
    page.line((f"{view.wording.symbol} {view.wording.word}: ", _style(view.wording)), (view.headline, "bold"))
    if view.rows:
        page.blank()
        _table(view, page)
    _coarse(view, page)
    _explanations(view, page)
    _unmeasured(view, page)
    _words(view, page)
    for sign, texts in (("!", view.warnings), ("i", view.caveats)):
        if texts:
            page.blank()
        for text in texts:
            page.hanging((f"{sign} ", "yellow" if sign == "!" else "dim"), (one_line(text), ""))


class _Page:
    """Lines on a console."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._plain = console.options.ascii_only
        self.width = console.width

    def blank(self) -> None:
        """An empty line."""
        self._console.print()

    def line(self, *cells: Cell) -> None:
        """Pieces of text one after the other, wrapped at the console's width."""
        text = Text.assemble(*((self._safe(word), style) for word, style in cells))
        text.rstrip()
        self._console.print(text, highlight=False, emoji=False, soft_wrap=False)

    def hanging(self, sign: Cell, *cells: Cell) -> None:
        """A sign, then text whose further lines stand under its first."""
        text = Text.assemble(*((self._safe(word), style) for word, style in cells))
        room = max(20, self.width - cell_len(sign[0]))
        for number, wrapped in enumerate(text.wrap(self._console, room)):
            wrapped.rstrip()
            lead = (self._safe(sign[0]), sign[1]) if number == 0 else (" " * cell_len(sign[0]), "")
            self._console.print(Text.assemble(lead, wrapped), highlight=False, emoji=False, soft_wrap=True)

    def _safe(self, word: str) -> str:
        """Foreign text must not steer the terminal; spaces stay, since cells are padded with them."""
        word = printable(word).replace("\n", " ").replace("\t", " ")
        return word.translate(_ASCII).encode("ascii", "replace").decode() if self._plain else word


def _style(wording: Wording) -> str:
    return _STYLES[wording.tone]


def _table(view: View, page: _Page) -> None:
    """Rows under their benchmark's name; metrics without a budget are only counted where others have one."""
    declared = any(row.declared for row in view.rows)
    shown = [row for row in view.rows if row.declared or row.needs_eyes or not declared]
    wide = page.width >= _WIDTH
    titles = _titles(view, wide=wide)
    cells = {row.anchor: _cells(row, view, wide=wide) for row in shown}
    columns = [[titles[i], *(line[i][0] for line in cells.values())] for i in range(len(titles))]
    widths = [min(max(map(cell_len, column)), page.width if wide else _NARROW) for column in columns]
    _print_cells(page, [(title, "dim") for title in titles], widths, "  ")
    for benchmark, rows in _grouped(shown):
        page.line((shortened(benchmark, max(40, page.width)), "bold"))
        for row in rows:
            _print_cells(page, cells[row.anchor], widths, f"{row.wording.symbol} ", _style(row.wording))
    hidden = len(view.rows) - len(shown)
    if hidden:
        page.line((f"{counted(hidden, 'metric')} without a budget not shown; the other reports have all", "dim"))


def _titles(view: View, *, wide: bool) -> tuple[str, ...]:
    if view.compared:
        titles = ("metric", "base → candidate" if wide else "base → cand.", "change [interval]", "verdict", "budget")
        pairs = ("pairs", "could see") if wide else ("pairs",)
        return (*titles, *pairs) if view.paired else titles
    return ("metric", "median", "interval", "launches", "verdict", "budget")


def _cells(row: Row, view: View, *, wide: bool) -> list[Cell]:
    name = (shortened(row.metric, 40), "")
    verdict = (row.wording.word, _style(row.wording))
    budget = (_budget(row, wide=wide), "")
    if not view.compared:
        side = row.candidate
        return [name, (side.median, ""), (side.interval or "-", ""), (str(side.launches), ""), verdict, budget]
    change = row.change.compact if row.change else "-"
    cells = [name, (row.medians, ""), (change, _style(row.wording)), verdict, budget]
    if not view.paired:
        return cells
    seen = row.change.detectable if row.change else ""
    return [*cells, (row.pairs or "-", ""), *([(seen or "-", "")] if wide else [])]


def _budget(row: Row, *, wide: bool) -> str:
    """All budgets, or on a narrow console the one that decides."""
    if row.decisive is None:
        return "-"
    return ", ".join(budget.text for budget in row.budgets) if wide else row.decisive.text.replace("< ", "<")


def _grouped(rows: Sequence[Row]) -> Iterable[tuple[str, list[Row]]]:
    """Rows by benchmark, the benchmark of the worst row first."""
    groups: dict[str, list[Row]] = {}
    for row in rows:
        groups.setdefault(row.benchmark, []).append(row)
    return groups.items()


def _print_cells(page: _Page, cells: Sequence[Cell], widths: Sequence[int], lead: str, style: str = "") -> None:
    """One line with aligned cells; what does not fit goes on to a second, indented line."""
    line: list[Cell] = [(lead, style)]
    used = cell_len(lead)
    for (text, cell_style), width in zip(cells, widths, strict=True):
        needed = cell_len(text)
        if used + needed > page.width and len(line) > 1:
            page.line(*line)
            line, used = [("      ", "")], 6
        line += [(set_cell_size(text, max(width, needed)), cell_style), ("  ", "")]
        used += max(width, needed) + 2
    page.line(*line)


def _coarse(view: View, page: _Page) -> None:
    """What could not have been seen of the rows that are called unchanged."""
    for one in coarse(view.rows):
        name = f"{shortened(one.rows[0].benchmark, 60)} {shortened(one.rows[0].metric, 40)}{one.more}"
        advice = (" Next: ", "dim"), (one_line(one.advice), "cyan")
        page.hanging(("= ", ""), (name, "bold"), (f": {one.why}.", ""), *(advice if one.advice else ()))


def _explanations(view: View, page: _Page) -> None:
    """Why, and what to do next, for each finding that needs eyes."""
    if view.urgent:
        page.blank()
    for one in view.explanations:
        names = ", ".join(f"{shortened(row.benchmark, 60)} {shortened(row.metric, 40)}" for row in one.named)
        more = f" and {one.more} more" if one.more else ""
        sign = (f"{one.wording.symbol} ", _style(one.wording))
        advice = (" Next: ", "dim"), (one_line(one.advice), "cyan")
        why = (f": {one_line(one.why)}.", ""), _folded(one.evidence)
        page.hanging(sign, (names + more, "bold"), *why, *(advice if one.advice else ()))


def _unmeasured(view: View, page: _Page) -> None:
    if view.unmeasured:
        page.blank()
    for row in view.unmeasured:
        sign = (f"{row.wording.symbol} ", _style(row.wording))
        name = shortened(row.unmeasured.benchmark, 60)
        page.hanging(sign, (name, "bold"), (f": {row.wording.word}, {one_line(row.text)}", ""), _folded(row.evidence))


def _words(view: View, page: _Page) -> None:
    """What people paste: one sentence of a launch of each benchmark that has one."""
    if view.spoken:
        page.blank()
    for one in view.spoken:
        page.hanging(("» ", "dim"), (shortened(one.id, 60), "bold"), (f": {one_line(one.words)}", ""))


def _folded(evidence: str) -> Cell:
    """How much more the reports that can fold it have."""
    lines = len(evidence.splitlines())
    return (f" ({counted(lines, 'more line')} in the other reports)" if lines else "", "dim")
