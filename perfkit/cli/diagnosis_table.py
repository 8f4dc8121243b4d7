"""What doctor found, on a console: what can be measured, what launches and sessions scatter by, what that allows."""

from collections.abc import Sequence

from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from perfkit.model.diagnosis import Diagnosis, Need, Noise, Spread
from perfkit.model.units import counted, format_percent, format_quantity


def print_diagnosis(diagnosis: Diagnosis, console: Console) -> None:
    """Print all of it; fits 80 columns."""
    console.print(Text(f"{diagnosis.machine}  (machine {diagnosis.machine.fingerprint})", style="bold"))
    console.print(_capabilities(diagnosis))
    if diagnosis.noise:
        _print_noise(diagnosis.noise, console)
    if diagnosis.advice:
        console.print()
    for advice in diagnosis.advice:
        console.print(_hanging("→", advice, "dim"))


def _capabilities(diagnosis: Diagnosis) -> Table:
    table = Table.grid(padding=(0, 2))
    for one in diagnosis.capabilities:
        mark = Text("✓ can", style="green") if one.available else Text("✗ cannot", style="yellow")
        found = Text(one.found)
        if one.advice:
            found.append(f"\n{one.advice}", style="dim")
        table.add_row(mark, Text(one.name), found)
    return table


def _print_noise(noise: Noise, console: Console) -> None:
    launches = noise.spreads[0].launches
    told = f"{counted(noise.sessions, 'session')} of {counted(launches // 2 // noise.sessions, 'pair')}"
    for title, table in (
        (f"One unchanged program in pairs ({told})", _scatter(noise.spreads)),
        ("Smallest change that pairs find, by seconds spent on a benchmark of that size", _predictions(noise.spreads)),
        (f"Pairs that finding a change takes ({_remarks(noise.spreads)})", _prices(noise.spreads)),
        (_between_title(noise), _between(noise.spreads)),
    ):
        console.print()
        console.print(Text(title, style="bold"))
        console.print(Padding(table, (0, 0, 0, 2)))
    console.print()
    console.print(_hanging("·", _meanwhile(noise), "dim"))
    mark = ("✓", "green") if noise.passed else ("✗", "yellow")
    for line in noise.summary:
        console.print(_hanging(mark[0], line, mark[1]))
        mark = ("·", "")


def _meanwhile(noise: Noise) -> str:
    """What the machine did besides, as far as it can be read."""
    readings = (
        ("CPU pressure", noise.during.cpu_pressure),
        ("steal", noise.during.steal),
        ("throttled", noise.during.throttled),
        ("launches disturbed", noise.contaminated),
        ("pressure before", noise.idle.cpu_pressure),
        ("CPUs used by others before", noise.busy),
    )
    told = [f"{name} {value * 100:.1f} %" for name, value in readings if value is not None]
    return f"meanwhile: {', '.join(told)}"


def _scatter(spreads: Sequence[Spread]) -> Table:
    table = _table("", "median", "scatter", "2nd of a pair", "lag-1", "modes", "step")
    for spread in spreads:
        table.add_row(
            spread.metric,
            format_quantity(spread.median, spread.unit),
            f"{spread.deviation * 100:.2f} %",
            format_percent(spread.order),
            f"{spread.autocorrelation:+.2f}",
            "two" if spread.two_modes else "one",
            format_quantity(spread.quantum, spread.unit, 2) if spread.quantum else "-",
        )
    return table


def _predictions(spreads: Sequence[Spread]) -> Table:
    table = _table("", *(f"{each.seconds:.0f} s, {counted(each.pairs, 'pair')}" for each in spreads[0].detectable))
    for spread in spreads:
        table.add_row(spread.metric, *(format_percent(each.change) for each in spread.detectable))
    return table


def _prices(spreads: Sequence[Spread]) -> Table:
    table = _table("", *(format_percent(need.change, 0) for need in spreads[0].needed))
    for spread in spreads:
        table.add_row(spread.metric, *map(_price, spread.needed))
    return table


def _between(spreads: Sequence[Spread]) -> Table:
    table = _table("", "seen", "reckoned with", "of pairs", "a stored baseline shows")
    for spread in spreads:
        known = spread.between
        seen = "-" if known.seen is None else f"{known.seen * 100:.2f} %"
        pairs = "-" if known.seen is None else f"{known.pairs * 100:.2f} %"
        table.add_row(spread.metric, seen, f"{known.used * 100:.2f} %", pairs, format_percent(known.stored))
    return table


def _between_title(noise: Noise) -> str:
    known = noise.spreads[0].between
    return f"Spread between sessions ({known.reason or f'{noise.apart} a minute apart or more'})"


def _price(need: Need) -> str:
    if need.pairs is None:
        return "ignored"
    return f"{need.pairs} ({format_quantity(need.seconds or 0.0, 's', 2)})" + (" !" if need.reason else "  ")


def _remarks(spreads: Sequence[Spread]) -> str:
    """What the marks in the cells mean."""
    needs = [need for spread in spreads for need in spread.needed if need.reason and need.pairs]
    return f"seconds; ! {needs[0].reason}" if needs else "seconds"


def _table(*titles: str) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim")
    for number, title in enumerate(titles):
        table.add_column(title, justify="right" if number else "left")
    return table


def _hanging(sign: str, text: str, style: str) -> Table:
    table = Table.grid(padding=(0, 1))
    table.add_row(Text(sign, style=style), Text(text))
    return table
