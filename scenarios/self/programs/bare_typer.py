"""The smallest command line with two verbs: what `perfkit --help` is held against."""

import typer

app = typer.Typer()


@app.command()
def first(name: str = "x") -> None:
    """Do the one."""
    typer.echo(name)


@app.command()
def second(name: str = "x") -> None:
    """Do the other."""
    typer.echo(name)


app()
