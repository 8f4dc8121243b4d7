"""On a terminal: what runs, how many launches are done, the estimate so far and the time left."""

import time
from collections.abc import Sequence
from typing import Self

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.table import Table
from rich.text import Text

from perfkit.cli.talk import waiting_for
from perfkit.model.events import Progress, RunObserver
from perfkit.model.launch import Launch, Outcome
from perfkit.model.metric import Kind, Scale
from perfkit.model.reasons import said
from perfkit.model.scenario import Benchmark
from perfkit.model.units import counted, format_change, format_quantity
from perfkit.reporting.escaping import shortened

_NARROWEST = 24
"""Columns that a benchmark's name gets at least; where it is longer, its middle is left out."""


class LiveProgress(RunObserver):
    """Drawn once a second on stderr; elsewhere than on a terminal a single line says that measuring began."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._rows: dict[str, Progress] = {}
        self._running = ""
        self._told: set[str] = set()
        self._expected: float | None = None
        self._asked = self._begun = time.monotonic()
        self._live = Live(console=console, refresh_per_second=1, transient=True, get_renderable=self._draw)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self._live.stop()

    def machine_held(self, holder: str) -> None:
        """Say at once why nothing begins."""
        self._console.print(Text(waiting_for(holder)), soft_wrap=True)

    def session_started(self, benchmarks: Sequence[Benchmark]) -> None:
        """Begin to draw."""
        self._rows |= {benchmark.id: Progress(benchmark.id, 0) for benchmark in benchmarks}
        self._begun = time.monotonic()
        if self._console.is_terminal:
            self._live.start()
        else:
            self._console.print(f"measuring {counted(len(benchmarks), 'benchmark')}", highlight=False)

    def launch_started(self, benchmark: str, number: int, expected: float | None) -> None:  # noqa: ARG002
        """Show what runs now."""
        self._running, self._expected, self._asked = benchmark, expected, time.monotonic()

    def launch_ended(self, benchmark: str, launch: Launch, progress: Progress) -> None:
        """Show how far it is now; what was not measured is said at once and once, above the table."""
        self._rows[benchmark] = progress
        line = f"{benchmark}: {launch.outcome.value}: {said(launch.reason)}"
        if launch.outcome is Outcome.MEASURED or line in self._told:
            return
        self._told.add(line)
        text = Text(line, style="yellow" if launch.outcome is Outcome.SKIPPED else "red")
        if self._console.is_terminal:  # the end of the run tells all of it
            self._console.print(text, overflow="ellipsis", no_wrap=True)
        else:
            self._console.print(text, soft_wrap=True)

    def _draw(self) -> RenderableType:
        table = Table.grid(padding=(0, 2))
        for narrows in (False, False, False, True):
            table.add_column(no_wrap=not narrows)
        rows = sorted(self._rows.values(), key=lambda row: (row.benchmark != self._running, row.settled))
        shown = rows[: max(3, self._console.height - 4)]
        for row in sorted(shown, key=lambda row: list(self._rows).index(row.benchmark)):
            table.add_row(*self._row(row))
        return Group(self._title(), table)

    def _title(self) -> Text:
        now = time.monotonic()
        done = sum(row.settled for row in self._rows.values())
        text = f"{done} of {counted(len(self._rows), 'benchmark')} settled, {_clock(now - self._begun)} gone"
        if self._expected is not None:
            text += f", {_clock(max(0.0, self._expected - (now - self._asked)))} left at most"
        return Text(text, style="bold")

    def _row(self, row: Progress) -> tuple[Text, ...]:
        mark = "✓" if row.settled else "▸" if row.benchmark == self._running else "·"
        style = "green" if row.settled else "cyan"
        estimate = Text("")
        name = Text(shortened(row.benchmark, max(_NARROWEST, self._console.width * 2 // 5)))
        if row.pairs is not None:
            return Text(mark, style=style), name, Text(_pairs(row)), _comparison(row)
        if row.metric is not None and row.estimate is not None:
            unit = row.metric.unit
            estimate = Text(f"{row.metric.name} {format_quantity(row.estimate, unit)}")
            if row.low is not None and row.high is not None:
                estimate.append(f" [{format_quantity(row.low, unit)}, {format_quantity(row.high, unit)}]", style="dim")
        elif row.trouble:
            estimate = Text(said(row.trouble), style="yellow", overflow="ellipsis", no_wrap=True)
        return Text(mark, style=style), name, Text(counted(row.launches, "launch")), estimate


def _pairs(row: Progress) -> str:
    pairs = row.pairs or 0
    return counted(pairs, "pair") if row.most is None or row.settled else f"{pairs} of {counted(row.most, 'pair')}"


def _comparison(row: Progress) -> Text:
    """`cpu_time +1.2 % [-0.4 %, +2.9 %] deciding`."""
    if row.metric is None or row.estimate is None:
        told = " ".join(filter(None, (row.state, said(row.trouble))))
        return Text(told, style="yellow", overflow="ellipsis", no_wrap=True)
    relative = row.metric.scale is Scale.RATIO and row.metric.kind is not Kind.COUNT
    estimate, low, high = (
        "" if value is None else format_change(value, row.metric.unit, relative=relative)
        for value in (row.estimate, row.low, row.high)
    )
    shown = Text(f"{row.metric.name} {estimate}")
    if low and high:
        shown.append(f" [{low}, {high}]", style="dim")
    return shown.append(f" {row.state}", style={"suspected": "red", "regressed": "red"}.get(row.state, ""))


def _clock(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes}:{rest:02d}"
