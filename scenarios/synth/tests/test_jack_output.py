"""The JACK client's callback on ports that are not JACK's."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from synth.arrays import Floats
from synth.engine import Engine
from synth.jack_output import Player

ROOT = Path(__file__).parents[2]
BLOCK = 128
RATE = 48_000
NO_SERVER = (
    "synth: no JACK server answers",
    "synth: JACK's library is missing",
    "synth: --output jack needs JACK-Client",
)


class FakePort:
    """A port whose buffer stays, and that brings the events it was given."""

    def __init__(self) -> None:
        self.buffer = np.zeros(BLOCK, np.float32)
        self.events: list[tuple[int, bytes]] = []

    def get_array(self) -> Floats:
        """As JACK-Client's audio ports do."""
        return self.buffer

    def incoming_midi_events(self) -> list[tuple[int, bytes]]:
        """As JACK-Client's MIDI ports do."""
        return self.events


class FakePorts(dict[str, FakePort]):
    """Ports by name."""

    def register(self, name: str) -> FakePort:
        """A new one."""
        return self.setdefault(name, FakePort())


class FakeClient:
    """What `Player` asks of a client."""

    samplerate, blocksize = RATE, BLOCK

    def __init__(self) -> None:
        self.midi_inports, self.outports = FakePorts(), FakePorts()


class Stage:
    """A player on a fake client."""

    def __init__(self) -> None:
        self.client = FakeClient()
        self.player = Player(self.client, 8)

    def play(self, *events: tuple[int, tuple[int, ...]]) -> Floats:
        """One block with these events; the left channel."""
        self.client.midi_inports["midi"].events = [(at, bytes(message)) for at, message in events]
        self.player.process(BLOCK)
        return self.client.outports["left"].buffer.copy()


@pytest.mark.parametrize("at", [0, 1, 77, 127])
def test_a_note_begins_at_its_very_frame(at: int) -> None:
    heard = Stage().play((at, (0x90, 69, 100)))
    alone = Engine(rate=RATE, max_voices=8)
    alone.note_on(69, 100 / 127)
    assert not heard[:at].any()
    assert heard[at:] == pytest.approx(alone.render(BLOCK - at)[:, 0], abs=1e-6)


def test_a_note_off_and_a_note_on_without_velocity_release() -> None:
    stage = Stage()
    stage.play((0, (0x90, 60, 100)), (0, (0x91, 64, 100)))
    assert stage.player.engine.voices == 2
    stage.play((5, (0x80, 60, 0)), (9, (0x90, 64, 0)), (9, (0xC0, 1)))
    for _ in range(3000):
        stage.play()
    assert stage.player.engine.voices == 0


def test_without_a_server_it_says_so(tmp_path: Path) -> None:
    env = os.environ | {"JACK_DEFAULT_SERVER": "none-of-that-name", "XDG_RUNTIME_DIR": str(tmp_path)}
    command = [sys.executable, "-m", "synth", "--output", "jack"]
    done = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1].startswith(NO_SERVER)


def test_without_a_port_the_service_does_not_start() -> None:
    done = subprocess.run([sys.executable, "-m", "synth"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "--port is required" in done.stderr
