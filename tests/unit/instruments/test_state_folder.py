from pathlib import Path

import pytest

from perfkit.instruments.neighbours import count_cpus, read_busy
from perfkit.instruments.state_folder import state_folder


@pytest.mark.parametrize(
    ("env", "platform", "folder"),
    [
        ({"XDG_STATE_HOME": "/var/state"}, "linux", Path("/var/state/perfkit")),
        ({"XDG_STATE_HOME": "relative"}, "linux", Path.home() / ".local/state/perfkit"),
        ({}, "darwin", Path.home() / ".local/state/perfkit"),
        ({"LOCALAPPDATA": "/local"}, "win32", Path("/local/perfkit")),
    ],
)
def test_the_folder_is_where_the_system_keeps_state(env, platform, folder):
    assert state_folder(env, platform) == folder


def test_work_of_all_cpus_only_grows_and_stays_below_their_time():
    before = read_busy()
    assert 0 < before <= read_busy()
    assert count_cpus() >= 1
