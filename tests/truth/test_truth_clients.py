"""What is measured of somebody's JACK client: its CPU time, its capacity, its rendering, its word, its glitches."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from perfkit.model.errors import Failed, Invalid
from perfkit.probes import build
from tests.truth.audio_launches import INSTALL, ROOT, facts, measure, one_launch

pytestmark = pytest.mark.machine

HERE = Path(__file__).parent
PLAYED = {"env": {"PYTHONPATH": str(ROOT)}, "ready": {"stdout": "ready"}}
SHORT = {"block": 256, "duration": "250 ms", "blocks": 40, "warmup": 10, "start": 4, "searches": 1}


def voices(cost, number=0, **more):
    command = ["python", str(HERE / "jack_voices.py"), "voices", str(cost), str(number)]
    return {"command": command, "output_port": "voices:out", **PLAYED, **more}


def delay(frames, *more):
    command = ["python", str(HERE / "jack_delay.py"), "delay", frames, *more]
    return {"command": command, "input_port": "delay:in", "output_port": "delay:out", **PLAYED}


def tone(*words):
    return ["python", str(HERE / "jack_tone.py"), "tone", *words]


def test_cpu_time_of_each_block_is_read_from_outside(server):
    client = voices(0.002, 1, server=server, block=512, duration="600 ms")
    measurement = measure("audio_deadline", lambda found: found.values["block_cpu_p50"] < 0.0025, **client)
    assert 0.002 <= measurement.values["block_cpu_p50"] < 0.0025
    assert measurement.values["block_time_p50"] >= 0.002
    assert "of it the audio thread" in facts(measurement)["CPU of the process"]


def test_the_most_voices_of_a_client_are_those_that_fit_into_a_period(require):
    require(shutil.which("jackd"), INSTALL["jack"])
    client = voices(0.0008, "{voices}", server="jack", **SHORT)
    measurement = measure("audio_capacity", lambda found: found.values["capacity"] in {5, 6}, **client)
    assert measurement.values["capacity"] in {5, 6}  # of .8 ms in 5.33 ms, of which the server takes some
    assert facts(measurement)["result"].startswith("256 frames at 48 kHz: ")
    assert {metric.method for metric in measurement.metrics} == {"voices, observed, jack"}


def test_the_most_notes_of_a_client_are_those_that_fit_into_a_period(require):
    require(shutil.which("pipewire"), INSTALL["pipewire"])
    client = voices(0.0008, midi_port="voices:midi", server="pipewire", **SHORT)
    measurement = measure("audio_capacity", lambda found: found.values["capacity"] in {5, 6}, **client)
    assert measurement.values["capacity"] in {5, 6}
    assert " notes [" in facts(measurement)["result"]


def test_notes_are_held_while_a_client_is_observed(server):
    client = voices(0.0008, midi_port="voices:midi", notes=[60, 64, 67], block=256, duration="300 ms", server=server)
    values = measure("audio_deadline", lambda found: found.values["block_time_p50"] < 0.003, **client).values
    assert 0.0024 <= values["block_time_p50"] < 0.003
    assert 0.0024 <= values["block_cpu_p50"] < 0.003


def test_a_client_is_rendered_faster_than_real_time(require):
    require(shutil.which("jackd"), INSTALL["jack"])
    settings = voices(0.0005, 1, block=480, seconds="2 s", warmup=20)
    values = measure("audio_offline", **settings).values
    assert 5 < values["real_time_factor"] < 20  # .5 ms of work and what a cycle costs, for 10 ms
    assert 0.0005 <= values["block_cpu_p50"] < 0.0008
    assert 0.0005 <= values["block_time_p50"] <= values["block_time_p99"] <= values["block_time_max"]
    assert values["cpu"] == pytest.approx(values["block_cpu_p50"] / 0.01, rel=0.3)


def test_notes_of_a_rendered_client_are_its_work(require):
    require(shutil.which("jackd"), INSTALL["jack"])
    settings = voices(0.0005, midi_port="voices:midi", notes=[60, 64, 67], block=480, seconds="1 s", warmup=5)
    assert 0.0015 <= measure("audio_offline", **settings).values["block_cpu_p50"] < 0.002


def test_a_silent_client_is_no_render(require):
    require(shutil.which("jackd"), INSTALL["jack"])
    silent = delay("0") | {"seconds": "200 ms"}
    del silent["input_port"]
    with one_launch() as launcher, pytest.raises(Invalid, match="the client is silent"):
        build("audio_offline", silent).measure(launcher)


def test_a_client_that_dies_while_it_is_rendered_is_a_failure(require):
    require(shutil.which("jackd"), INSTALL["jack"])
    dying = delay("die:0.3") | {"seconds": "200 s"}
    del dying["input_port"]
    with one_launch() as launcher, pytest.raises(Failed, match="ended in the middle"):
        build("audio_offline", dying).measure(launcher)


def test_what_a_client_tells_jack_of_its_latency_is_held_against_what_it_is(server):
    values = measure("audio_latency", mode="app", server=server, **delay("100", "1", "130")).values
    assert values["latency_frames"] == pytest.approx(100, abs=0.01)
    assert values["misreported"] == pytest.approx(30, abs=0.01)


def test_a_delay_is_the_same_throughout_an_open(server):
    measurement = measure("audio_latency", mode="round_trip", server=server)
    words = facts(measurement)["spread within this open"].split()
    assert float(words[0]) <= 0.01
    assert words[1:] == ["frames", "over", "3", "bursts"]


def test_a_forced_glitch_is_found_one_of_one(server):
    """64 frames are left out once, 2 s after the client began."""
    live = {"command": tone("187", "0", "1", "64"), "port": "tone:out", "server": server, "block": 512, **PLAYED}

    def one(found):
        return found.values["glitches"] + found.values["dropouts"] == 1

    found = measure("audio_quality", one, duration="2.5 s", live=live).values
    assert found["glitches"] + found["dropouts"] == 1


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_a_minute_has_no_false_glitch(server):
    def whole(found):
        return not found.values["glitches"] + found.values["dropouts"]

    measurement = measure("audio_quality", whole, duration="60 s", live={"server": server, "block": 256})
    print(f"{server}: {facts(measurement)['result']}")
    assert (measurement.values["glitches"], measurement.values["dropouts"]) == (0, 0)


def test_shared_memory_too_small_for_jackd_is_a_skip_that_says_so(require):
    """In a mount namespace of its own, with 16 MB of /dev/shm."""
    require(shutil.which("unshare") and shutil.which("jackd"), f"util-linux; {INSTALL['jack']}")
    inside = 'mount -t tmpfs -o size=16m tmpfs /dev/shm && exec "$0" -c "$1" "$2"'
    code = (
        "import sys; sys.path.insert(0, sys.argv[1]); import tests.truth.audio_launches as t; "
        "t.measure('audio_latency', mode='round_trip', server='jack')"
    )
    command = ["unshare", "--mount", "--map-root-user", "sh", "-c", inside, sys.executable, code, str(ROOT)]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT)
    require("unshare failed" not in done.stderr and "permission denied" not in done.stderr, "the right to mount")
    assert "Skipped: /dev/shm has 16.8 MB free and jackd needs 50.3 MB" in done.stderr
