"""What the engine wrote down: raw readings, one slot a request or message, drawn up into numbers after the load."""

from array import array
from collections import Counter
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from perfkit.instruments.cpu import CpuReading

SENT, ANSWERED, FAILED, TIMED_OUT, DROPPED = 1, 2, 3, 4, 5
"""How a request stands; 0 means that its time has not come."""


@dataclass(slots=True)
class Requests:
    """Stamps of time.monotonic() by request: when it was due, sent and done, and how it ended."""

    due: NDArray[np.float64]
    sent: "array[float]" = field(init=False)
    done: "array[float]" = field(init=False)
    state: bytearray = field(init=False)
    errors: list[tuple[int, str]] = field(default_factory=list)
    """Request and class of what went wrong."""
    most_in_flight: int = 0

    def __post_init__(self) -> None:
        self.sent = array("d", bytes(8 * self.due.size))
        self.done = array("d", bytes(8 * self.due.size))
        self.state = bytearray(self.due.size)


@dataclass(slots=True)
class Stream:
    """One listener: when it connected, its messages' arrivals and numbers, and how it ended."""

    asked: float = 0.0
    connected: float | None = None
    times: "array[float]" = field(default_factory=lambda: array("d"))
    numbers: "array[int]" = field(default_factory=lambda: array("Q"))
    ended: float | None = None
    """When the service ended it; None if it lasted."""
    trouble: str = ""
    malformed: int = 0


@dataclass(slots=True)
class Ledger:
    """One load. `first_cpu` and `last_cpu` are the service's clocks at the window's ends, `own_cpu` the generator's."""

    requests: Requests
    warmup: int
    streams: tuple[Stream, ...]
    opens: float
    closes: float
    first_cpu: CpuReading | None = None
    last_cpu: CpuReading | None = None
    own_cpu: float = 0.0
    """CPU s of the generator over the window."""
    service_ended: bool = False
    loop: str = ""

    def window_errors(self) -> Counter[str]:
        """Errors of the window's requests by class."""
        return Counter(name for request, name in self.requests.errors if request >= self.warmup)
