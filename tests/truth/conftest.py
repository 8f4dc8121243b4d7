"""A real launch, for programs whose answer is known."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from perfkit.instruments.process import LauncherClient, SideLauncher


@pytest.fixture
def launcher(tmp_path: Path) -> Iterator[SideLauncher]:
    """The launcher of one launch in an empty side; its root and its tmp are folders of the test."""
    root, tmp = tmp_path / "root", tmp_path / "tmp"
    root.mkdir()
    tmp.mkdir()
    with (
        LauncherClient.open() as client,
        client.launch(root=root, python=sys.executable, tmp=tmp, seed=7, timeout=120.0) as launch,
    ):
        yield launch
