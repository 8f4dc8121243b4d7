"""Which Python a side runs: the real path behind shims, as the interpreter itself tells it."""

import json
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from perfkit.model.errors import MeasurementError

SHARED = "shared .venv"
"""Which rule found an interpreter that is not of the side alone."""
_QUESTION = "import json, sys; print(json.dumps([sys.executable, '%d.%d.%d' % sys.version_info[:3], sys.prefix]))"


@dataclass(frozen=True, slots=True)
class Interpreter:
    """A side's Python: its real path, version and prefix; `written` is what named it, `found_by` which rule did."""

    path: str
    version: str
    prefix: str
    written: str
    found_by: str

    @property
    def shim(self) -> bool:
        """Whether what was named is a script (pyenv, asdf) that costs a shell at every start."""
        try:
            with Path(self.written).open("rb") as file:
                return file.read(2) == b"#!"
        except OSError:
            return False


def resolve_python(
    root: Path, configured: str = "", *, shared: Path | None = None, path: str | None = None
) -> Interpreter:
    """The interpreter of the side at `root`: `configured` ([project] python), else its `.venv`, else the one on PATH.

    `configured` is a path (relative to `root`) or a name on PATH; `path` replaces $PATH. The `.venv` of a `shared`
    folder comes before PATH.
    Raises MeasurementError where there is none or it does not run.
    """
    root = root.absolute()
    written, found_by = _named(root, configured, shared, path)
    try:
        told = subprocess.run(
            [written, "-I", "-c", _QUESTION], cwd=root, capture_output=True, text=True, timeout=30, check=True
        )
        executable, version, prefix = json.loads(told.stdout)
    except (OSError, ValueError, subprocess.SubprocessError) as error:
        lines = (getattr(error, "stderr", None) or getattr(error, "strerror", None) or "it failed").strip().splitlines()
        raise MeasurementError(
            f"{written} is not a Python that runs: {lines[-1]}",
            hint="set `[project] python` to the interpreter of the measured project",
        ) from None
    return Interpreter(executable or written, version, prefix, written, found_by)


def _named(root: Path, configured: str, shared: Path | None, path: str | None) -> tuple[str, str]:
    if configured:
        expanded = Path(configured).expanduser()
        if len(expanded.parts) > 1:
            return str(root / expanded), "[project] python"
        if found := shutil.which(configured, path=path):
            return found, "[project] python"
        raise MeasurementError(
            f"[project] python: command not found: {configured!r}", hint="write the interpreter's path"
        )
    for place, rule in ((root, ".venv"), (shared, SHARED)):
        for inside in (".venv/bin/python", ".venv/Scripts/python.exe"):
            if place and (place / inside).exists():
                return str(place / inside), rule
    for name in ("python3", "python"):
        if found := shutil.which(name, path=path):
            return found, "PATH"
    raise MeasurementError("no Python for the measured side", hint="set `[project] python` or create a .venv")
