"""Writes phrase.mid, a piece of two bars for piano and strings: a standard MIDI file of format 0, 480 ticks a beat."""

import struct
from pathlib import Path

TICKS = 480
TEMPO = bytes.fromhex("00 ff 51 03 07 a1 20")  # 500 000 µs a beat
INSTRUMENTS = bytes([0, 0xC0, 0, 0, 0xC1, 48])  # channel 1: grand piano, channel 2: strings
END = bytes.fromhex("00 ff 2f 00")
CHORDS = ((60, 64, 67, 72), (57, 60, 64, 69), (53, 57, 60, 65), (55, 59, 62, 67))


def _number(value: int) -> bytes:
    """A number of MIDI files: seven bits a byte, the highest bit set in all but the last."""
    parts = [value & 0x7F]
    while value := value >> 7:
        parts.insert(0, value & 0x7F | 0x80)
    return bytes(parts)


def phrase() -> bytes:
    """The whole file: a chord a beat, the strings under it, and a beat in which they fade."""
    track = TEMPO + INSTRUMENTS
    for chord in CHORDS:
        notes = [(0, note) for note in chord] + [(1, chord[0] - 12)]
        track += b"".join(_number(0) + bytes([0x90 | channel, note, 96]) for channel, note in notes)
        waits = [TICKS] + [0] * (len(notes) - 1)
        track += b"".join(
            _number(wait) + bytes([0x80 | channel, note, 0]) for wait, (channel, note) in zip(waits, notes, strict=True)
        )
    track += _number(TICKS) + bytes([0xB0, 123, 0]) + END
    return struct.pack(">4sIHHH", b"MThd", 6, 0, 1, TICKS) + struct.pack(">4sI", b"MTrk", len(track)) + track


if __name__ == "__main__":
    Path(__file__).with_name("phrase.mid").write_bytes(phrase())
