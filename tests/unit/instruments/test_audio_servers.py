"""Servers that are not there, and room that is not enough."""

import pytest

from perfkit.instruments.audio_servers import AudioServer, choose, private_server
from perfkit.instruments.jack_clients import Hung, persistently
from perfkit.instruments.jackd import check_room
from perfkit.model.errors import Failed, Skipped


def test_a_small_dev_shm_is_a_skip_that_says_how_to_enlarge_it(tmp_path):
    with pytest.raises(Skipped, match="free and jackd needs") as skipped:
        check_room(tmp_path, 2**60)
    assert "--shm-size" in skipped.value.hint
    check_room(tmp_path, 1)


def test_a_private_server_must_play_as_it_was_asked_to():
    asked = AudioServer("pipewire", "PipeWire", {}, "a:in", "a:out", 48_000, 100)
    asked.check(48_000, 100)
    with pytest.raises(Failed, match="PipeWire plays blocks of 64 frames at 48000 Hz, not of 100 at 48000"):
        asked.check(48_000, 64)
    AudioServer("running", "PipeWire that runs here", {}, "", "", 48_000).check(44_100, 1024)


def test_a_running_server_is_used_only_where_one_runs(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    monkeypatch.delenv("PIPEWIRE_RUNTIME_DIR", raising=False)
    monkeypatch.setenv("JACK_DEFAULT_SERVER", "perfkit-none")
    assert choose("running") == "running"
    with (
        pytest.raises(Skipped, match="no audio server runs here"),
        private_server(None, "running", rate=48_000, block=128),
    ):
        pass


def test_a_client_that_hung_is_tried_three_times():
    tries = []

    def once(until):
        tries.append(until)
        if len(tries) < until:
            raise Hung("did not come back")
        return len(tries)

    assert persistently(lambda: once(3)) == 3
    tries.clear()
    with pytest.raises(Hung):
        persistently(lambda: once(4))
    assert len(tries) == 3
