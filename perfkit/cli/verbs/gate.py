"""`perfkit gate`."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from perfkit.cli import options
from perfkit.cli.options import Format


class Policy(StrEnum):
    """What an inconclusive gate exits with instead of 3."""

    PASS = "pass"  # noqa: S105 - a policy
    FAIL = "fail"


def gate(
    context: typer.Context,
    select: options.Select = None,
    keyword: options.Keyword = "",
    tag: options.Tags = None,
    baseline: Annotated[
        str, typer.Option("--baseline", metavar="NAME|PATH", help="A baseline's name, or a run's folder or file.")
    ] = "",
    against: Annotated[
        str | None,
        typer.Option("--against", metavar="REF", help="Measure pairs: this work tree and the merge base with REF."),
    ] = None,
    exact: Annotated[bool, typer.Option("--exact", help="With --against: REF itself, not the merge base.")] = False,
    in_place: Annotated[
        bool, typer.Option("--in-place", help="With --against: measure in this work tree, not in a copy of it.")
    ] = False,
    pairs: Annotated[
        bool,
        typer.Option("--pairs/--no-pairs", help="Settle by pairs with the baseline's commit what it leaves open."),
    ] = True,
    stored: Annotated[
        Path | None, typer.Option("--run", metavar="PATH", help="Judge this stored run instead of measuring.")
    ] = None,
    on_inconclusive: Annotated[
        Policy | None, typer.Option("--on-inconclusive", help="Exit 0 or 1 instead of 3 when it cannot be told.")
    ] = None,
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
    """Measure, compare with the baseline or with a git ref, judge, report; the exit code is the verdict.

    What looks slower than the baseline, or cannot be told, is measured again in pairs with the baseline's commit where
    there is one, else a second time. With --against everything is measured in pairs, until each budget is decided;
    what is not committed counts as well.
    """
    from rich.console import Console

    from perfkit.cli.progress import LiveProgress
    from perfkit.cli.results import finish
    from perfkit.usecases import measuring
    from perfkit.usecases import stored as kept
    from perfkit.usecases.request import Policy as Chosen

    policy: Chosen = on_inconclusive.value if on_inconclusive else None
    if stored is not None:
        judged = kept.judge_stored(options.here(), str(stored), baseline=baseline, on_inconclusive=policy)
        finish(judged, options.formats(report, ("html", "md")), output)
    request, asked = options.request(context), options.asked(context)
    baseline, policy = asked["baseline"], asked["on_inconclusive"]
    formats = options.formats(report, request.config.tables.report.formats)
    with LiveProgress(Console(stderr=True)) as progress:
        judged = measuring.gate(request, progress, baseline=baseline, on_inconclusive=policy)
    finish(judged, formats, output)
