"""Audio, measured on programs and servers whose answer is known."""

import os
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from perfkit.instruments import audio_servers
from perfkit.instruments.jack_loop import send
from perfkit.instruments.pipewire import jack_library
from perfkit.instruments.virtual_sink import Stretch, play
from perfkit.model.errors import Failed, Invalid, Skipped
from perfkit.probes import build
from perfkit.signal.correlation import excitation, find_delay
from perfkit.worker.jackd_guard import mapped
from tests.truth.audio_launches import INSTALL, ROOT, SHARED_MEMORY, facts, measure, one_launch, ours

pytestmark = pytest.mark.machine

BODIES = Path(__file__).with_name("audio_bodies.py")


def deadline(name, **settings):
    short = {"duration": "1 s", "floor": "100 ms"}
    return build("audio_deadline", {"body": f"{BODIES}:{name}"} | short | settings)


def stalled(launch, **changes):
    stretch = {"arguments": {"every": 50, "periods": 1.5}, "frames": 256, "rate": 48_000, "blocks": 200} | changes
    return play(launch, Stretch(body=f"{BODIES}:stalling", **stretch))


def round_trip(**settings):
    return measure("audio_latency", mode="round_trip", **settings)


def test_planted_stalls_are_the_misses(launch):
    for _ in range(3):  # a machine that disturbs further blocks is given another chance
        played = stalled(launch)
        if len(played.missed) + len(played.disturbed) == 4:
            break
    assert played.missed == (49, 99, 149, 199)
    assert played.lost_frames == 4 * 256
    assert all(played.blocks.waited[k] == 2 for k in played.missed)
    assert all(played.blocks.wall[k] >= 1.5 * 256 / 48_000 for k in played.missed)
    assert all(played.blocks.cpu[k] < 0.5 * 256 / 48_000 for k in played.missed)


def test_warm_up_blocks_are_played_but_not_counted(launch):
    played = stalled(launch, warmup=49, blocks=10)
    assert len(played.blocks) == 10
    assert played.missed[0] == 0


def test_block_time_is_the_bodys_own(launch):
    values = deadline("spinning", arguments={"seconds": 0.002}, block=512).measure(launch).values
    assert 0.002 <= values["block_cpu_p50"] < 0.0023
    assert values["block_time_p50"] >= 0.002
    assert values["block_time_p50"] <= values["block_time_p99"] <= values["block_time_max"]
    assert values["load_p99"] == pytest.approx(values["block_time_p99"] * 48_000 / 512)


def test_an_overload_is_a_miss_in_every_block(launch):
    values = deadline("spinning", arguments={"seconds": 0.008}, block=256, duration="500 ms").measure(launch).values
    assert values["deadline_misses"] == 94
    assert values["lost_frames"] >= 94 * 256
    assert values["latency"] >= 2 * 256 / 48_000


def test_a_scenario_file_that_imports_perfkit_plays_and_is_heard(launch):
    measurement = deadline("sine", arguments={"level": 0.25}, block=480).measure(launch)
    assert facts(measurement)["signal"] == "peak of the last block -12.0 dBFS"
    assert set(measurement.values) == {metric.name for metric in deadline("sine").metrics}


def test_threads_of_the_program_are_noticed(launch):
    one, two = (
        play(launch, Stretch(body=f"{BODIES}:{name}", arguments={}, frames=480, rate=48_000, blocks=5))
        for name in ("sine", "threaded")
    )
    assert (one.own_threads, two.own_threads) == (False, True)


def test_the_module_form_takes_the_working_folder(launch):
    probe = build(
        "audio_deadline",
        {"body": "audio_bodies:threaded", "cwd": str(BODIES.parent), "duration": "50 ms", "floor": "50 ms"}
        | {"env": {"PYTHONPATH": str(ROOT)}},
    )
    assert probe.measure(launch).values["block_time_p50"] > 0


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("hostile", "the filter exploded"),
        ("infinite", "not finite"),
        ("absent", "has no function absent"),
        ("not_callable", "must return a callable"),
        ("returning", "returned an array and wrote nothing"),
        ("stalling", "every"),
    ],
)
def test_a_body_that_cannot_be_played_says_why(launch, name, words):
    with pytest.raises(Failed, match=words):
        deadline(name).measure(launch)


def test_a_body_that_stays_silent_is_told(launch):
    (caveat,) = deadline("mute", duration="50 ms", floor="50 ms").measure(launch).caveats
    assert caveat.startswith("silence in the last block")


def test_the_smallest_block_of_a_body_that_takes_3_ms_is_the_first_longer_than_that(launch):
    probe = build(
        "audio_latency",
        {"mode": "smallest_block", "body": f"{BODIES}:spinning", "arguments": {"seconds": 0.003}}
        | {"sizes": [64, 128, 256, 512], "duration": "300 ms", "step": 64},
    )
    values = probe.measure(launch).values
    assert values["smallest_block"] == 192  # 4 ms; 128 frames are 2.67 ms
    assert values["latency"] == pytest.approx(192 / 48_000)


def test_the_smallest_block_of_what_is_no_sound_is_told(launch):
    search = {"mode": "smallest_block", "sizes": [128], "duration": "50 ms"}
    with pytest.raises(Failed, match="values that are not finite"):
        build("audio_latency", search | {"body": f"{BODIES}:infinite"}).measure(launch)
    (caveat,) = build("audio_latency", search | {"body": f"{BODIES}:mute"}).measure(launch).caveats
    assert caveat.startswith("silence in the last block")


def test_a_body_too_slow_for_every_size_is_told(launch):
    probe = build(
        "audio_latency",
        {"mode": "smallest_block", "body": f"{BODIES}:spinning", "arguments": {"seconds": 0.01}}
        | {"sizes": [64, 128], "duration": "100 ms"},
    )
    with pytest.raises(Failed, match="even in blocks of 128 frames"):
        probe.measure(launch)


@pytest.mark.parametrize("block", [100, 256])
def test_a_null_sink_is_exactly_one_quantum(server, block):
    measurement = round_trip(server=server, block=block)
    assert measurement.values["latency_frames"] == pytest.approx(block, abs=0.01)
    assert measurement.values["latency"] == pytest.approx(block / 48_000, abs=0.01 / 48_000)
    assert {metric.method for metric in measurement.metrics} == {f"round trip, {server}"}
    assert facts(measurement)["loop"] == "virtual, converters not included"
    assert not ours()


def test_rates_other_than_48_khz_are_played(server):
    latency = round_trip(server=server, rate=44_100).values["latency"]
    assert latency == pytest.approx(128 / 44_100, abs=0.01 / 44_100)


def test_a_server_takes_its_socket_with_it(launch, require):
    require(shutil.which("pipewire"), INSTALL["pipewire"])
    with audio_servers.private_server(launch, "pipewire", rate=48_000, block=128):
        assert (launch.tmp / "audio" / "pipewire-0").is_socket()
        assert (launch.tmp / "audio").stat().st_mode & 0o777 == 0o700
    assert not (launch.tmp / "audio" / "pipewire-0").exists()


def test_a_loop_that_is_not_connected_returns_no_signal(launch, server):
    """jackd's capture ports are silent; so is the monitor of PipeWire's other channel."""
    silent = {"pipewire": "perfkit:monitor_FR", "jack": "system:capture_1"}[server]
    with audio_servers.private_server(launch, server, rate=48_000, block=128) as running:
        trip = send(launch, replace(running, record=silent), excitation(1), tail=4_800)
    assert find_delay(excitation(1), trip.recorded).trouble == "no signal returned: the recording is silent"
    probe = build("audio_latency", {"mode": "round_trip", "server": server, "output_port": silent})
    with one_launch() as another, pytest.raises(Invalid, match="no signal returned") as invalid:
        probe.measure(another)
    assert f"is {silent} connected to" in invalid.value.hint


def test_a_port_that_is_not_there_is_a_failure_that_names_it(launch, server):
    with (
        pytest.raises(Failed, match=r"no port nowhere:input; it has"),
        audio_servers.private_server(launch, server, rate=48_000, block=128) as running,
    ):
        send(launch, replace(running, record="nowhere:input"), excitation(1), tail=0, ports_within=0.3)


def only_on_path(folder, monkeypatch, name, script="exit 1"):
    program = folder / name
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(folder))


@pytest.mark.parametrize(("server", "program"), [("jack", "jackd"), ("pipewire", "pipewire")])
def test_a_server_that_dies_is_a_failure_with_its_own_words(launch, tmp_path, monkeypatch, require, server, program):
    require(server == "jack" or jack_library(), INSTALL[server])
    only_on_path(tmp_path, monkeypatch, program, "echo 'cannot lock memory' >&2; exit 1")
    with pytest.raises(Failed, match=rf"(?i){program} did not start: .*cannot lock memory"):
        build("audio_latency", {"mode": "round_trip", "server": server}).measure(launch)


def test_a_killed_jackd_leaves_no_shared_memory(launch, require):
    require(shutil.which("jackd"), INSTALL["jack"])
    with audio_servers.private_server(launch, "jack", rate=48_000, block=128):
        pid = next(int(path.parent.name) for path in Path("/proc").glob("[0-9]*/cmdline") if _is_ours(path))
        made = ours() | {Path(path) for path in mapped(pid)}
        assert len(made) > len(ours()) > 0
        os.kill(pid, 9)
    assert not ours()
    assert not any(path.exists() for path in made)


def _is_ours(cmdline):
    words = cmdline.read_bytes().split(b"\0")
    return words[0].endswith(b"/jackd") and f"perfkit-{os.getpid()}".encode() in words


def test_what_a_killed_launch_left_is_removed_by_the_next(launch, require):
    require(shutil.which("jackd"), INSTALL["jack"])
    ended = subprocess.Popen(["true"])
    ended.wait()
    left, others = (SHARED_MEMORY / f"jack_perfkit-{pid}_0_0" for pid in (ended.pid, os.getppid()))
    left.touch()
    others.touch()
    try:
        with audio_servers.private_server(launch, "jack", rate=48_000, block=128):
            pass
        assert (left.exists(), others.exists()) == (False, True)
    finally:
        left.unlink(missing_ok=True)
        others.unlink(missing_ok=True)


def test_without_a_server_the_skip_says_what_to_install(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(Skipped) as skipped:
        audio_servers.choose("auto")
    assert skipped.value.hint == "apt-get install pipewire pipewire-jack (or jackd2)"


def test_auto_falls_back_to_jackd(tmp_path, monkeypatch):
    only_on_path(tmp_path, monkeypatch, "jackd")
    assert audio_servers.choose("auto") == "jack"
