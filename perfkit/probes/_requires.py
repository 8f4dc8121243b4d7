"""What a scenario needs on the machine, and what to do where it is missing."""

import os
import shutil
from collections.abc import Mapping
from pathlib import Path

from perfkit.model.errors import Skipped


def check_requirements(requires: Mapping[str, str], root: Path) -> None:
    """Raises Skipped for the first key that is not there, with its value as the hint.

    A key with a slash is a path that starts at `root`, any other a program on PATH.
    """
    for needed, install in requires.items():
        found = (root / needed).exists() if os.sep in needed else shutil.which(needed) is not None
        if not found:
            raise Skipped(f"{needed} is not on this machine", hint=install)
