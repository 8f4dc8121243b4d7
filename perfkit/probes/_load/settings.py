"""What a load consists of; declarations only, checked without I/O."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

Arrivals = Literal["fixed", "poisson"]

_ONE_INTEGER = re.compile(r"[@=<>!]?[bBhHiIlLqQ]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Streams:
    """WebSocket clients that listen while the load goes on.

    `rate` is the messages a second that each should get. `sequence` is the struct format of one integer that numbers
    the messages (at `sequence_offset` bytes), which makes lost ones countable; numbers may wrap at the format's size.
    """

    url: str
    count: int = 1
    rate: float
    sequence: str = ""
    sequence_offset: int = 0
    headers: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not self.url.startswith(("ws://", "wss://")):
            raise ValueError(f"streams.url {self.url!r} must begin with ws:// or wss://")
        if self.count < 1:
            raise ValueError(f"streams.count must be at least 1, not {self.count}")
        if not self.rate > 0:
            raise ValueError(f"streams.rate must be positive, not {self.rate}")
        if self.sequence_offset < 0:
            raise ValueError(f"streams.sequence_offset must not be negative, not {self.sequence_offset}")
        if self.sequence and not _ONE_INTEGER.fullmatch(self.sequence):
            raise ValueError(
                f"streams.sequence {self.sequence!r} is not the struct format of one integer, such as '<Q'"
            )


@dataclass(frozen=True, slots=True)
class Http:
    """One request, sent over and over. `body` is sent as UTF-8; other statuses than `expect` are errors."""

    url: str
    method: str
    headers: Mapping[str, str]
    body: str
    expect: tuple[int, ...]
    rate: float
    arrivals: Arrivals
    in_flight: int


@dataclass(frozen=True, slots=True)
class Plan:
    """A whole load; times in s. The window of `duration` begins `warmup` after the first arrival."""

    http: Http | None
    streams: Streams | None
    warmup: float
    duration: float
    timeout: float
    seed: int

    @property
    def longest(self) -> float:
        """Seconds that it can take: connecting the streams and the last answer may each use up the timeout."""
        connecting = self.timeout if self.streams else 0.0
        return connecting + self.warmup + self.duration + self.timeout
