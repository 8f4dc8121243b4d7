"""Sound and rendering, measured on programs and servers whose answer is known."""

import shutil
import sys
import tomllib
from pathlib import Path

import pytest

from perfkit.model.errors import Failed
from perfkit.probes import build
from tests.truth.audio_launches import facts, measure, one_launch, ours

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


def sound_of(name, launch, **settings):
    return build("audio_quality", {"body": f"{BODIES}:{name}", "duration": "3 s"} | settings).measure(launch)


def live(**settings):
    """A recording; again where the machine was too busy to let one pass undisturbed."""

    def clean(found):
        return not found.values["glitches"] + found.values["dropouts"]

    return measure("audio_quality", clean, duration="1.5 s", live=settings)


def test_a_bodys_tone_is_rendered_and_read(launch):
    values = sound_of("tone", launch, arguments={"harmonic": 0.001}).values
    assert values["thd_n"] == pytest.approx(-60, abs=0.05)
    assert values["level"] == pytest.approx(-6.02, abs=0.01)
    assert (values["dropouts"], values["glitches"]) == (0, 0)


def test_a_clock_that_is_off_is_read(launch):
    values = sound_of("tone", launch, arguments={"frequency": 997 * (1 + 50e-6)}).values
    assert values["drift"] == pytest.approx(50, abs=0.01)


def test_frames_that_a_body_leaves_out_are_glitches(launch):
    measurement = sound_of("tone", launch, arguments={"skip_every": 450}, block=128)  # each 1.2 s
    assert measurement.values["glitches"] == 2
    assert measurement.values["thd_n"] < -120


def test_a_threaded_body_is_rendered_too(launch):
    assert sound_of("waiting", launch).values["glitches"] == 0


def test_a_body_may_have_modules_of_its_own_called_as_ours(launch, tmp_path):
    (tmp_path / "audio.py").write_text("def fill(block):\n    block[:] = 0.25\n")
    shutil.copy(BODIES, tmp_path / "bodies.py")
    shutil.copy(BODIES, tmp_path / "perfkit_audio.py")
    for body in ("bodies:named_audio", "perfkit_audio:named_audio"):
        probe = build("audio_offline", {"body": body, "cwd": str(tmp_path), "seconds": "0.1 s"})
        assert probe.measure(launch).values["real_time_factor"] > 0


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("broken", "not finite"),
        ("leaving", "ended the process"),
        ("returning", "wrote nothing"),
        ("absent", "has no function absent"),
    ],
)
def test_a_body_that_gives_no_sound_says_why(launch, name, words):
    with pytest.raises(Failed, match=words):
        sound_of(name, launch)


def test_a_body_against_its_own_render_is_bit_exact(launch, tmp_path):
    kept = launch.root / "reports" / "references" / "truth_tone.wav"
    try:
        with pytest.raises(Failed, match="there is no reference"):
            sound_of("tone", launch, reference=str(tmp_path / "truth_tone.wav"))
        kept.rename(tmp_path / "truth_tone.wav")
    finally:
        kept.unlink(missing_ok=True)
    measurement = sound_of("tone", launch, reference=str(tmp_path / "truth_tone.wav"))
    assert facts(measurement)["result"] == "bit exact"
    with one_launch() as another:
        louder = sound_of("tone", another, reference=str(tmp_path / "truth_tone.wav"), arguments={"level": 0.501})
    assert louder.values["null_peak"] == pytest.approx(-60, abs=0.01)


def test_a_commands_file_is_read(launch):
    command = ["python", "-c", WRITES_A_TONE, str(launch.tmp / "render.wav")]
    values = build("audio_quality", {"command": command}).measure(launch).values
    assert values["level"] == pytest.approx(-6.02, abs=0.01)
    assert -100 < values["thd_n"] < -85  # 16 bits without dither
    assert values["glitches"] == 0


def test_a_command_is_timed_against_the_length_of_its_file(launch):
    command = ["python", "-c", WRITES_A_TONE, str(launch.tmp / "render.wav")]
    measurement = build("audio_offline", {"command": command}).measure(launch)
    assert "2 s of sound in " in facts(measurement)["result"]
    assert measurement.values["real_time_factor"] > 0
    assert measurement.values["cpu"] > 0


def test_a_body_that_takes_1_ms_for_10_is_ten_times_as_fast_as_real_time(launch):
    settings = {"body": f"{BODIES}:busy", "arguments": {"seconds": 0.001}, "block": 480, "seconds": "1 s", "warmup": 2}
    values = build("audio_offline", settings).measure(launch).values
    assert 0.1 <= values["cpu"] < 0.115
    assert values["real_time_factor"] <= 10
    assert 0.001 <= values["block_cpu_p50"] < 0.00115
    assert values["load_p99"] == pytest.approx(values["block_time_p99"] / 0.01)
    assert values["block_time_p50"] <= values["block_time_p99"] <= values["block_time_max"]


def test_a_servers_own_loop_changes_no_bit_of_the_sound(server):
    measurement = live(server=server, block=256)
    values = measurement.values
    assert (values["dropouts"], values["glitches"]) == (0, 0)
    assert values["thd_n"] < -140
    assert values["level"] == pytest.approx(-6.02, abs=0.01)
    assert values["drift"] < 0.001
    assert {metric.method for metric in measurement.metrics} == {f"live, {server}"}
    assert facts(measurement)["loop"] == "virtual, converters not included"
    assert not ours()


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


def test_a_client_without_that_port_is_told(launch, a_server):
    nowhere = {"port": "through:nowhere", "ports_within": "300 ms"}
    settings = through(1) | nowhere | {"env": {"PYTHONPATH": str(THROUGH.parents[2])}}
    with pytest.raises(Failed, match="through:nowhere"):
        build("audio_quality", {"duration": "1 s", "live": settings | {"server": a_server}}).measure(launch)


def test_a_client_that_plays_nothing_is_silent(launch, a_server):
    settings = through(1) | {"input": "", "env": {"PYTHONPATH": str(THROUGH.parents[2])}}
    with pytest.raises(Failed, match="is silent"):
        build("audio_quality", {"duration": "1 s", "live": settings | {"server": a_server}}).measure(launch)


def test_fluidsynth_renders_as_it_did(launch, require):
    require(shutil.which("fluidsynth") and SOUNDFONT.exists(), "apt-get install fluidsynth fluid-soundfont-gm")
    file = launch.root / "scenarios" / "third_party" / "fluidsynth.toml"
    settings = tomllib.loads(file.read_text().replace("{tmp}", str(launch.tmp)))["fluidsynth_sound"]
    probe = build("audio_quality", {key: settings[key] for key in ("command", "reference", "requires")})
    measurement = probe.measure(launch)
    assert measurement.values["null_peak"] < -80
    assert measurement.values["shift"] == 0


def test_the_synthesiser_of_the_scenarios_sounds_as_it_did(launch):
    settings = tomllib.loads((launch.root / "scenarios" / "audio" / "synth_sound.toml").read_text())["synth_phrase"]
    only = ("body", "cwd", "rate", "duration", "reference")
    values = build("audio_quality", {key: settings[key] for key in only}).measure(launch).values
    assert values["null_peak"] < -100
    assert values["shift"] == 0
