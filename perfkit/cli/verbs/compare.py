"""`perfkit compare`."""

from typing import Annotated

import typer

from perfkit.cli import options
from perfkit.cli.options import Format

_WHAT = "A run's id, folder or file (also pyperf's and hyperfine's)"


def compare(
    base: Annotated[
        str, typer.Argument(help=f"{_WHAT}, or a baseline's name.", autocompletion=options.completed_runs)
    ] = "",
    candidate: Annotated[
        str, typer.Argument(help=f"{_WHAT}; the newest run by default.", autocompletion=options.completed_runs)
    ] = "",
    output: options.Output = Format.TABLE,
) -> None:
    """Show changes and verdicts between stored runs; never measures, and exits 0 if it could compare."""
    from perfkit.cli.results import finish
    from perfkit.usecases import stored

    finish(stored.compare(options.here(), base, candidate), (), output, code=0)
