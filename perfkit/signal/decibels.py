"""Levels that are always finite, so that they can be stored and compared."""

import math

FLOOR = -200.0
"""What stands for nothing at all, dB: below the last bit of 32-bit samples, which lies at -187 dB."""


def power_db(ratio: float) -> float:
    """10·log10 of a ratio of powers, at least FLOOR."""
    return max(FLOOR, 10 * math.log10(ratio)) if ratio > 0 else FLOOR


def amplitude_db(ratio: float) -> float:
    """20·log10 of a ratio of amplitudes, at least FLOOR."""
    return max(FLOOR, 20 * math.log10(ratio)) if ratio > 0 else FLOOR
