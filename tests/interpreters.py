"""The interpreters of this machine, for what must work in each of them."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest


def interpreters():
    """One interpreter for each version from 3.9 that this machine has, its own among them."""
    found = {sys.version_info[:2]: sys.executable}
    folders = sorted({Path(sys.base_prefix).parent, *Path(sys.base_prefix).parent.parent.glob("versions")})
    candidates = [folder / "bin" / "python3" for home in folders for folder in home.glob("3.*")]
    candidates += [Path(path) for minor in range(9, 16) if (path := shutil.which(f"python3.{minor}"))]
    for python in candidates:
        asked = [str(python), "-c", "import sys; print(*sys.version_info[:2])"]
        if python.exists() and (done := subprocess.run(asked, capture_output=True, text=True)).returncode == 0:
            version = tuple(map(int, done.stdout.split()))
            if version >= (3, 9):
                found.setdefault(version, str(python))
    return [pytest.param(python, id=".".join(map(str, version))) for version, python in sorted(found.items())]
