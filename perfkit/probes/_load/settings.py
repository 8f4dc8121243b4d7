"""What a load consists of; declarations only, checked without I/O."""

import re
import struct
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from perfkit.model.units import Duration
from perfkit.probes._load.locust_settings import Crew
from perfkit.probes._load.pace import Pace

Engine = Literal["asyncio", "locust", "wrk", "wrk2", "vegeta", "oha", "k6"]

LEAST_READINGS = {"response_p50": 20, "response_p95": 200, "response_p99": 1000, "stream_gap_p99": 1000}
"""10 / (1 - p) readings: with fewer in a launch, a quantile is too coarse to be tested."""
_TWO_SECONDS = Duration("2 s")
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

    @property
    def bits(self) -> int:
        """The size of a message number, at which it wraps."""
        return 8 * struct.calcsize(self.sequence or "Q")


@dataclass(frozen=True, slots=True, kw_only=True)
class Capacity:
    """The search for the highest rate whose p99 lies `within` a limit, from `start` up to `most` requests a second.

    A step lasts `step`, longer where it takes more for 1000 requests. Rates are told apart to the share `precision`;
    the search is made `searches` times, the later ones from the answer before.
    """

    within: Duration
    start: float = 500.0
    most: float = 100_000.0
    step: Duration = _TWO_SECONDS
    precision: float = 0.05
    searches: int = 3

    def __post_init__(self) -> None:
        if not 1 <= self.start <= self.most:
            raise ValueError(f"capacity.start = {self.start:g} must lie between 1 and most = {self.most:g}")
        if not 0 < self.precision < 1:
            raise ValueError(f"capacity.precision is a share between 0 and 1, not {self.precision:g}")
        if self.searches < 1:
            raise ValueError(f"capacity.searches must be at least 1, not {self.searches}")


@dataclass(frozen=True, slots=True)
class Call:
    """An async function of the measured project, `path/to/file.py:function`, and its arguments by name."""

    function: str
    arguments: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Http:
    """One request, sent over and over. `body` is sent as UTF-8; other statuses than `expect` are errors."""

    url: str
    method: str
    headers: Mapping[str, str]
    body: str
    expect: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Plan:
    """A whole load; times in s. The window of `duration` begins `warmup` after the first arrival.

    `http` is what is requested, or `call` what is called, and `pace` when; all None without requests. `crew` is who
    sends with engine `locust`.
    """

    http: Http | None
    pace: Pace | None
    streams: Streams | None
    warmup: float
    duration: float
    timeout: float
    seed: int
    call: Call | None = None
    crew: Crew = field(default_factory=Crew)

    @property
    def longest(self) -> float:
        """Seconds that it can take: connecting the streams and the last answer may each use up the timeout."""
        connecting = self.timeout if self.streams else 0.0
        return connecting + self.warmup + self.duration + self.timeout
