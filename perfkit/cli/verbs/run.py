"""`perfkit run`."""

import typer

from perfkit.cli import options
from perfkit.cli.options import Format


def run(
    context: typer.Context,
    select: options.Select = None,
    keyword: options.Keyword = "",
    tag: options.Tags = None,
    once: options.Once = False,
    quick: options.Quick = False,
    thorough: options.Thorough = False,
    processes: options.Processes = None,
    max_time: options.MaxTime = "",
    server: options.AudioServer = None,
    wait: options.Wait = "",
    seed: options.Seed = None,
    resume: options.Resume = "",
    report: options.Reports = "",
    output: options.Output = Format.TABLE,
) -> None:
    """Measure benchmarks and write reports/<run id>/; limits are judged, tolerances wait for a gate.

    Each benchmark gets seven launches or more, until the interval of its judged metrics is within ±2 % or 120 s are
    gone; Ctrl-C keeps what was measured.
    """
    from rich.console import Console

    from perfkit.cli.progress import LiveProgress
    from perfkit.cli.results import finish
    from perfkit.usecases import measuring

    request = options.request(context)
    formats = options.formats(report, request.config.tables.report.formats)
    with LiveProgress(Console(stderr=True)) as progress:
        judged = measuring.run(request, progress)
    advice = "" if judged.exit_code or request.plan.most == 1 else "perfkit baseline save, then perfkit gate"
    finish(judged, formats, output, advice=advice)
