"""A project in a folder, and `main()` run in it: what the tests of the verbs share."""

import os
import subprocess
import sys
from pathlib import Path


def perfkit(folder: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run the command line in a process of its own, as a shell would."""
    return subprocess.run(
        [sys.executable, "-m", "perfkit", *arguments],
        cwd=folder,
        env={**os.environ, "COLUMNS": "120", **environment},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
