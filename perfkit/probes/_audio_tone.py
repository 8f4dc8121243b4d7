"""What a tone comes to: the values of its metrics, its spectrum, and the facts."""

import numpy as np
from numpy.typing import NDArray

from perfkit.instruments.audio_files import Audio
from perfkit.model.detail import Curve, Facts
from perfkit.model.errors import Failed
from perfkit.model.launch import Measurement
from perfkit.model.metric import Kind
from perfkit.probes._audio_sources import Sound
from perfkit.probes._sound import Listening, tone_metrics
from perfkit.signal.glitches import Break
from perfkit.signal.quality import Quality, assess_tone
from perfkit.signal.spectrum import SHORTEST
from perfkit.signal.tone import draw_spectrum

_POINTS = 480
_SHOWN = 5
_DIGITS = 4  # of dB and ppm; the next ones are the rounding of libraries


def listen(sound: Sound, listening: Listening) -> Measurement:
    """The values of a tone. Raises Failed where the sound is silent, too short, or not that tone."""
    signal, rate = _section(listening, sound.audio), sound.audio.rate
    try:
        quality = assess_tone(signal, rate, listening.frequency)
    except ValueError as error:
        hint = "a tone must be steady from start on; frequency, start and duration say which and where"
        raise Failed(f"the sound cannot be judged: {error}", hint=hint) from None
    values = {
        "thd_n": quality.tone.thd_n,
        "snr": quality.tone.snr,
        "level": quality.tone.level,
        "dropouts": float(quality.continuity.count("dropout")),
        "glitches": float(quality.continuity.count("glitch")),
        "drift": abs(quality.drift),
    }
    return Measurement(
        {name: round(value, _DIGITS) for name, value in values.items()},
        details=(_spectrum(quality), Facts("audio", (*_rows(quality, signal, rate), *sound.rows))),
        metrics=tone_metrics(Kind.NOISY, sound.through) if sound.through else (),
        run_delay=sound.run_delay,
        caveats=(
            *sound.caveats,
            *(() if quality.clean else ("glitches in the spectrum",)),
            *(("above full scale, which converters clip",) if _peak(signal) > 0 else ()),
        ),
    )


def _peak(signal: NDArray[np.float64]) -> float:
    """The largest magnitude, dB; 0 for full scale, which a whole number of 16 bits or more may miss by its step."""
    return round(20 * float(np.log10(np.abs(signal).max())), _DIGITS)


def _section(listening: Listening, audio: Audio) -> NDArray[np.float64]:
    """The channel and the stretch that are listened to. Raises Failed where they are not there."""
    if listening.channel > audio.channels:
        raise Failed(f"there is no channel {listening.channel}, only {audio.channels}", hint="channel counts from 1")
    limit = None if listening.seconds is None else round((listening.start + listening.seconds) * audio.rate)
    signal = audio.frames[round(listening.start * audio.rate) : limit, listening.channel - 1]
    if not np.isfinite(signal).all():
        raise Failed("the sound holds values that are not finite", hint="look for an unstable filter or 0 / 0")
    if len(signal) < SHORTEST * audio.rate:
        there = f"{len(signal) / audio.rate:.3g} s of sound after start = {listening.start:g} s"
        raise Failed(f"{there} are too few: {SHORTEST:g} s is needed", hint="render more, or lower start")
    if not signal.any():
        raise Failed(f"channel {listening.channel} is silent", hint="look at what the program plays there")
    return signal


def _spectrum(quality: Quality) -> Curve:
    drawing = draw_spectrum(quality.tone, _POINTS)
    orders = (1, *(order for order, _ in quality.tone.harmonics))
    return Curve(
        title="spectrum, harmonics marked (0 dB: a full-scale sine)",
        x_label="frequency",
        x_unit="Hz",
        y_label="level (0 for a full-scale sine)",
        y_unit="dB",
        x=tuple(drawing.frequencies.tolist()),
        y=tuple(drawing.levels.tolist()),
        lines=(("all but the tone", quality.tone.level + quality.tone.thd_n),),
        marks=tuple(
            (at, "tone" if order == 1 else str(order)) for order, at in zip(orders, drawing.harmonics, strict=True)
        ),
    )


def _rows(quality: Quality, signal: NDArray[np.float64], rate: int) -> tuple[tuple[str, str], ...]:
    tone, (start, end), (first, last) = quality.tone, quality.continuity.clean, quality.analysed
    dropouts, glitches = (quality.continuity.count(kind) for kind in ("dropout", "glitch"))
    result = (
        f"{tone.frequency:.2f} Hz at {tone.level:.2f} dBFS: THD+N {tone.thd_n:.1f} dB ({tone.thd_n_percent:.2g} %), "
        f"SNR {tone.snr:.1f} dB, {dropouts} dropouts and {glitches} glitches in {len(signal) / rate:.3g} s"
    )
    harmonics = ", ".join(f"{order}: {level:.1f}" for order, level in tone.harmonics)
    return (
        ("result", result),
        ("peak", f"{_peak(signal):+.2f} dB from full scale"),
        ("harmonics", f"{harmonics} dB" if harmonics else "none in the band"),
        ("drift", f"{quality.drift:+.4f} ppm"),
        ("longest clean stretch", f"{(end - start) / rate:.3g} s"),
        ("analysed", f"{first / rate:.3g} s to {last / rate:.3g} s after start, Kaiser window β 24"),
        *(("breaks", _listed(quality.continuity.breaks, rate)) for _ in quality.continuity.breaks[:1]),
    )


def _listed(breaks: tuple[Break, ...], rate: int) -> str:
    shown = [f"{one.kind} at {one.start / rate:.4f} s ({one.frames} frames)" for one in breaks[:_SHOWN]]
    return ", ".join(shown + ([f"and {len(breaks) - _SHOWN} more"] if len(breaks) > _SHOWN else []))
