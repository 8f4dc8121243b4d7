"""How a launch ended."""

from enum import StrEnum


class Outcome(StrEnum):
    """How a launch ended."""

    MEASURED = "measured"
    FAILED = "failed"
    TIMED_OUT = "timed out"
    SKIPPED = "skipped"
    INVALID = "invalid"
