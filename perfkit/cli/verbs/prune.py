"""`perfkit prune`."""

from typing import Annotated

import typer

from perfkit.cli.options import here
from perfkit.cli.talk import emit, say
from perfkit.model.units import counted, format_quantity


def prune(
    keep: Annotated[int, typer.Option("--keep", min=0, metavar="N", help="Keep so many of the newest runs.")] = 20,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would be deleted.")] = False,
) -> None:
    """Delete old runs from reports/; those that a baseline refers to stay, and the one that could be gone on with."""
    from perfkit.usecases import keeping

    pruned = keeping.prune_runs(here(), keep, dry=dry_run)
    done = "would remove" if dry_run else "removed"
    for folder in pruned.folders:
        emit(f"{done} {folder}")
    size = format_quantity(float(pruned.freed), "B")
    say(f"{done} {counted(len(pruned.folders), 'run')}, {size}; {counted(pruned.kept, 'run')} kept")
