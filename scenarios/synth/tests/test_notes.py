import pytest

from synth.engine import Engine
from synth.notes import BadNotesError, NoteOn, apply, parse
from synth.oscillators import Waveform


def test_everything_but_the_pitch_has_a_default() -> None:
    changes = parse(b'{"start": [{"pitch": 60}], "stop": [3]}')
    assert changes.start == (NoteOn(60.0, 0.8, Waveform.SAW, None),)
    assert changes.stop == (3,)


def test_all_fields_are_read() -> None:
    body = b'{"start": [{"pitch": 61.5, "velocity": 0.5, "waveform": "noise", "seconds": 2}]}'
    assert parse(body).start == (NoteOn(61.5, 0.5, Waveform.NOISE, 2.0),)


def test_apply_says_what_really_happened() -> None:
    engine = Engine()
    started, stopped = apply(parse(b'{"start": [{"pitch": 60}, {"pitch": 64}]}'), engine)
    assert (started, stopped) == ([1, 2], [])
    assert apply(parse(b'{"stop": [1, 77, 1000000000000000000000000]}'), engine) == ([], [1])


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b"", "not JSON"),
        (b"\xff", "not JSON"),
        (b"[" * 60_000, "not JSON"),
        (b"[]", "must be an object"),
        (b"{}", "must be an object"),
        (b'{"begin": []}', "must be an object"),
        (b'{"start": 1}', "start must be a list"),
        (b'{"start": [1]}', r"start\[0\] must be an object"),
        (b'{"start": [{}]}', r"start\[0\] needs a pitch"),
        (b'{"start": [{"pitch": 1}, {"pitch": 200}]}', r"start\[1\]\.pitch must be between 0 and 127, not 200"),
        (b'{"start": [{"pitch": NaN}]}', "pitch must be between"),
        (b'{"start": [{"pitch": 1' + b"0" * 400 + b"}]}", "pitch must be between"),
        (b'{"start": [{"pitch": true}]}', "pitch must be a number"),
        (b'{"start": [{"pitch": "a"}]}', "pitch must be a number"),
        (b'{"start": [{"pitch": 60, "velocity": 0}]}', "velocity must be between"),
        (b'{"start": [{"pitch": 60, "waveform": "square"}]}', "waveform must be one of sine, saw, noise, impulse"),
        (b'{"start": [{"pitch": 60, "waveform": []}]}', "waveform must be one of"),
        (b'{"start": [{"pitch": 60, "seconds": -1}]}', "seconds must be between"),
        (b'{"start": [{"pitch": 60, "volume": 1}]}', "unknown fields: volume"),
        (b'{"stop": ["1"]}', r"stop\[0\] must be the id"),
        (b'{"stop": [true]}', r"stop\[0\] must be the id"),
        (b'{"stop": [' + b"1," * 200 + b"1]}", "at most 128"),
    ],
)
def test_bad_requests_say_what_is_wrong(body: bytes, message: str) -> None:
    with pytest.raises(BadNotesError, match=message):
        parse(body)
