"""`perfkit schema`."""

from enum import StrEnum
from typing import Annotated

import typer

from perfkit.cli.talk import emit


class Which(StrEnum):
    """The files that have a schema."""

    RUN = "run"
    JUDGEMENT = "judgement"


def schema(which: Annotated[Which, typer.Argument(help="The file whose JSON Schema to print.")]) -> None:
    """Print the JSON Schema of a run file or of the judgement that `--format json` prints."""
    from perfkit.usecases.describing import schema as schema_of

    emit(schema_of(which.value))
