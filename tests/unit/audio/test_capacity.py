"""What a capacity is a number of, and how it is told."""

from math import nan

import numpy as np

from perfkit.instruments.canary import Canary
from perfkit.instruments.virtual_sink import Blocks, Played, Stretch
from perfkit.model.errors import Failed, Invalid
from perfkit.probes import build
from perfkit.probes._audio_capacity import _none_sustained
from perfkit.probes._audio_ramp import Ending, Level, Try
from perfkit.probes._capacity_settings import chord
from perfkit.probes._capacity_told import capacity_curve, sentence
from perfkit.probes._capacity_tries import Told, judged

CLIENT = {"command": ["synth", "--chord", "{voices}"], "output_port": "synth:left"}
NOTES = {"command": ["synth"], "output_port": "synth:left", "midi_port": "synth:midi"}


def test_a_chord_grows_from_the_middle_and_goes_on_in_the_next_channel_but_that_of_drums():
    assert chord(4) == ((0, 63), (0, 64), (0, 62), (0, 65))
    assert {note for _, note in chord(128)} == set(range(128))
    assert chord(129)[-1] == (1, 63)
    assert {channel for channel, _ in chord(15 * 128)} == set(range(16)) - {9}
    assert len(set(chord(15 * 128))) == 15 * 128


def test_a_client_gets_its_level_in_its_command_or_as_notes():
    told, played = build("audio_capacity", CLIENT), build("audio_capacity", NOTES)
    assert told.client(7).command == ("synth", "--chord", "7")
    assert told.observing(7).notes == ()
    assert played.client(7).command == ("synth",)
    assert len(played.observing(7).notes) == 7


def test_there_are_only_so_many_notes():
    assert build("audio_capacity", NOTES).highest == 128
    assert build("audio_capacity", NOTES | {"channels": 15}).highest == 1920
    assert build("audio_capacity", NOTES | {"most": 100}).highest == 100
    assert build("audio_capacity", CLIENT).highest == 4096


def test_what_is_counted_and_where_is_part_of_the_identity():
    methods = {
        build("audio_capacity", settings).metrics[0].method
        for settings in ({"body": "m:f"}, {"body": "m:f", "server": "jack"}, CLIENT, NOTES, NOTES | {"server": "jack"})
    }
    assert methods == {
        "voices, virtual sink", "voices, jack", "voices, observed, auto", "notes, observed, auto",
        "notes, observed, jack",
    }  # fmt: skip


def told(*levels):
    """Levels tried: (level, passed)."""
    endings = {True: Try(Ending.PASSED, 0.5, latency=128 / 48_000), False: Try(Ending.FAILED, 1.2, "deadline")}
    return Told(where="jackd", levels=[Level(level, (endings[passed], endings[passed])) for level, passed in levels])


def test_the_sentence_to_paste():
    seen = told((16, True), (32, False), (23, True), (24, False))
    assert sentence(build("audio_capacity", NOTES), [23, 23, 24], seen) == (
        "128 frames at 48 kHz: 23 notes [23, 24], first limit: deadline; "
        "latency 2.67 ms jackd (converters not included)"
    )


def test_the_curve_shows_the_tries_that_decided_a_level():
    """A level that is sustained is not drawn by its one try that failed."""
    passed, missed = Try(Ending.PASSED, 0.9), Try(Ending.FAILED, 1.2, "deadline")
    levels = [Level(30, (passed, missed, passed)), Level(31, (missed, passed, missed))]
    curve = capacity_curve(build("audio_capacity", NOTES), 30, Told(levels=levels, canary_longest={30: 0.0, 31: 0.0}))
    assert (curve.x, curve.y, curve.flagged) == ((30.0, 31.0), (0.9, 1.2), (1,))
    assert curve.marks == ((0, "30 notes"),)


def test_where_the_search_ends_there_is_no_limit():
    seen = told((64, True), (128, True))
    said = sentence(build("audio_capacity", NOTES), [128], seen)
    assert "128 notes [128, 128], first limit: none up to 128, where the search ends;" in said


PERIOD = 0.001
BLOCKS = 100


def a_try(late, *, missed=0, waiting=0.0, canary=(), played=BLOCKS):
    """How a try at blocks of 1 ms ends, of which so many were `late` and excused.

    All waited for a core for the share `waiting` of a period, and the canary was late beside the blocks of `canary`.
    """
    nothing = np.zeros(played)
    blocks = Blocks(
        nothing, nothing + PERIOD / 2, nothing, nothing + waiting * PERIOD, nothing, np.ones(played, np.int64)
    )
    asked = np.arange(played) * 10 * PERIOD
    seen = Played(
        stretch=Stretch(body="m:f", arguments={}, frames=48, rate=48_000, blocks=BLOCKS), policy="SCHED_FIFO",
        locked=True, python="", own_threads=False, peak=0.5, floor=blocks, blocks=blocks,
        missed=tuple(range(played - missed, played)), disturbed=tuple(range(late)), asked=asked,
    )  # fmt: skip
    stalls = tuple((float(asked[block]), float(asked[block]) + PERIOD / 2) for block in canary)
    return judged(seen, False, Canary(PERIOD, 1, True, late=stalls), Told()).ending


def test_a_few_blocks_that_the_machine_disturbed_do_not_end_a_ramp():
    assert a_try(0) is Ending.PASSED
    assert a_try(5, canary=range(5)) is Ending.PASSED


def test_a_try_of_which_the_machine_disturbed_much_says_nothing():
    assert a_try(6, canary=range(6)) is Ending.CONTAMINATED
    assert a_try(6, waiting=0.2) is Ending.CONTAMINATED
    assert a_try(0, missed=1) is Ending.CONTAMINATED
    assert a_try(0, played=89) is Ending.CONTAMINATED


def test_blocks_that_are_late_for_nothing_that_was_seen_are_at_their_limit():
    """A canary's own beats take time, and must not excuse a program that needs the whole period."""
    assert a_try(6) is Ending.FAILED
    assert a_try(6, waiting=0.05) is Ending.FAILED
    assert a_try(11, canary=range(6)) is Ending.CONTAMINATED
    assert a_try(12, canary=range(6)) is Ending.FAILED


def none_sustained(*loads):
    tries = tuple(Try(Ending.FAILED, load, "deadline") for load in loads)
    return _none_sustained(build("audio_capacity", NOTES), Told(levels=[Level(1, tries)]))


def test_misses_that_its_load_does_not_explain_are_no_failure_of_the_program():
    slow, odd = none_sustained(1.3, 0.9), none_sustained(0.2, 0.1)
    assert (type(slow), str(slow)) == (Failed, "not even 1 of notes is sustained: deadline")
    assert type(odd) is Invalid
    assert str(odd).endswith("although 99 % of its blocks take 15 % of the period at most")
    assert type(none_sustained(nan)) is Failed
