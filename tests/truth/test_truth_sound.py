"""Sound and rendering, measured on programs and servers whose answer is known."""

import importlib.util
import shutil
import sys
import tomllib
from contextlib import suppress
from pathlib import Path

import pytest

from perfkit.instruments import audio_servers
from perfkit.model.errors import Failed, Invalid, Skipped
from perfkit.model.launch import Facts
from perfkit.probes import build
from tests.truth.test_truth_audio import INSTALL, SHARED_MEMORY, one_launch

pytestmark = pytest.mark.machine

BODIES = Path(__file__).with_name("sound_bodies.py")
THROUGH = Path(__file__).with_name("jack_delay.py")
SOUNDFONT = Path("/usr/share/sounds/sf2/FluidR3_GM.sf2")
WRITES_A_TONE = """
import sys, math, struct, wave
with wave.open(sys.argv[1], "wb") as file:
    file.setnchannels(1), file.setsampwidth(2), file.setframerate(44100)
    file.writeframes(b"".join(struct.pack("<h", round(16384 * math.sin(2 * math.pi * 997 / 44100 * n)))
                              for n in range(2 * 44100)))
"""


@pytest.fixture
def launcher():
    with one_launch() as launcher:
        yield launcher


@pytest.fixture(params=["pipewire", "jack"])
def server(request, require):
    require(importlib.util.find_spec("jack"), 'pip install "perfkit[audio]"')
    try:
        return audio_servers.choose(request.param)
    except Skipped:
        require(False, INSTALL[request.param])


@pytest.fixture
def a_server(require):
    require(importlib.util.find_spec("jack"), 'pip install "perfkit[audio]"')
    try:
        return audio_servers.choose("auto")
    except Skipped as skipped:
        require(False, skipped.hint)


def sound_of(name, launcher, **settings):
    return build("audio_quality", {"body": f"{BODIES}:{name}", "duration": "3 s"} | settings).measure(launcher)


def facts(measurement):
    return dict(next(detail for detail in measurement.details if isinstance(detail, Facts)).rows)


def live(**settings):
    """A recording; again where the machine was too busy to let one pass undisturbed."""
    heard = []
    for _ in range(4):
        with one_launch() as launcher, suppress(Invalid):
            heard.append(build("audio_quality", {"duration": "1.5 s", "live": settings}).measure(launcher))
            if not heard[-1].values["glitches"] + heard[-1].values["dropouts"]:
                break
    assert heard, "no recording in four opens"
    return heard[-1]


def test_a_bodys_tone_is_rendered_and_read(launcher):
    values = sound_of("tone", launcher, arguments={"harmonic": 0.001}).values
    assert values["thd_n"] == pytest.approx(-60, abs=0.05)
    assert values["level"] == pytest.approx(-6.02, abs=0.01)
    assert (values["dropouts"], values["glitches"]) == (0, 0)


def test_a_clock_that_is_off_is_read(launcher):
    values = sound_of("tone", launcher, arguments={"frequency": 997 * (1 + 50e-6)}).values
    assert values["drift"] == pytest.approx(50, abs=0.01)


def test_frames_that_a_body_leaves_out_are_glitches(launcher):
    measurement = sound_of("tone", launcher, arguments={"skip_every": 450}, block=128)  # each 1.2 s
    assert measurement.values["glitches"] == 2
    assert measurement.values["thd_n"] < -120


def test_a_threaded_body_is_rendered_too(launcher):
    assert sound_of("waiting", launcher).values["glitches"] == 0


def test_a_body_may_have_modules_of_its_own_called_as_ours(launcher, tmp_path):
    (tmp_path / "audio.py").write_text("def fill(block):\n    block[:] = 0.25\n")
    shutil.copy(BODIES, tmp_path / "bodies.py")
    probe = build("audio_offline", {"body": "bodies:named_audio", "cwd": str(tmp_path), "seconds": "0.1 s"})
    assert probe.measure(launcher).values["real_time_factor"] > 0


@pytest.mark.parametrize(
    ("name", "words"),
    [("broken", "not finite"), ("leaving", "ended the process"), ("absent", "has no function absent")],
)
def test_a_body_that_gives_no_sound_says_why(launcher, name, words):
    with pytest.raises(Failed, match=words):
        sound_of(name, launcher)


def test_a_body_against_its_own_render_is_bit_exact(launcher, tmp_path):
    kept = launcher.root / "reports" / "references" / "truth_tone.wav"
    try:
        with pytest.raises(Failed, match="there is no reference"):
            sound_of("tone", launcher, reference=str(tmp_path / "truth_tone.wav"))
        kept.rename(tmp_path / "truth_tone.wav")
    finally:
        kept.unlink(missing_ok=True)
    measurement = sound_of("tone", launcher, reference=str(tmp_path / "truth_tone.wav"))
    assert facts(measurement)["result"] == "bit exact"
    with one_launch() as another:
        louder = sound_of("tone", another, reference=str(tmp_path / "truth_tone.wav"), arguments={"level": 0.501})
    assert louder.values["null_peak"] == pytest.approx(-60, abs=0.01)


def test_a_commands_file_is_read(launcher):
    command = ["python", "-c", WRITES_A_TONE, str(launcher.tmp / "render.wav")]
    values = build("audio_quality", {"command": command}).measure(launcher).values
    assert values["level"] == pytest.approx(-6.02, abs=0.01)
    assert -100 < values["thd_n"] < -85  # 16 bits without dither
    assert values["glitches"] == 0


def test_a_command_is_timed_against_the_length_of_its_file(launcher):
    command = ["python", "-c", WRITES_A_TONE, str(launcher.tmp / "render.wav")]
    measurement = build("audio_offline", {"command": command}).measure(launcher)
    assert "2 s of sound in " in facts(measurement)["result"]
    assert measurement.values["real_time_factor"] > 0
    assert measurement.values["cpu"] > 0


def test_a_body_that_takes_1_ms_for_10_is_ten_times_as_fast_as_real_time(launcher):
    settings = {"body": f"{BODIES}:busy", "arguments": {"seconds": 0.001}, "block": 480, "seconds": "1 s", "warmup": 2}
    values = build("audio_offline", settings).measure(launcher).values
    assert 0.1 <= values["cpu"] < 0.115
    assert values["real_time_factor"] <= 10
    assert 0.001 <= values["block_cpu_p50"] < 0.00115
    assert values["load_p99"] == pytest.approx(values["block_time_p99"] / 0.01)
    assert values["block_time_p50"] <= values["block_time_p99"] <= values["block_time_max"]


def test_a_servers_own_loop_changes_no_bit_of_the_sound(server):
    before = set(SHARED_MEMORY.iterdir())
    measurement = live(server=server, block=256)
    values = measurement.values
    assert (values["dropouts"], values["glitches"]) == (0, 0)
    assert values["thd_n"] < -140
    assert values["level"] == pytest.approx(-6.02, abs=0.01)
    assert values["drift"] < 0.001
    assert {metric.method for metric in measurement.metrics} == {f"live, {server}"}
    assert facts(measurement)["loop"] == "virtual, converters not included"
    assert set(SHARED_MEMORY.iterdir()) <= before


def through(gain):
    command = [sys.executable, "-P", str(THROUGH), "through", "100", str(gain)]
    return {"command": command, "port": "through:out", "input": "through:in", "ready": {"stdout": "ready"}}


def test_a_client_that_clips_is_heard(server):
    """A sine of half scale, four times as loud, cut at full scale: a third harmonic at about -14 dB."""
    clean, clipped = (
        live(server=server, block=512, env={"PYTHONPATH": str(THROUGH.parents[2])}, **through(gain)).values
        for gain in (1, 4)
    )
    assert clean["thd_n"] < -120
    assert -16 < clipped["thd_n"] < -10
    assert clipped["level"] > clean["level"] + 6


def test_a_client_without_that_port_is_told(launcher, a_server):
    settings = through(1) | {"port": "through:nowhere", "env": {"PYTHONPATH": str(THROUGH.parents[2])}}
    with pytest.raises(Failed, match="through:nowhere"):
        build("audio_quality", {"duration": "1 s", "live": settings | {"server": a_server}}).measure(launcher)


def test_a_client_that_plays_nothing_is_silent(launcher, a_server):
    settings = through(1) | {"input": "", "env": {"PYTHONPATH": str(THROUGH.parents[2])}}
    with pytest.raises(Failed, match="is silent"):
        build("audio_quality", {"duration": "1 s", "live": settings | {"server": a_server}}).measure(launcher)


def test_fluidsynth_renders_as_it_did(launcher, require):
    require(shutil.which("fluidsynth") and SOUNDFONT.exists(), "apt-get install fluidsynth fluid-soundfont-gm")
    file = launcher.root / "scenarios" / "third_party" / "fluidsynth.toml"
    settings = tomllib.loads(file.read_text().replace("{tmp}", str(launcher.tmp)))["fluidsynth_sound"]
    probe = build("audio_quality", {key: settings[key] for key in ("command", "reference", "requires")})
    measurement = probe.measure(launcher)
    assert measurement.values["null_peak"] < -80
    assert measurement.values["shift"] == 0
