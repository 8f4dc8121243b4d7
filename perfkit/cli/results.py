"""How a judged run leaves the command line: its table or JSON on stdout, its reports on disk, its exit code."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

import typer

from perfkit.cli.options import Format
from perfkit.cli.talk import draw, emit, say
from perfkit.reporting import REPORTS, View
from perfkit.reporting.console import print_view
from perfkit.usecases.judged import Judged, view_of, write_reports


def finish(
    judged: Judged, formats: Sequence[str], output: Format, *, code: int | None = None, advice: str = ""
) -> NoReturn:
    """Print the result, write the reports, and exit with the judgement's code (or `code`)."""
    view = view_of(judged)
    if output is Format.JSON:
        emit(REPORTS["json"](view))
    else:
        draw(lambda console: print_view(view, console))
    paths = write_reports(judged, view, formats)
    if "github" in formats:
        _tell_github(view, judged.folder)
    for path in paths:
        say(f"wrote {_short(path)}")
    if judged.interrupted:
        verb = next(iter(judged.run.arguments), "run")
        say(f"interrupted; what was measured is kept. Go on with: perfkit {verb} --resume {judged.run.id}")
    elif advice:
        say(f"next: {advice}")
    raise typer.Exit(judged.exit_code if code is None or judged.interrupted else code)


def _tell_github(view: View, folder: Path) -> None:
    """Annotations, the step summary and outputs, where GitHub Actions names files for them."""
    from perfkit.reporting import github

    summary, output = (os.environ.get(name) for name in ("GITHUB_STEP_SUMMARY", "GITHUB_OUTPUT"))
    github.write(view, folder, Path(summary) if summary else None, Path(output) if output else None)
    if os.environ.get("GITHUB_ACTIONS"):
        typer.echo(github.annotations(view), err=True, nl=False)


def _short(path: Path) -> str:
    return str(path.relative_to(Path.cwd())) if path.is_relative_to(Path.cwd()) else str(path)
