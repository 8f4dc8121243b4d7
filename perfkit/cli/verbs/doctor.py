"""`perfkit doctor`."""

from typing import TYPE_CHECKING, Annotated

import typer

from perfkit.cli.options import Format, Output, here
from perfkit.cli.talk import emit, say

if TYPE_CHECKING:
    from rich.console import Console

    from perfkit.model.diagnosis import Diagnosis


def doctor(
    noise: Annotated[
        bool, typer.Option(help="Launch one unchanged program for ten seconds to see how far its times scatter.")
    ] = True,
    output: Output = Format.TABLE,
) -> None:
    """Say what can be measured on this machine, what the rest would need, and which change could be seen."""
    import json
    from dataclasses import asdict

    from perfkit.usecases.describing import diagnose

    if noise and output is Format.TABLE:
        say("launching one unchanged program for ten seconds")
    diagnosis = diagnose(here(), noise=noise)
    if output is Format.JSON:
        emit(json.dumps({"fingerprint": diagnosis.machine.fingerprint, **asdict(diagnosis)}, indent=2))
        return
    _print(diagnosis)


def _print(diagnosis: "Diagnosis") -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    console = Console(highlight=False)
    console.print(Text(f"{diagnosis.machine}  (machine {diagnosis.machine.fingerprint})", style="bold"))
    table = Table.grid(padding=(0, 2))
    for one in diagnosis.capabilities:
        mark = Text("✓ can", style="green") if one.available else Text("✗ cannot", style="yellow")
        table.add_row(mark, Text(one.name), Text(one.found), Text(one.advice, style="dim"))
    console.print(table)
    if diagnosis.noise:
        _print_noise(diagnosis, console)
    for advice in diagnosis.advice:
        console.print(Text(f"→ {advice}"))


def _print_noise(diagnosis: "Diagnosis", console: "Console") -> None:
    from rich.table import Table

    from perfkit.model.units import format_percent, format_quantity

    seconds = [str(format_quantity(each, "s")) for each, _ in diagnosis.noise[0].detectable]
    table = Table(title="Noise of one unchanged program", title_justify="left", box=None, padding=(0, 2, 0, 0))
    for title in ("metric", "launches", "median", "scatter", *(f"seen in {each}" for each in seconds)):
        table.add_column(title, justify="left" if title == "metric" else "right")
    for spread in diagnosis.noise:
        seen = [format_percent(change) for _, change in spread.detectable]
        median = format_quantity(spread.median, "s")
        table.add_row(spread.metric, str(spread.launches), median, f"{spread.deviation * 100:.1f} %", *seen)
    console.print(table)
