"""Where a user's programs keep what outlives a project: by the XDG base directory specification, and its like."""

import os
import sys
from collections.abc import Mapping
from pathlib import Path


def state_folder(env: Mapping[str, str] = os.environ, platform: str = sys.platform) -> Path:
    """Perfkit's own folder there; it need not exist. A relative XDG_STATE_HOME is ignored, as is asked there."""
    named = Path(env.get("XDG_STATE_HOME", ""))
    if named.is_absolute():
        return named / "perfkit"
    if platform == "win32" and "LOCALAPPDATA" in env:
        return Path(env["LOCALAPPDATA"]) / "perfkit"
    return Path.home() / ".local" / "state" / "perfkit"
