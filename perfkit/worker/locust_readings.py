"""What becomes of each request, on its way from the workers over the master to the probe. Pure.

Worker k of n takes the arrivals k, k + n, k + 2n, ... of a schedule; it numbers its own from 0. Readings are sent on as
they come, each just once, so that neither worker nor master holds more of a long load than of a short one; nothing is
rounded on the way.
"""

import struct
from array import array
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import IO, Any, Final, NamedTuple

ANSWERED: Final = 1
FAILED: Final = 2
TIMED_OUT: Final = 3
DROPPED: Final = 4
"""How a request ended, as the tally counts it."""

_HEAD = struct.Struct("<II")


def dealt(due: "array[float]", worker: int, workers: int) -> "array[float]":
    """The arrivals of one worker."""
    return due[worker::workers]


@dataclass(slots=True)
class Outbox:
    """A worker's readings that have not been sent on yet; times are s since the common start, on the worker's clock."""

    parcels: int = 0
    total: int = 0
    _which: "array[int]" = field(default_factory=lambda: array("I"))
    _sent: "array[float]" = field(default_factory=lambda: array("d"))
    _done: "array[float]" = field(default_factory=lambda: array("d"))
    _state: bytearray = field(default_factory=bytearray)
    _errors: Counter[str] = field(default_factory=Counter)

    def __len__(self) -> int:
        return len(self._state)

    def note(self, which: int, state: int, sent: float = 0.0, done: float = 0.0) -> None:
        """One request has ended."""
        self._which.append(which)
        self._sent.append(sent)
        self._done.append(done)
        self._state.append(state)
        self.total += 1

    def blame(self, error: str) -> None:
        """A request of the window went wrong in this way."""
        self._errors[error] += 1

    def parcel(self) -> dict[str, Any]:
        """Everything since the last parcel, in types that msgpack knows; numbered, so that a lost one is noticed."""
        made = {
            "number": self.parcels, "which": self._which.tobytes(), "sent": self._sent.tobytes(),
            "done": self._done.tobytes(), "state": bytes(self._state), "errors": dict(self._errors),
        }  # fmt: skip
        self.parcels += 1
        self._which, self._sent, self._done = array("I"), array("d"), array("d")
        self._state, self._errors = bytearray(), Counter()
        return made


class LostError(Exception):
    """Readings did not arrive."""


@dataclass(slots=True)
class Gathering:
    """Writes the parcels of all workers of a load with `arrivals` to a file, and counts."""

    file: IO[bytes]
    arrivals: int
    workers: int
    errors: Counter[str] = field(default_factory=Counter)
    counts: list[int] = field(init=False)
    """Readings by worker."""
    _parcels: list[int] = field(init=False)

    def __post_init__(self) -> None:
        self.counts, self._parcels = [0] * self.workers, [0] * self.workers

    def add(self, worker: int, parcel: dict[str, Any]) -> None:
        """A parcel of one worker. Raises LostError where the one before it is missing."""
        if parcel["number"] != self._parcels[worker]:
            raise LostError(f"report {self._parcels[worker]} did not arrive")
        self._parcels[worker] += 1
        count = len(parcel["state"])
        if count:
            self.file.write(_HEAD.pack(worker, count))
            for part in ("which", "sent", "done", "state"):
                self.file.write(parcel[part])
        self.counts[worker] += count
        self.errors.update(parcel["errors"])

    def expected(self, worker: int) -> int:
        """How many readings a worker owes."""
        return len(range(worker, self.arrivals, self.workers))

    def complete(self) -> bool:
        """Whether every arrival's reading is there."""
        return all(count == self.expected(worker) for worker, count in enumerate(self.counts))


class Block(NamedTuple):
    """Readings of one worker: its own numbers of arrivals as uint32, sent and done as doubles, state as bytes."""

    worker: int
    which: bytes
    sent: bytes
    done: bytes
    state: bytes


def blocks(file: IO[bytes]) -> Iterator[Block]:
    """What was gathered, in the order in which it came."""
    while head := file.read(_HEAD.size):
        worker, count = _HEAD.unpack(head)
        yield Block(worker, file.read(4 * count), file.read(8 * count), file.read(8 * count), file.read(count))
