"""JACK clients of known delay, known stalls and known deaths, on every server that this machine has."""

import json
import os
import re
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from pathlib import Path

import psutil
import pytest

from perfkit.instruments import audio_servers
from perfkit.instruments.jack_loop import Route, send
from perfkit.instruments.virtual_sink import Stretch
from perfkit.model.errors import Failed, Invalid, UsageError
from perfkit.model.launch import Program, Ready
from perfkit.model.reasons import evidence
from perfkit.probes import build
from perfkit.probes._audio_server import body_on
from perfkit.signal.correlation import excitation, find_delay
from perfkit.worker.jackd_guard import mapped
from tests.truth.audio_launches import ROOT, SHARED_MEMORY, facts, measure, one_launch

pytestmark = pytest.mark.machine

HERE = Path(__file__).parent
PLAYED = {"env": {"PYTHONPATH": str(ROOT)}, "ready": {"stdout": "ready"}}
DELAYS = ("0", "1", "64", "100", "1001", "1000.25", "1000.5")


def delay(server, frames, *more, **changes):
    command = ["python", str(HERE / "jack_delay.py"), "delay", frames, *more]
    ports = {"input_port": "delay:in", "output_port": "delay:out"}
    return {"mode": "app", "server": server, "command": command, **ports, **PLAYED, **changes}


def tone(server, every, periods, **changes):
    command = ["python", str(HERE / "jack_tone.py"), "tone", str(every), str(periods)]
    return {"server": server, "command": command, "output_port": "tone:out", "duration": "1 s", **PLAYED, **changes}


@pytest.mark.parametrize("frames", ["0", "100", "1000.25"])
def test_the_delay_of_a_client_is_read_to_a_hundredth_of_a_frame(server, frames):
    values = measure("audio_latency", **delay(server, frames)).values
    assert values["latency_frames"] == pytest.approx(float(frames), abs=0.01)
    assert values["latency"] == pytest.approx(float(frames) / 48_000, abs=0.01 / 48_000)


def test_a_synthesiser_that_is_exact_to_the_frame_has_no_latency_and_no_jitter(server, require):
    require(shutil.which("jack_midisine"), "apt-get install jackd2")
    ports = {"midi_port": "midisine:midi_in", "output_port": "midisine:audio_out"}
    sine = {"mode": "midi", "server": server, "command": ["jack_midisine"], "notes": 10, **ports}
    values = measure("audio_latency", lambda found: not found.values["jitter"], **sine).values
    assert values == {"latency": 0.0, "latency_frames": 0.0, "jitter": 0.0}


def test_a_client_that_dies_in_the_middle_is_a_failure(server):
    with pytest.raises(Failed, match=r"ended in the middle of the measurement \(exit code 3\)"):
        measure("audio_latency", **delay(server, "die:0.7"))


def test_a_client_that_lives_on_but_plays_no_more_is_a_failure(server):
    """It hangs in its callback from the 400th block on, or takes its port away."""
    hanging = tone(server, 400, 40_000, duration="1.5 s")
    with pytest.raises(Failed, match="tone:out delivered nothing more after"):
        measure("audio_deadline", **hanging)
    leaving = tone(server, 0, 0, duration="1.5 s")
    with pytest.raises(Failed, match="the port tone:out went away in the middle"):
        measure("audio_deadline", **leaving | {"command": [*leaving["command"], "leave"]})


def test_a_client_that_clips_gives_no_number(server):
    with one_launch() as launcher, pytest.raises(Invalid, match="clipped"):
        build("audio_latency", delay(server, "0", "4")).measure(launcher)


def test_ports_that_are_not_there_are_named_beside_those_that_are(server):
    with pytest.raises(Failed, match=r"no port delay:nowhere; it has .*delay:in"):
        measure("audio_latency", **delay(server, "0", input_port="delay:nowhere", ports_within="500 ms"))
    named = tone(server, 0, 0) | {"output_port": "tone:nowhere", "ports_within": "500 ms"}
    with pytest.raises(Failed, match=r"no port tone:nowhere; it has"):
        measure("audio_deadline", **named)


def test_a_port_of_another_kind_is_told(server):
    with pytest.raises(Failed, match="the port delay:out is an audio output, and an audio input is needed"):
        measure("audio_latency", **delay(server, "0", input_port="delay:out"))
    with pytest.raises(Failed, match="the port delay:in is an audio input, and a MIDI input is needed"):
        measure(
            "audio_deadline",
            **tone(server, 0, 0)
            | {
                "command": delay(server, "0")["command"],
                "output_port": "delay:out",
                "midi_port": "delay:in",
                "notes": [60],
            },
        )


def test_a_client_that_plays_nothing_is_not_judged(server):
    silent = tone(server, 0, 0) | {"command": delay(server, "0")["command"], "output_port": "delay:out"}
    probe = build("audio_deadline", silent)
    with one_launch() as launcher, pytest.raises(Invalid, match="the client is silent"):
        probe.measure(launcher)


def test_a_clean_client_has_neither_misses_nor_glitches(server):
    def clean(found):
        return not found.values["glitches"] and not found.values["deadline_misses"]

    values = measure("audio_deadline", clean, **tone(server, 0, 0)).values
    assert (values["deadline_misses"], values["lost_frames"], values["glitches"]) == (0, 0, 0)


def overloaded(found):
    return found.values["deadline_misses"] > 20


def test_an_overloaded_client_is_found_out(server):
    values = measure("audio_deadline", overloaded, **tone(server, 1, 1.2)).values
    assert values["deadline_misses"] > 20
    assert values["lost_frames"] >= 128 * values["deadline_misses"]
    assert values["glitches"] > 20


def test_planted_stalls_are_lost_blocks(server):
    def known(found):
        return found.values["deadline_misses"] + found.values["disturbed_blocks"] in {3, 4, 5}

    values = measure("audio_deadline", known, **tone(server, 100, 2.5)).values
    assert values["deadline_misses"] + values["disturbed_blocks"] in {3, 4, 5}  # 375 blocks hold 3 or 4, and one may
    assert values["block_time_max"] >= 2 * 128 / 48_000  # be the machine's


def test_perfkits_own_callback_is_a_small_part_of_the_period(server):
    def small(found):
        return share(found) <= 0.05

    def share(found):
        return float(re.search(r"([\d.]+) % of the period", facts(found)["perfkit's own callback"])[1]) / 100

    assert share(measure("audio_deadline", small, **tone(server, 0, 0))) <= 0.05


def test_a_body_plays_on_a_server_and_its_overload_is_found_out(server):
    short = {"server": server, "duration": "600 ms", "floor": "200 ms"}
    fine = measure(
        "audio_deadline",
        lambda found: not found.values["glitches"] + found.values["deadline_misses"],
        body=f"{HERE / 'audio_bodies.py'}:tone",
        **short,
    ).values
    busy = measure(
        "audio_deadline",
        overloaded,
        body=f"{HERE / 'audio_bodies.py'}:spinning",
        arguments={"seconds": 0.004},
        **short,
    ).values
    assert (fine["deadline_misses"], fine["glitches"]) == (0, 0)
    assert busy["deadline_misses"] > 20
    assert busy["block_time_p50"] >= 0.004


def test_a_hopeless_level_is_given_up_early(server):
    spinning = {"body": f"{HERE / 'audio_bodies.py'}:spinning", "arguments": {"seconds": 0.006}}
    asked = {"frames": 128, "rate": 48_000, "blocks": 1000, "warmup": 10, "until_misses": 20}
    with one_launch() as launcher, audio_servers.private_server(launcher, server, rate=48_000, block=128) as running:
        on = body_on(launcher, running, Stretch(**spinning, **asked), floor=0.1)
    assert on.performed.given_up
    assert 20 <= len(on.performed.blocks.at) < 500
    assert len(on.played.missed) > 5


def test_a_body_that_raises_in_the_middle_says_why(server):
    with pytest.raises(Failed, match="the filter exploded") as caught:
        measure(
            "audio_deadline", server=server, body=f"{HERE / 'audio_bodies.py'}:hostile", duration="1 s", floor="100 ms"
        )
    assert "audio_bodies.py" in evidence(str(caught.value))


def test_a_body_that_hangs_or_exits_is_a_failure(server):
    body = {"server": server, "body": f"{HERE / 'audio_bodies.py'}:ending", "duration": "1.5 s", "floor": "100 ms"}
    with pytest.raises(Failed, match=r"the body did not return from block 300 within"):
        measure("audio_deadline", **body, arguments={"how": "hang"})
    with pytest.raises(Failed, match=r"a body must return, not exit"):
        measure("audio_deadline", **body, arguments={"how": "exit"})


def test_a_body_that_returns_its_sound_is_told_to_write_it(server):
    body = f"{HERE / 'audio_bodies.py'}:returning"
    with pytest.raises(Failed, match="returned an array and wrote nothing"):
        measure("audio_deadline", server=server, body=body, duration="100 ms", floor="100 ms")


def test_the_most_voices_are_those_that_fit_into_a_period():
    cost = {"arguments": {"each": 0.0008}, "block": 256, "duration": "200 ms", "blocks": 40, "searches": 1}
    voices = {"body": f"{HERE / 'audio_bodies.py'}:voices", **cost}
    measurement = measure("audio_capacity", lambda found: found.values["capacity"] == 6, **voices)
    assert measurement.values["capacity"] == 6  # of .8 ms in 5.33 ms
    assert facts(measurement)["result"].startswith("256 frames at 48 kHz: 6 voices [6, 6], first limit: deadline;")


def test_a_body_that_not_even_plays_one_voice_has_no_capacity():
    with pytest.raises(Failed, match="not even 1 of voices is sustained: deadline"):
        measure(
            "audio_capacity", body=f"{HERE / 'audio_bodies.py'}:voices", arguments={"each": 0.01},
            duration="100 ms", blocks=10, searches=1,
        )  # fmt: skip


def test_a_running_server_is_measured_where_it_is_asked_for(server, monkeypatch):
    ports = {
        "pipewire": ("perfkit:playback_FL", "perfkit:monitor_FL"),
        "jack": ("system:playback_1", "system:monitor_1"),
    }
    into, out = ports[server]
    with (
        one_launch() as owner,
        audio_servers.private_server(owner, server, rate=48_000, block=256) as running,
        monkeypatch.context() as patched,
    ):
        for name, value in running.env.items():
            patched.setenv(name, value)
        found = measure("audio_latency", mode="round_trip", server="running", input_port=into, output_port=out)
    assert found.values["latency_frames"] == pytest.approx(256, abs=0.01)
    assert facts(found)["server"].endswith("running before, not perfkit's")
    assert {metric.method for metric in found.metrics} == {"round trip, running"}


def test_without_real_time_rights_the_result_says_so(server, require):
    require(shutil.which("setpriv") and os.getuid() == 0, "setpriv of util-linux, as root")
    code = (
        "import sys; sys.path.insert(0, sys.argv[1]); import tests.truth.test_truth_jack as t; "
        "m = t.measure('audio_latency', mode='round_trip', server=sys.argv[2], block=256); "
        "print(m.caveats, t.facts(m)['scheduling'])"
    )
    rights = ["setpriv", "--bounding-set=-sys_nice", "--inh-caps=-sys_nice", "prlimit", "--rtprio=0:0"]
    done = subprocess.run(
        [*rights, sys.executable, "-c", code, str(ROOT), server], capture_output=True, text=True, cwd=ROOT
    )
    assert "('non-RT',) non-RT (real-time scheduling refused; grant rtprio)" in done.stdout, done.stderr


def test_the_synthesiser_of_the_scenarios_plays_in_time_from_the_first_frames_of_a_note(server):
    program = {"server": server, "cwd": "scenarios", "ready": {"stdout": "audio ready"}, "output_port": "synth:left"}
    command = ["python", "-m", "synth", "--output", "jack"]
    note = {"mode": "midi", "midi_port": "synth:midi", "notes": 3, "spacing": "500 ms", "note": 69}
    found = measure("audio_latency", command=command, **note, **program).values
    assert 0 <= found["latency_frames"] < 128
    chord = measure("audio_deadline", command=[*command, "--chord", "6"], block=256, duration="500 ms", **program)
    assert chord.values["block_time_p50"] < 256 / 48_000


def audio_processes(run):
    """Servers and clients among the descendants of a process."""
    with suppress(psutil.Error):
        below = psutil.Process(run.pid).children(recursive=True)
        words = {process.pid: " ".join(process.cmdline()) for process in below}
        return {pid for pid, said in words.items() if re.match(r"\S*(jackd|pipewire)|.*perfkit_audio", said)}
    return set()


def shared_memory(run):
    """Files in shared memory that belong to a process and its descendants."""
    owners = [run.pid, *(process.pid for process in psutil.Process(run.pid).children(recursive=True))]
    named = {path for path in SHARED_MEMORY.iterdir() for pid in owners if f"perfkit-{pid}_" in path.name}
    return named | {Path(path) for pid in owners for path in mapped(pid)}


def within(seconds, true):
    until = time.monotonic() + seconds
    while not true() and time.monotonic() < until:
        time.sleep(0.05)
    return true()


@pytest.fixture
def short_folder():
    """The path of a socket has 108 bytes."""
    with tempfile.TemporaryDirectory(prefix="cc") as folder:
        yield Path(folder)


def test_ctrl_c_leaves_neither_processes_nor_shared_memory(server, short_folder):
    scenario = f"[loop]\nprobe = 'audio_latency'\nmode = 'round_trip'\nserver = '{server}'\nlongest = '20 s'\n"
    (short_folder / "scenarios").mkdir()
    (short_folder / "scenarios" / "loop.toml").write_text(scenario)
    run = subprocess.Popen(
        [sys.executable, "-m", "perfkit", "run"],
        cwd=short_folder,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        env=os.environ | {"PYTHONPATH": str(ROOT), "TMPDIR": str(short_folder)},
        text=True,
    )
    assert within(60, lambda: len(audio_processes(run)) >= 2 or run.poll() is not None)
    processes, memory = audio_processes(run), shared_memory(run)
    run.send_signal(signal.SIGINT)
    said = run.communicate(timeout=60)[1]
    assert run.returncode == 130, said
    assert len(processes) >= 2
    assert bool(memory) == (server == "jack")
    assert within(20, lambda: not any(psutil.pid_exists(pid) for pid in processes))
    assert within(20, lambda: not any(path.exists() for path in memory))


@pytest.mark.slow
@pytest.mark.parametrize("frames", DELAYS)
def test_twenty_launches_lie_within_a_hundredth_of_a_frame(server, frames):
    found = [measure("audio_latency", **delay(server, frames)).values["latency_frames"] for _ in range(20)]
    off, scatter = max(abs(one - float(frames)) for one in found), statistics.stdev(found)
    print(f"{server}, {frames} frames: off by {off:.5f} at most, sd {scatter:.5f}, over 20 launches")
    assert off <= 0.01
    assert scatter <= 0.01


@pytest.mark.slow
def test_jack_iodelay_agrees_on_the_same_loop(server, require):
    """jack_iodelay and perfkit each send a signal into the same client and read it back, a period included."""
    require(shutil.which("jack_iodelay"), "apt-get install jackd2")
    client = ("python", str(HERE / "jack_delay.py"), "delay", "1000.25")
    with one_launch() as launcher, audio_servers.private_server(launcher, server, rate=48_000, block=128) as running:
        env = {**running.env, **PLAYED["env"]}
        target = launcher.start(Program(client, env=env, ready=Ready(stdout="ready")))
        target.wait_ready(10)
        theirs = iodelay(launcher, running, env)
        ours = find_delay(
            excitation(3),
            send(launcher, running, excitation(3), tail=9_600, route=Route(("delay:in",), ("delay:out",))).recorded,
        )
    print(f"{server}: perfkit {ours.frames:.4f}, jack_iodelay {theirs:.4f} frames")
    assert ours.trouble == ""
    assert ours.frames == pytest.approx(theirs, abs=0.01)


def iodelay(launcher, running, env):
    """The last reading of jack_iodelay through the delay client, frames."""
    probe = launcher.start(Program(("stdbuf", "-oL", "jack_iodelay"), env=dict(running.env)))
    code = (
        "import time, sys; from perfkit.worker.perfkit_audio.opening import *\n"
        "jack = load_jack(); client = open_client(jack, 'wire', time.monotonic() + 5)\n"
        "wait_for_ports(client, ('jack_delay:out', 'jack_delay:in'), time.monotonic() + 5)\n"
        "client.connect('jack_delay:out', 'delay:in'); client.connect('delay:out', 'jack_delay:in')"
    )
    launcher.run(Program(("python", "-c", code), env=env))
    time.sleep(4)
    readings = re.findall(r"^\s*([\d.]+) frames", probe.stop().stdout, re.MULTILINE)
    assert readings, "jack_iodelay read nothing"
    return float(readings[-1])


def test_a_server_that_nobody_knows_is_refused():
    with pytest.raises(UsageError, match="alsa"):
        build("audio_deadline", json.loads('{"body": "m:f", "server": "alsa"}'))
