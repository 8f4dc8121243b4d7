"""A real launch, for programs whose answer is known, and the audio servers that this machine has."""

import importlib.util
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from perfkit.instruments.audio_server import ServerKind
from perfkit.instruments.audio_servers import choose
from perfkit.instruments.process import LauncherClient, SideLauncher
from perfkit.model.errors import Skipped
from tests.truth.audio_launches import INSTALL, one_launch


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


@pytest.fixture
def launch() -> Iterator[SideLauncher]:
    """The launcher of one launch in this repository."""
    with one_launch() as launch:
        yield launch


@pytest.fixture(params=["pipewire", "jack"])
def server(request: pytest.FixtureRequest, require: Callable[[object, str], None]) -> ServerKind:
    """Each kind of audio server that this machine has."""
    return _server(request.param, require)


@pytest.fixture
def a_server(require: Callable[[object, str], None]) -> ServerKind:
    """One kind of audio server that this machine has."""
    return _server("auto", require)


def _server(kind: str, require: Callable[[object, str], None]) -> ServerKind:
    require(importlib.util.find_spec("jack"), 'pip install "perfkit[audio]"')
    try:
        return choose(kind)
    except Skipped:
        require(False, INSTALL[kind])
    raise AssertionError
