"""`perfkit init`."""

import typer

from perfkit.cli.options import here
from perfkit.cli.talk import emit, say

_PLACES = {
    "perfkit.toml": "perfkit.toml",
    "example.toml": "scenarios/example.toml",
    "example.py": "scenarios/example.py",
    "perfkit.yml": ".github/workflows/perfkit.yml",
}


def init() -> None:
    """Write a working example: perfkit.toml, scenarios/ and a CI workflow. Existing files are kept."""
    from importlib.resources import files

    scaffold = files("perfkit.cli") / "scaffold"
    for name, place in _PLACES.items():
        if name == "perfkit.yml" and _in_a_subfolder():
            say(f"left out {place}: GitHub reads it in the repository's root only")
            continue
        path = here() / place
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            with path.open("x", encoding="utf-8") as file:
                file.write((scaffold / name).read_text(encoding="utf-8"))
        except FileExistsError:
            say(f"kept     {place}")
        else:
            emit(f"written  {place}")
    _ignore_reports()
    typer.echo("next: perfkit run --quick", err=True)


def _in_a_subfolder() -> bool:
    """Whether this folder lies within a repository whose root is another."""
    return not (here() / ".git").exists() and any((folder / ".git").exists() for folder in here().parents)


def _ignore_reports() -> None:
    path = here() / ".gitignore"
    lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    if not {"reports/", "/reports/", "reports"} & set(lines):
        path.write_text("\n".join([*lines, "/reports/"]) + "\n", encoding="utf-8")
        emit("written  .gitignore (reports/ is generated)")
