"""One HTML file that needs nothing else: no network, no library; its own style and script are the only ones allowed."""

import base64
import hashlib
from collections import Counter
from dataclasses import dataclass
from functools import cache

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from perfkit.model.detail import Curve, Detail, Facts, Histogram
from perfkit.model.units import counted
from perfkit.reporting import launch_charts
from perfkit.reporting.curve_chart import curve
from perfkit.reporting.drawing import WIDTH, Chart
from perfkit.reporting.forest import Forest, forest, reach
from perfkit.reporting.histogram_chart import histogram
from perfkit.reporting.view import BenchmarkView, Row, View
from perfkit.reporting.wording import Wording

_MOST_OPEN = 1
MOST_PICTURED = 250
"""Findings beyond these, the least urgent, are told in numbers only, so that the file stays usable."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One finding with its pictures. `inside` is set for a benchmark's first finding; the others point to it."""

    row: Row
    forest: Forest | None
    charts: tuple[Chart, ...]
    benchmark: BenchmarkView | None
    inside: tuple[Chart | Facts, ...]
    inside_at: str
    opened: bool


def render(view: View) -> str:
    """The whole report as one HTML document."""
    environment = _environment()
    style, script = (Markup(_source(name)) for name in ("style.css", "script.js"))  # noqa: S704 - our own files
    return environment.get_template("report.html.j2").render(
        view=view,
        entries=_entries(view),
        tally=_tally(view),
        width=WIDTH,
        pictured=MOST_PICTURED,
        style=style,
        script=script,
        policy=_policy(style, script),
    )


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("perfkit.reporting"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals["counted"] = counted
    return environment


def _source(name: str) -> str:
    loader = _environment().loader
    assert loader is not None
    return loader.get_source(_environment(), name)[0]


def _policy(style: str, script: str) -> str:
    """Nothing may be loaded, and only this very style and script may take effect."""
    return (
        f"default-src 'none'; style-src {_digest(style)}; script-src {_digest(script)}; img-src data:; "
        "base-uri 'none'; form-action 'none'"
    )


def _digest(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def _tally(view: View) -> tuple[tuple[Wording, int], ...]:
    """How many findings have each verdict, worst first."""
    return tuple(Counter(row.wording for row in view.rows).items())


def _entries(view: View) -> tuple[Entry, ...]:
    benchmarks = {one.id: one for one in view.benchmarks}
    largest = reach(view.rows)
    first: dict[str, str] = {}
    entries = []
    for number, row in enumerate(view.rows):
        pictured = number < MOST_PICTURED
        leads = pictured and row.benchmark not in first
        anchor = first.setdefault(row.benchmark, row.anchor) if pictured else first.get(row.benchmark, "")
        benchmark = benchmarks.get(row.benchmark)
        inside = tuple(_drawn(detail) for detail in benchmark.details) if leads and benchmark else ()
        has_more = benchmark is not None and bool(benchmark.details) and not leads
        picture = row.picture if pictured else None
        charts = (launch_charts.strip(picture), launch_charts.in_order(picture)) if picture else ()
        opened = number < _MOST_OPEN and row.needs_eyes
        entries.append(Entry(row, forest(row, largest), charts, benchmark, inside, anchor if has_more else "", opened))
    return tuple(entries)


def _drawn(detail: Detail) -> Chart | Facts:
    match detail:
        case Histogram():
            return histogram(detail)
        case Curve():
            return curve(detail)
        case Facts():
            return detail
