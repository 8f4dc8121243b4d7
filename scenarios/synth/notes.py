"""What a request to start and stop notes may say, checked before anything sounds."""

import json
from dataclasses import dataclass
from typing import Any

from synth.engine import Engine
from synth.oscillators import Waveform

MOST_CHANGES = 128
"""Notes that one request may start, and stop."""

_NAMES = {waveform.name.lower(): waveform for waveform in Waveform}
_NOTE_FIELDS = {"pitch", "velocity", "waveform", "seconds"}


class BadNotesError(ValueError):
    """The request cannot be carried out; the message says why."""


@dataclass(frozen=True, slots=True)
class NoteOn:
    """One note to start: MIDI pitch, velocity up to 1, and the seconds it is held (None: until it is stopped)."""

    pitch: float
    velocity: float
    waveform: Waveform
    seconds: float | None


@dataclass(frozen=True, slots=True)
class Changes:
    """All notes of a request; those to stop come first."""

    start: tuple[NoteOn, ...]
    stop: tuple[int, ...]


def parse(body: bytes) -> Changes:
    """Read `{"start": [{"pitch": 60, "velocity": 0.8, "waveform": "saw", "seconds": 1}], "stop": [7]}`.

    Everything but `pitch` may be left out. Raises BadNotesError.
    """
    try:
        request = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise BadNotesError(f"the body is not JSON: {error}") from error
    if not isinstance(request, dict) or not request or request.keys() - {"start", "stop"}:
        raise BadNotesError('the body must be an object with "start", "stop" or both')
    start, stop = (_list_of(request, name) for name in ("start", "stop"))
    return Changes(
        tuple(_note(note, f"start[{index}]") for index, note in enumerate(start)),
        tuple(_voice(voice, f"stop[{index}]") for index, voice in enumerate(stop)),
    )


def apply(changes: Changes, engine: Engine) -> tuple[list[int], list[int]]:
    """Stop and start notes. Returns the ids of the started voices and of those that were really stopped."""
    stopped = [voice for voice in changes.stop if engine.note_off(voice)]
    started = [engine.note_on(note.pitch, note.velocity, note.waveform, note.seconds) for note in changes.start]
    return started, stopped


def _list_of(request: dict[str, Any], name: str) -> list[Any]:
    value = request.get(name, [])
    if not isinstance(value, list):
        raise BadNotesError(f"{name} must be a list")
    if len(value) > MOST_CHANGES:
        raise BadNotesError(f"{name} holds {len(value)} notes; at most {MOST_CHANGES} fit in one request")
    return value


def _note(note: object, where: str) -> NoteOn:
    if not isinstance(note, dict):
        raise BadNotesError(f"{where} must be an object")
    if unknown := note.keys() - _NOTE_FIELDS:
        raise BadNotesError(f"{where} has unknown fields: {', '.join(sorted(unknown))}")
    if "pitch" not in note:
        raise BadNotesError(f"{where} needs a pitch")
    waveform = note.get("waveform", "saw")
    if not isinstance(waveform, str) or waveform not in _NAMES:
        raise BadNotesError(f"{where}.waveform must be one of {', '.join(_NAMES)}")
    seconds = note.get("seconds")
    return NoteOn(
        pitch=_number(note["pitch"], f"{where}.pitch", 0.0, 127.0),
        velocity=_number(note.get("velocity", 0.8), f"{where}.velocity", 0.001, 1.0),
        waveform=_NAMES[waveform],
        seconds=None if seconds is None else _number(seconds, f"{where}.seconds", 0.001, 3_600.0),
    )


def _voice(voice: object, where: str) -> int:
    if isinstance(voice, bool) or not isinstance(voice, int):
        raise BadNotesError(f"{where} must be the id of a voice, a whole number")
    return voice


def _number(value: object, where: str, low: float, high: float) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise BadNotesError(f"{where} must be a number")
    if not low <= value <= high:
        raise BadNotesError(f"{where} must be between {low:g} and {high:g}, not {value!r:.20}")
    return float(value)
