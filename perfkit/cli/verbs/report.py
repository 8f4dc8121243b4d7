"""`perfkit report`."""

from typing import Annotated

import typer

from perfkit.cli import options
from perfkit.cli.options import Format


def report(
    run: Annotated[
        str,
        typer.Argument(
            help="A run's id, folder or file; the newest by default.", autocompletion=options.completed_runs
        ),
    ] = "",
    baseline: Annotated[str, typer.Option("--baseline", metavar="NAME|PATH", help="What to compare it with.")] = "",
    formats: options.Reports = "html,md",
    output: options.Output = Format.TABLE,
) -> None:
    """Render the reports of a stored run again, in its folder."""
    from perfkit.cli.results import finish
    from perfkit.usecases import stored

    judged = stored.rendered_again(options.here(), run, baseline=baseline)
    finish(judged, options.formats(formats, ()), output, code=0)
