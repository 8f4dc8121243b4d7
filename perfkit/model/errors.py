"""Every error a user can meet, as one tree.

PerfkitError                 exit
├── UsageError               2    the command line, the configuration or a scenario file is wrong
│   └── DataError            2    a stored file is damaged, foreign or of a newer schema
├── MeasurementError         4    nothing can be measured at all (no launcher, no interpreter)
├── MachineError             5    the baseline belongs to another machine
└── NotMeasured              -    one launch gave no values; becomes its outcome, never an exit by itself
    ├── Failed                    the target failed, died or could not be started
    ├── TimedOut                  it took longer than allowed
    ├── Skipped                   this machine lacks what the measurement needs
    └── Invalid                   values came, but the measurement itself is void
"""

from typing import ClassVar

from perfkit.model.outcome import Outcome


class PerfkitError(Exception):
    """What went wrong, and in `hint` what to do next."""

    exit_code: ClassVar[int] = 70

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.hint = hint


class UsageError(PerfkitError):
    """The command line, the configuration or a scenario file is wrong."""

    exit_code = 2


class DataError(UsageError):
    """A stored file cannot be read; it is left as it is."""


class MeasurementError(PerfkitError):
    """Measuring cannot begin or go on."""

    exit_code = 4


class MachineError(PerfkitError):
    """The baseline was measured on another machine."""

    exit_code = 5


class NotMeasured(PerfkitError):  # noqa: N818 - an outcome, not a defect
    """A launch ended without values; `outcome` says how."""

    outcome: ClassVar[Outcome] = Outcome.FAILED
    exit_code = 4


class Failed(NotMeasured):
    """The target failed, died early or could not be started."""

    outcome = Outcome.FAILED


class TimedOut(NotMeasured):
    """The launch took longer than its time limit."""

    outcome = Outcome.TIMED_OUT


class Skipped(NotMeasured):
    """This machine lacks what the measurement needs; the message names what to install."""

    outcome = Outcome.SKIPPED


class Invalid(NotMeasured):
    """The measurement itself is void, whatever numbers it gave."""

    outcome = Outcome.INVALID
