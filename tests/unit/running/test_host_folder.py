"""Folders of probe hosts whose perfkit was killed, and those of others that live."""

import os
import signal
import subprocess
import sys
import tempfile

import pytest

from perfkit.running.host_folder import HostFolder, remove_abandoned

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="there is no probe host on Windows")

KILLED = """
import os, signal
from pathlib import Path
from perfkit.running.host_folder import HostFolder
folder = HostFolder()
Path(folder.name, "launch").mkdir()
Path(folder.name, "launch", "file").touch()
os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.fixture
def temporary(tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


def test_only_the_folder_of_a_killed_owner_is_removed(temporary):
    env = {**os.environ, "TMPDIR": str(temporary)}
    done = subprocess.run([sys.executable, "-c", KILLED], env=env, check=False)
    assert done.returncode == -signal.SIGKILL
    assert len(list(temporary.glob("perfkit-host-*/launch/file"))) == 1
    alive = HostFolder()
    being_made = temporary / "perfkit-host-being-made"
    being_made.mkdir()
    remove_abandoned()
    assert {path.name for path in temporary.iterdir()} == {os.path.basename(alive.name), being_made.name}  # noqa: PTH119
    alive.remove()
    assert list(temporary.iterdir()) == [being_made]


def test_what_a_link_leads_to_is_left_alone(temporary):
    elsewhere = temporary / "elsewhere"
    elsewhere.mkdir()
    for name in ("owner", "precious"):
        (elsewhere / name).touch()
    (temporary / "perfkit-host-link").symlink_to(elsewhere)
    remove_abandoned()
    assert {path.name for path in elsewhere.iterdir()} == {"owner", "precious"}
