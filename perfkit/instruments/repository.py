"""The revision that is measured, as git tells it."""

import os
import subprocess
from pathlib import Path

from perfkit.model.environment import Commit

_KEPT = (":(exclude)reports", ":(exclude)baselines")
"""Runs and baselines below the project's root: what was measured, not what is."""


def read_commit(root: Path) -> Commit:
    """Commit, branch (empty where detached) and whether anything under `root` differs; empty outside a repository.

    An untracked file that is not ignored is a difference; what perfkit itself keeps there is none.
    """
    identity = _git(root, "rev-parse", "--verify", "--quiet", "HEAD")
    if not identity:
        return Commit()
    branch = _git(root, "symbolic-ref", "--short", "--quiet", "HEAD")
    return Commit(identity, branch, dirty=bool(_git(root, "status", "--porcelain", "--", ".", *_KEPT)))


def _git(root: Path, *arguments: str) -> str:
    """What git says; empty where it refuses or is missing. The index is left as it is."""
    env = {**os.environ, "GIT_OPTIONAL_LOCKS": "0", "LC_ALL": "C"}
    try:
        said = subprocess.run(["git", "-C", str(root), *arguments], capture_output=True, text=True, env=env, check=True)
    except (OSError, subprocess.CalledProcessError):
        return ""
    return said.stdout.strip()
