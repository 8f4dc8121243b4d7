"""What the audio probes accept, and what they make of a stretch whose blocks are known."""

from dataclasses import replace

import numpy as np
import pytest

from perfkit.instruments.virtual_sink import Blocks, Played, Stretch
from perfkit.model.errors import UsageError
from perfkit.model.metric import Kind
from perfkit.probes import build
from perfkit.probes._audio import block_details, block_values, paste, silence
from perfkit.probes._audio_format import caveats


def blocks(wall, waited=None):
    wall = np.array(wall, float)
    zero = np.zeros(len(wall))
    waited = np.ones(len(wall), int) if waited is None else np.array(waited)
    return Blocks(late=zero + 1e-5, wall=wall, cpu=wall / 2, run_delay=zero, finished=wall + 1e-5, waited=waited)


def played(wall, *, waited=None, missed=(), disturbed=(), peak=0.5, policy="SCHED_FIFO"):
    return Played(
        stretch=Stretch(body="m:f", arguments={}, frames=128, rate=48_000, blocks=len(wall)),
        policy=policy,
        locked=True,
        python="3.11.7",
        own_threads=False,
        peak=peak,
        floor=blocks([1e-6] * 100),
        blocks=blocks(wall, waited),
        missed=missed,
        disturbed=disturbed,
        asked=np.arange(len(wall)) * 128 / 48_000,
    )


CLIENT = {"command": ["x"], "output_port": "c:o"}


def with_two_late():
    wall, waited = np.full(1000, 4e-4), np.ones(1000, int)
    wall[[100, 700]], waited[[100, 700]] = (4e-3, 9e-3), (2, 4)
    return played(wall, waited=waited, missed=(100, 700))


def test_values_of_a_known_stretch():
    values = block_values(played(np.full(750, 4.2e-4)))
    assert values["block_time_p99"] == pytest.approx(4.2e-4)
    assert values["load_p99"] == pytest.approx(4.2e-4 / (128 / 48_000))
    assert values["latency"] == pytest.approx(128 / 48_000)
    assert values["block_cpu_p50"] == pytest.approx(2.1e-4)
    assert values["deadline_misses"] == values["lost_frames"] == values["disturbed_blocks"] == 0


def test_lost_frames_are_the_periods_beyond_the_first_of_missed_blocks_only():
    stretch = with_two_late()
    assert stretch.lost_frames == (1 + 3) * 128
    assert block_values(stretch)["deadline_misses"] == 2


def test_latency_grows_once_more_than_one_block_in_a_hundred_is_late():
    waited = np.ones(1000, int)
    waited[:20] = 3
    assert block_values(played(np.full(1000, 1e-3), waited=waited))["latency"] == pytest.approx(3 * 128 / 48_000)


def test_the_curve_keeps_every_spike_in_500_points_and_flags_the_misses():
    _, curve, _ = block_details(with_two_late())
    assert len(curve.x) == 500
    assert max(curve.y) == pytest.approx(9e-3)
    assert [curve.y[k] for k in curve.flagged] == pytest.approx([4e-3, 9e-3])
    assert dict(curve.lines) == {"deadline": 128 / 48_000, "empty body p99": pytest.approx(11e-6)}
    assert curve.flag == "missed"
    assert curve.x[-1] > 999 * 128 / 48_000  # the lost periods take time too


def test_the_curve_tells_the_machines_late_blocks_from_the_programs():
    late = replace(with_two_late(), missed=(100,), disturbed=(700,))
    _, curve, _ = block_details(late)
    assert [curve.y[k] for k in curve.flagged] == pytest.approx([4e-3])
    assert [(curve.y[k], name) for k, name in curve.marks] == [(pytest.approx(9e-3), "disturbed")]


def test_the_histogram_counts_every_block_and_reaches_the_deadline():
    histogram, _, _ = block_details(played(np.full(750, 4e-4)))
    assert sum(histogram.counts) == 750
    assert histogram.edges[-1] > dict(histogram.marks)["deadline"] == pytest.approx(128 / 48_000)


def test_the_sentence_to_paste():
    assert paste(played(np.full(750, 4.2e-4))) == (
        "128 frames at 48 kHz: block time p99 420 µs of 2.67 ms, 0 of 750 late; "
        "latency 2.67 ms, virtual sink (converters not included)"
    )
    assert "0 of 750 late (and 1 disturbed by the machine)" in paste(played(np.full(750, 4.2e-4), disturbed=(3,)))


def test_facts_say_what_is_missing():
    facts = dict(block_details(played(np.full(10, 1e-4), peak=0.0, policy="non-RT"))[2].rows)
    assert facts["loop"] == "virtual, converters not included"
    assert facts["scheduling"].startswith("non-RT")
    assert "silence" in facts["signal"]


def test_silence_at_the_end_is_told():
    assert silence(played(np.full(10, 1e-4))) == ()
    assert silence(played(np.full(10, 1e-4), peak=0.0)) == ("silence in the last block: does the body write into it?",)


@pytest.mark.parametrize(
    ("kind", "settings", "seconds"),
    [
        ("audio_deadline", {"body": "m:f", "duration": "7 s", "warmup": 375}, 9.0),
        ("audio_deadline", CLIENT | {"duration": "7 s", "warmup": 375}, 8.0),
        ("audio_capacity", {"body": "m:f", "duration": "4 s", "searches": 3}, 24.0),
        ("audio_quality", {"live": {}, "start": "1 s", "duration": "60 s"}, 61.0),
        ("audio_quality", {"body": "m:f", "duration": "60 s"}, 0.0),
    ],
)
def test_what_takes_longer_than_its_timeout_is_known_before(kind, settings, seconds):
    assert build(kind, settings).least_time == pytest.approx(seconds)


def test_the_floor_tells_how_many_empty_blocks_were_late():
    facts = dict(block_details(played(np.full(10, 1e-4)))[2].rows)
    assert facts["floor"] == ("empty body, 0 of 100 blocks late: woken late p99 10.0 µs, max 10.0 µs; done by 11.0 µs")


def test_small_blocks_without_real_time_cannot_be_judged():
    assert caveats(64, real_time=False) == ("not real-time",)
    assert caveats(65, real_time=False) == ("non-RT",)
    assert caveats(32, real_time=True) == ()


def test_the_999th_thousandth_needs_10_000_blocks():
    short = build("audio_deadline", {"body": "m:f", "block": 64, "duration": "13 s"})
    long = build("audio_deadline", {"body": "m:f", "block": 64, "duration": "14 s"})
    assert (short.blocks, long.blocks) == (9750, 10_500)
    assert [metric.name for metric in set(long.metrics) - set(short.metrics)] == ["block_time_p999"]


def test_misses_are_counts():
    kinds = {metric.name: metric.kind for metric in build("audio_deadline", {"body": "m:f"}).metrics}
    assert kinds["deadline_misses"] == kinds["lost_frames"] == kinds["disturbed_blocks"] == Kind.COUNT
    assert set(kinds) == set(block_values(with_two_late())) - {"block_time_p999"}


def test_where_a_body_played_is_part_of_the_identity():
    virtual, other, auto = (
        build("audio_deadline", {"body": "m:f", **server}).metrics[0].identity
        for server in ({}, {"server": "jack"}, {"server": "auto"})
    )
    assert len({virtual, other, auto}) == 3


def test_a_client_seen_from_outside_has_cpu_time_where_perfkit_started_it_and_xruns_and_glitches():
    played = {m.name for m in build("audio_deadline", {"body": "m:f"}).metrics}
    started, running = (
        {m.name for m in build("audio_deadline", {"output_port": "c:o", **whose}).metrics}
        for whose in ({"command": ["x"]}, {"server": "running"})
    )
    assert started - played == {"server_xruns", "glitches"}
    assert started - running == {"block_cpu_p5", "block_cpu_p50"}
    assert played <= started


def test_a_client_is_observed_alike_in_real_time_and_faster():
    told = CLIENT | {"midi_port": "c:m", "notes": [60, 64], "block": 256, "rate": 44_100, "warmup": 7}
    live, fast = (build(kind, told).observing(9) for kind in ("audio_deadline", "audio_offline"))
    assert live == fast
    assert (live.blocks, live.warmup, live.block, live.rate) == (9, 7, 256, 44_100)
    assert live.notes == ((0, 60), (0, 64))


def test_a_server_is_part_of_the_identity():
    one, other = (
        build("audio_latency", {"mode": "round_trip", "server": server}).metrics[0].identity
        for server in ("pipewire", "jack")
    )
    assert one != other


@pytest.mark.parametrize(
    ("kind", "settings", "words"),
    [
        ("audio_deadline", {}, "body"),
        ("audio_deadline", {"body": "synth"}, "module:function"),
        ("audio_deadline", {"body": "m:f", "block": 4}, "block = 4"),
        ("audio_deadline", {"body": "m:f", "block": 16_384}, "block = 16384 must lie between 8 and 8192"),
        ("audio_deadline", {"body": "m:f", "rate": 10}, "rate = 10"),
        ("audio_deadline", {"body": "m:f", "warmup": -1}, "warmup"),
        ("audio_deadline", {"body": "m:f", "voices": 3}, "voices"),
        ("audio_latency", {"mode": "smallest_block"}, "module:function"),
        ("audio_latency", {"mode": "smallest_block", "body": "m:f", "sizes": []}, "sizes"),
        ("audio_latency", {"mode": "smallest_block", "body": "m:f", "step": 0}, "step"),
        ("audio_latency", {"mode": "smallest_block", "body": "m:f", "server": "jack"}, "server has no part in mode"),
        ("audio_latency", {"mode": "smallest_block", "body": "m:f", "command": ["x"]}, "command is of a client"),
        ("audio_latency", {"mode": "round_trip", "arguments": {"n": 1}}, "arguments is what a body"),
        ("audio_latency", {"mode": "round_trip", "body": "m:f"}, "leave body out"),
        ("audio_latency", {"mode": "round_trip", "server": "alsa"}, "alsa"),
        ("audio_latency", {"mode": "round_trip", "command": ["x"]}, "leave command"),
        ("audio_latency", {"mode": "round_trip", "server": "running"}, "input_port is missing"),
        ("audio_latency", {"mode": "app", "command": ["x"], "input_port": "c:in"}, "output_port is missing"),
        ("audio_latency", {"mode": "app", "command": ["x"], "input_port": "in", "output_port": "c:out"}, "full name"),
        ("audio_latency", {"mode": "app", "input_port": "c:in", "output_port": "c:out"}, "command is missing"),
        ("audio_latency", {"mode": "midi", "command": ["x"], "output_port": "c:out"}, "midi_port is missing"),
        ("audio_deadline", {"command": ["x"]}, "output_port"),
        ("audio_deadline", {"command": ["x"], "output_port": "c:o", "body": "m:f"}, "two programs"),
        ("audio_deadline", {"command": ["x"], "output_port": "c:o", "server": "virtual"}, "no ports"),
        ("audio_deadline", {"output_port": "c:o"}, "command is missing"),
        ("audio_deadline", {"command": ["x"], "output_port": "c:o", "notes": [60]}, "belong together"),
        ("audio_deadline", CLIENT | {"midi_port": "c", "notes": [60]}, "midi_port = 'c' must be the full name"),
        ("audio_deadline", CLIENT | {"midi_port": "c:m", "notes": [60, 200]}, "notes holds 200, and a MIDI note lies"),
        ("audio_deadline", CLIENT | {"arguments": {"n": 1}}, "arguments is what a body is called with"),
        ("audio_deadline", {"body": "m:f", "midi_port": "c:m", "notes": [60]}, "midi_port is of a client"),
        ("audio_deadline", {"body": "m:f", "notes": [60]}, "notes is of a client"),
        ("audio_deadline", {"body": "m:f", "ready": {"stdout": "x"}}, "ready is of a client"),
        ("audio_deadline", {"body": "m:f", "server": "running"}, "aloud"),
        ("audio_capacity", {}, "module:function"),
        ("audio_capacity", CLIENT | {"body": "m:f"}, "body and command are two programs"),
        ("audio_capacity", CLIENT, "either as notes at midi_port or by {voices} in command, .* writes {{voices}}"),
        ("audio_capacity", CLIENT | {"command": ["x", "{voices}"], "midi_port": "c:m"}, "either as notes"),
        ("audio_capacity", CLIENT | {"midi_port": "m"}, "midi_port = 'm' must be the full name"),
        ("audio_capacity", {"command": ["x"], "midi_port": "c:m"}, "output_port = '' must be the full name"),
        ("audio_capacity", CLIENT | {"midi_port": "c:m", "server": "virtual"}, "no ports"),
        ("audio_capacity", CLIENT | {"midi_port": "c:m", "channels": 16}, "channels = 16"),
        ("audio_capacity", CLIENT | {"midi_port": "c:m", "start": 129}, "between 1 and most = 128"),
        ("audio_capacity", CLIENT | {"midi_port": "c:m", "arguments": {"n": 1}}, "arguments is what a body"),
        ("audio_capacity", {"body": "m:f", "midi_port": "c:m"}, "midi_port is of a client"),
        ("audio_capacity", {"body": "m:f", "arguments": {"voices": 3}}, "what the search varies"),
        ("audio_capacity", {"body": "m:f", "start": 9, "most": 8}, "start = 9"),
        ("audio_capacity", {"body": "m:f", "precision": 2}, "shares"),
        ("audio_capacity", {"load": {"url": "http://x/", "rate": 50, "duration": "1 s"}}, "streams"),
    ],
)
def test_wrong_settings_are_refused_by_name(kind, settings, words):
    with pytest.raises(UsageError, match=words):
        build(kind, settings)
