"""The verbs of the command line and what `perfkit --help` says."""

from typing import Annotated

import typer

from perfkit import __version__
from perfkit.cli.verbs import baseline, compare, doctor, gate, init, listing, load_worker, prune, report, run, schema

app = typer.Typer(
    name="perfkit",
    no_args_is_help=True,
    context_settings={"help_option_names": ["-h", "--help"]},
    pretty_exceptions_enable=False,
    help="Measure programs, hold them against targets and baselines, and say whether a change made them slower.",
    epilog="Exit codes: 0 passed · 1 regressed or over a limit · 2 usage · 3 inconclusive · 4 not measured · "
    "5 other machine · 70 bug · 130 interrupted",
)

app.command("init")(init.init)
app.command("list")(listing.list_benchmarks)
app.command("run")(run.run)
app.command("gate")(gate.gate)
app.command("compare")(compare.compare)
app.add_typer(baseline.app, name="baseline")
app.command("report")(report.report)
app.command("prune")(prune.prune)
app.command("doctor")(doctor.doctor)
app.command("load-worker")(load_worker.load_worker)
app.command("schema")(schema.schema)


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"perfkit {__version__}")
        raise typer.Exit


@app.callback()
def perfkit(
    version: Annotated[
        bool, typer.Option("--version", help="Print the version and exit.", callback=_version, is_eager=True)
    ] = False,
) -> None:
    """Measure programs, hold them against targets and baselines, and say whether a change made them slower."""
