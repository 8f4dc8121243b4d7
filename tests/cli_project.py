"""A project in a folder, and `main()` run in it: what the tests of the verbs share."""

import os
import subprocess
import sys
from pathlib import Path


def perfkit(folder: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run the command line in a process of its own, as a shell would; the machine's lock is the folder's own."""
    return subprocess.run(
        [sys.executable, "-m", "perfkit", *arguments],
        cwd=folder,
        env={**os.environ, "COLUMNS": "120", **own_lock(folder), **environment},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


def own_lock(folder: Path) -> dict[str, str]:
    """Tests of one machine may run beside each other, and none knows what another or its user told doctor."""
    place = folder.parent / f"{folder.name}-tmp"
    place.mkdir(exist_ok=True)
    return {"TMPDIR": str(place), "PERFKIT_LOCK": str(place / "lock"), "XDG_STATE_HOME": str(place / "state")}
