"""A render against a stored one: the null test."""

from pathlib import Path
from shlex import quote

import numpy as np

from perfkit.instruments.audio_files import Audio, keep_audio, read_audio, require_files
from perfkit.model.detail import Curve, Facts
from perfkit.model.errors import Failed
from perfkit.model.launch import Measurement
from perfkit.probes._audio_sources import Sound
from perfkit.signal.decibels import FLOOR
from perfkit.signal.null import Null, null_test

_POINTS = 480
_DIGITS = 4  # of dB and frames; the next ones are the rounding of libraries
_KEPT = Path("reports") / "references"


def compare(sound: Sound, root: Path, name: str, longest_shift: float) -> Measurement:
    """The values of a null test. Raises Failed where there is no reference, or none like it.

    Where it is missing, the render is kept in the folder for what is generated, to be listened to and accepted.
    """
    require_files()
    path = root / name
    if not path.exists():
        kept = keep_audio(sound.audio, root / _KEPT, path.name)
        raise Failed(f"there is no reference {name} yet", hint=_how_to_make(kept.relative_to(root), name))
    reference = read_audio(path)
    _check_alike(sound.audio, reference, name)
    shift = round(longest_shift * reference.rate)
    null = null_test(sound.audio.frames, reference.frames, shift)
    values = {
        "null_peak": null.peak,
        "null_rms": null.rms,
        "differing": float(null.differing),
        "shift": abs(null.shift),
    }
    facts = Facts("audio", (*_rows(null, reference, name), *sound.rows))
    return Measurement(
        {key: round(value, _DIGITS) for key, value in values.items()},
        details=(facts,) if null.exact else (_curve(null, reference.rate), facts),
        run_delay=sound.run_delay,
        caveats=sound.caveats,
    )


def _how_to_make(kept: Path, reference: str) -> str:
    wanted = Path(reference).with_suffix(kept.suffix)
    renamed = (
        "" if wanted == Path(reference) else f" and set reference to {wanted.name}, for FLAC holds no floating point"
    )
    made = f"mkdir -p {quote(str(wanted.parent))} && mv {quote(str(kept))} {quote(str(wanted))}"
    return f"listen to {kept}; if it is right: {made}{renamed}"


def _check_alike(audio: Audio, reference: Audio, name: str) -> None:
    if not np.isfinite(audio.frames).all():
        raise Failed("the render holds values that are not finite", hint="look for an unstable filter or 0 / 0")
    if (audio.rate, audio.channels) != (reference.rate, reference.channels):
        raise Failed(
            f"the render has {audio.channels} channels at {audio.rate} Hz, "
            f"{name} has {reference.channels} channels at {reference.rate} Hz",
            hint="render as the reference was, or make a new reference",
        )


def _curve(null: Null, rate: int) -> Curve:
    """The largest difference of each stretch over time."""
    size = np.abs(null.difference).max(axis=1)
    starts = np.unique(np.linspace(0, len(size), min(_POINTS, len(size)), endpoint=False).astype(int))
    largest = np.maximum.reduceat(size, starts)
    return Curve(
        title="difference from the reference (largest of each stretch)",
        x_label="time",
        x_unit="s",
        y_label="difference",
        y_unit="dB",
        x=tuple((starts / rate).tolist()),
        y=tuple((20 * np.log10(np.maximum(largest, 10 ** (FLOOR / 20)))).tolist()),
    )


def _rows(null: Null, reference: Audio, name: str) -> tuple[tuple[str, str], ...]:
    return (
        ("result", _result(null)),
        ("reference", f"{name}: {reference.seconds:.3g} s of {reference.samples} at {reference.rate / 1000:g} kHz"),
        ("aligned by", f"{null.shift:+.3f} frames"),
        ("louder by", f"{null.gain:+.3f} dB"),
        ("longer by", f"{null.longer:+d} frames"),
    )


def _result(null: Null) -> str:
    if null.exact:
        return "bit exact"
    return f"null at {null.peak:.1f} dB peak, {null.rms:.1f} dB RMS; {null.differing} of {len(null.difference)} frames"
