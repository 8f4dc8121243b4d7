"""What the probes of sound and of rendering accept, and what they make of files that are known."""

import numpy as np
import pytest
import soundfile

from perfkit.model.detail import Curve, Facts
from perfkit.model.errors import Failed, Skipped, UsageError
from perfkit.model.metric import Better, Kind, Scale
from perfkit.probes import build
from perfkit.probes._audio_blocks import Blocks, block_values
from tests.fakes import FakeLauncher, an_exit

RATE = 48_000
RENDER = {"command": ["render"]}


def sine(seconds=3.0, frequency=997.0, level=-6.0):
    wave = 10 ** (level / 20) * np.sin(2 * np.pi * frequency / RATE * np.arange(round(seconds * RATE)))
    return np.stack((wave, np.zeros_like(wave)), axis=1)


def write_sound(path, sound, samples):
    """Whole numbers for 16 bits: libsndfile rounds otherwise for one format than for another."""
    data = np.round(sound * 32_767).astype(np.int16) if samples == "PCM_16" else sound
    soundfile.write(path, data, RATE, subtype=samples)


def rendering(tmp_path, sound, *, samples="FLOAT", name="render.wav", **ended):
    """A launcher whose program writes `sound` and ends."""
    launcher = FakeLauncher(tmp_path, [an_exit(**ended)])

    def write(_program):
        if sound is not None:
            write_sound(launcher.tmp / name, sound, samples)

    launcher._started = write
    return launcher


def quality(launcher, **settings):
    return build("audio_quality", RENDER | settings).measure(launcher)


def facts(measurement):
    return dict(next(detail for detail in measurement.details if isinstance(detail, Facts)).rows)


def test_a_clean_render_is_read(tmp_path):
    measurement = quality(rendering(tmp_path, sine()))
    values = measurement.values
    assert set(values) == {metric.name for metric in build("audio_quality", RENDER).metrics}
    assert values["thd_n"] < -140
    assert values["snr"] > 140
    assert values["level"] == pytest.approx(-6.0, abs=1e-3)
    assert (values["dropouts"], values["glitches"]) == (0, 0)
    assert values["drift"] < 1e-3
    assert measurement.caveats == ()
    assert facts(measurement)["result"].startswith("997.00 Hz at -6.00 dBFS: THD+N -1")
    assert facts(measurement)["render"] == "3 s, 2 channels of FLOAT at 48 kHz"


def test_the_spectrum_is_drawn_with_the_harmonics_marked(tmp_path):
    sound = sine() + sine(frequency=2 * 997, level=-66)
    (curve,) = (one for one in quality(rendering(tmp_path, sound)).details if isinstance(one, Curve))
    assert [label for _, label in curve.marks] == ["tone", *map(str, range(2, 11))]
    assert curve.y[curve.marks[0][0]] - curve.y[curve.marks[1][0]] == pytest.approx(60, abs=0.5)
    assert dict(curve.lines)["all but the tone"] == pytest.approx(-66, abs=0.05)


def test_sound_above_full_scale_is_told(tmp_path):
    loud, full = (quality(rendering(tmp_path, sine(level=level))) for level in (6.0, 0.0))
    assert loud.caveats == ("above full scale, which converters clip",)
    assert facts(loud)["peak"] == "+6.00 dB from full scale"
    assert full.caveats == ()


def test_the_floor_of_a_quiet_tone_is_drawn_as_it_is(tmp_path):
    """A single bin of the noise of 32-bit floats lies at -200 dB and below: not a straight line there."""
    (curve,) = (one for one in quality(rendering(tmp_path, sine(level=-30))).details if isinstance(one, Curve))
    between = [y for x, y in zip(curve.x, curve.y, strict=True) if 3_200 < x < 3_800]
    assert max(between) < -195
    assert len(set(between)) == len(between)


def test_breaks_are_counted_and_listed(tmp_path):
    sound = sine(6)
    sound[100_000:100_200] = 0.0
    sound[200_000, 0] += 0.02
    measurement = quality(rendering(tmp_path, sound, samples="PCM_16"))
    assert (measurement.values["dropouts"], measurement.values["glitches"]) == (1, 1)
    assert facts(measurement)["breaks"].startswith("dropout at 1.98")


def test_a_short_sound_broken_everywhere_says_that_the_breaks_are_in_its_spectrum(tmp_path):
    sound = sine(3)
    sound[:: RATE // 3, 0] += 0.05
    assert quality(rendering(tmp_path, sound)).caveats == ("glitches in the spectrum",)


def test_start_and_duration_choose_what_is_listened_to(tmp_path):
    sound = np.concatenate((np.zeros((RATE, 2)), sine(2.5), np.zeros((RATE, 2))))
    values = quality(rendering(tmp_path, sound), start="1.2 s", duration="2 s").values
    assert values["thd_n"] < -140
    assert values["dropouts"] == 0


def test_a_tone_that_stops_early_is_a_dropout(tmp_path):
    sound = np.concatenate((sine(3), np.zeros((RATE, 2))))
    assert quality(rendering(tmp_path, sound)).values["dropouts"] == 1


@pytest.mark.parametrize(
    ("sound", "settings", "message"),
    [
        (np.zeros((2 * RATE, 2)), {}, "channel 1 is silent"),
        (sine(), {"channel": 2}, "channel 2 is silent"),
        (sine(), {"channel": 3}, "there is no channel 3, only 2"),
        (sine(frequency=440), {}, "no tone of 997 Hz"),
        (sine(0.5), {}, r"0\.4 s of sound after start = 0\.1 s are too few"),
        (np.full((2 * RATE, 2), np.nan), {}, "not finite"),
        (np.zeros((0, 2)), {}, "holds no sound"),
        (None, {}, r"there is no .*render\.wav"),
    ],
    ids=["silence", "channel", "no channel", "another tone", "short", "nan", "empty", "no file"],
)
def test_what_cannot_be_judged_gives_no_number(tmp_path, sound, settings, message):
    with pytest.raises(Failed, match=message) as failed:
        quality(rendering(tmp_path, sound), **settings)
    assert failed.value.hint


def test_what_is_no_sound_file_is_told(tmp_path):
    launcher = rendering(tmp_path, None)
    (launcher.tmp / "render.wav").write_text("not a sound")
    with pytest.raises(Failed, match="is no sound file"):
        quality(launcher)


def test_output_names_another_file_and_any_format(tmp_path):
    launcher = rendering(tmp_path, sine(), name="sound.flac", samples="PCM_24")
    assert quality(launcher, output=str(launcher.tmp / "sound.flac")).values["thd_n"] < -120


def null(launcher, **settings):
    return quality(launcher, **{"reference": "references/kept.flac"} | settings)


def keep(tmp_path, sound, name="kept.flac", samples="PCM_16"):
    (tmp_path / "references").mkdir(exist_ok=True)
    write_sound(tmp_path / "references" / name, sound, samples)


def test_the_same_render_is_bit_exact(tmp_path):
    keep(tmp_path, sine())
    measurement = null(rendering(tmp_path, sine(), samples="PCM_16"))
    assert measurement.values == {"null_peak": -200.0, "null_rms": -200.0, "differing": 0.0, "shift": 0.0}
    assert not any(isinstance(one, Curve) for one in measurement.details)  # there is nothing to be drawn
    assert facts(measurement)["result"] == "bit exact"


def test_a_changed_render_is_not(tmp_path):
    keep(tmp_path, sine())
    changed = sine()
    changed[50_000, 1] = 0.01
    measurement = null(rendering(tmp_path, changed, samples="PCM_16"))
    assert measurement.values["null_peak"] == pytest.approx(-40, abs=0.05)
    assert measurement.values["differing"] == 1
    (curve,) = (one for one in measurement.details if isinstance(one, Curve))
    assert max(curve.y) == pytest.approx(-40, abs=0.05)
    assert min(curve.y) == -200.0


def test_a_missing_reference_keeps_the_render_and_says_how_to_accept_it(tmp_path):
    with pytest.raises(Failed, match=r"no reference references/kept\.flac yet") as failed:
        null(rendering(tmp_path, sine(), samples="PCM_16"))
    assert failed.value.hint == (
        "listen to reports/references/kept.flac; if it is right: "
        "mkdir -p references && mv reports/references/kept.flac references/kept.flac"
    )
    (tmp_path / "references").mkdir()
    (tmp_path / "reports/references/kept.flac").rename(tmp_path / "references/kept.flac")
    assert null(rendering(tmp_path, sine(), samples="PCM_16")).values["differing"] == 0


def test_how_to_accept_a_render_can_be_pasted_whatever_its_name(tmp_path):
    with pytest.raises(Failed) as failed:
        null(rendering(tmp_path, sine(), samples="PCM_16"), reference="my refs/a take.flac")
    assert failed.value.hint.endswith("mkdir -p 'my refs' && mv 'reports/references/a take.flac' 'my refs/a take.flac'")


@pytest.mark.parametrize("samples", ["PCM_16", "PCM_24", "FLOAT", "DOUBLE", "PCM_32", "PCM_U8"])
@pytest.mark.parametrize("name", ["kept.flac", "kept.wav"])
def test_what_is_kept_is_the_render_to_the_bit_at_full_scale_too(tmp_path, samples, name):
    loud = 0.999 * sine(1, level=0)
    with pytest.raises(Failed):
        null(rendering(tmp_path, loud, samples=samples), reference=name)
    (kept,) = (tmp_path / "reports/references").iterdir()
    assert null(rendering(tmp_path, loud, samples=samples), reference=str(kept)).values["differing"] == 0


def test_a_float_render_is_kept_as_float_because_flac_would_round_it(tmp_path):
    with pytest.raises(Failed) as failed:
        null(rendering(tmp_path, sine()))
    assert failed.value.hint.endswith("and set reference to kept.wav, for FLAC holds no floating point")
    assert soundfile.info(tmp_path / "reports/references/kept.wav").subtype == "FLOAT"


def test_a_reference_of_another_form_is_refused(tmp_path):
    keep(tmp_path, sine()[:, 0])
    with pytest.raises(Failed, match=r"2 channels at 48000 Hz, references/kept\.flac has 1 channels"):
        null(rendering(tmp_path, sine()))


def test_the_null_of_a_deterministic_renderer_repeats_to_the_digit():
    metrics = build("audio_quality", RENDER | {"reference": "a.flac"}).metrics
    assert {metric.kind for metric in metrics} == {Kind.DETERMINISTIC}
    assert {metric.scale for metric in metrics} == {Scale.DIFFERENCE}


def test_a_live_tone_is_noisy_its_breaks_are_counts_and_its_server_is_the_method():
    metrics = {one.name: one for one in build("audio_quality", {"live": {"server": "jack"}}).metrics}
    assert {one.method for one in metrics.values()} == {"live, jack"}
    assert (metrics["thd_n"].kind, metrics["glitches"].kind) == (Kind.NOISY, Kind.COUNT)
    assert [name for name, one in metrics.items() if one.better is Better.HIGHER] == ["snr", "level"]


@pytest.mark.parametrize(
    ("kind", "settings", "message"),
    [
        ("audio_quality", {}, "one of command, body and live"),
        ("audio_quality", RENDER | {"body": "m:f"}, "one of command, body and live"),
        ("audio_quality", {"live": {}, "reference": "a.flac"}, "reference is for a render"),
        ("audio_quality", {"live": {"command": ["a"]}}, "port is missing"),
        ("audio_quality", {"live": {"port": "a:b"}}, "command is missing"),
        ("audio_quality", {"live": {"server": "running"}}, "port is missing"),
        ("audio_quality", RENDER | {"duration": "0.5 s"}, "duration must be 1 s at least"),
        ("audio_quality", RENDER | {"frequency": 13_000}, "frequency = 13000 must lie"),
        ("audio_quality", RENDER | {"channel": 0}, "channel counts from 1"),
        ("audio_quality", {"body": "nothing"}, "must be 'module:function'"),
        ("audio_quality", {"body": "m:f", "output": "a.wav"}, "output is the file that command writes"),
        ("audio_quality", RENDER | {"arguments": {"n": 1}}, "arguments is what a body is called with"),
        ("audio_quality", RENDER | {"refernce": "a"}, "unknown key `refernce`"),
        ("audio_offline", {}, "one of command and body"),
        ("audio_offline", {"body": "m:f", "output": "a.wav"}, "leave out body and seconds"),
        ("audio_offline", RENDER | {"seconds": "1 s", "output": "a.wav"}, "leave out body and seconds"),
        ("audio_offline", {"body": "m:f", "warmup": -1}, "warmup"),
        ("audio_offline", {"body": "m:f", "block": 4}, "block = 4"),
        ("audio_offline", {"body": "m:f", "output_port": "c:o"}, "leave out body"),
        ("audio_offline", RENDER | {"output_port": "c:o", "output": "a.wav"}, "leave out body and output"),
        ("audio_offline", RENDER | {"arguments": {"n": 1}}, "arguments is what a body is called with"),
        ("audio_offline", RENDER | {"output_port": "o"}, "full name of a port"),
        ("audio_offline", RENDER | {"output_port": "c:o", "midi_port": "m", "notes": [60]}, "midi_port = 'm' must be"),
        ("audio_offline", RENDER | {"output_port": "c:o", "midi_port": "c:m", "notes": [-1]}, "notes holds -1"),
        ("audio_offline", RENDER | {"output_port": "c:o", "notes": [60]}, "belong together"),
        ("audio_offline", RENDER | {"notes": [60], "midi_port": "c:m"}, "output_port is missing"),
    ],
)
def test_settings_that_make_no_sense_are_refused(kind, settings, message):
    with pytest.raises(UsageError, match=message):
        build(kind, settings)


NEEDING = {
    "audio_quality": RENDER,
    "audio_offline": RENDER,
    "startup": RENDER,
    "memory": RENDER,
    "audio_latency": {"mode": "round_trip"},
    "audio_deadline": {"body": "m:f"},
    "audio_capacity": {"body": "m:f"},
}


@pytest.mark.parametrize("kind", list(NEEDING))
@pytest.mark.parametrize("needed", ["no-such-program-here", "/no/such/file", "no/such/file"])
def test_what_is_required_and_missing_skips_with_what_to_install(tmp_path, kind, needed):
    probe = build(kind, NEEDING[kind] | {"requires": {"sh": "it is there", needed: "apt-get install it"}})
    launcher = FakeLauncher(tmp_path)
    with pytest.raises(Skipped, match=f"{needed} is not on this machine") as skipped:
        probe.measure(launcher)
    assert skipped.value.hint == "apt-get install it"
    assert launcher.programs == []


def test_what_is_required_and_there_does_not_skip(tmp_path):
    (tmp_path / "fonts").mkdir()
    required = {"sh": "", "fonts/": "", str(tmp_path): ""}
    assert quality(rendering(tmp_path, sine()), requires=required).values


def offline(launcher, **settings):
    return build("audio_offline", RENDER | settings).measure(launcher)


def test_a_commands_factor_is_the_length_of_its_file_over_its_time(tmp_path):
    measurement = offline(rendering(tmp_path, sine(6)))  # 1.5 s of wall time, 0.25 s of CPU time
    assert measurement.values["real_time_factor"] == pytest.approx(4.0)
    assert measurement.values["cpu"] == pytest.approx(0.25 / 6)
    assert facts(measurement)["result"] == "6 s of sound in 1.50 s: 4 times real time, 4.17 % of a core in real time"


def test_declared_seconds_need_no_file(tmp_path):
    assert offline(rendering(tmp_path, None), seconds="3 s").values["real_time_factor"] == pytest.approx(2.0)


def test_a_silent_render_is_no_render(tmp_path):
    with pytest.raises(Failed, match="the render is silent"):
        offline(rendering(tmp_path, np.zeros((RATE, 2))))


def test_values_of_a_known_render_of_blocks():
    wall = np.full(1000, 5e-4)
    blocks = Blocks(frames=480, rate=RATE, wall=wall, cpu=wall / 2, took=float(wall.sum()))
    assert block_values(blocks) == pytest.approx(
        {"real_time_factor": 20.0, "cpu": 0.025, "block_time_p50": 5e-4, "block_time_p99": 5e-4}
        | {"block_time_max": 5e-4, "block_cpu_p50": 2.5e-4, "load_p99": 0.05}
    )
