"""From the ledger to the deliveries of the window's streams."""

import struct
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from perfkit.probes._load.ledger import Ledger, Stream
from perfkit.probes._load.sequence import Account, account
from perfkit.probes._load.settings import Streams
from perfkit.probes._load.tally import MOST_EXACT, Readings


@dataclass(frozen=True, slots=True)
class StreamReading:
    """The window's deliveries. `gaps` lie between one stream's messages, s; a silence that goes on counts as one.

    `delivered` is the share of the expected messages that came; `connect` and `first_message`, s, are the slowest's.
    """

    gaps: NDArray[np.float64]
    messages: int
    delivered: float
    account: Account
    disconnects: int
    malformed: int
    silent: int
    sustained: int
    connect: float
    first_message: float

    @property
    def gap_p99(self) -> float:
        """The 99th percentile of the gaps, s."""
        gaps = Readings(exact=self.gaps.size <= MOST_EXACT)
        gaps.record(self.gaps)
        return gaps.quantile(0.99)


def read_streams(ledger: Ledger, streams: Streams) -> StreamReading:
    """Draw up the deliveries of the window."""
    bits = 8 * struct.calcsize(streams.sequence) if streams.sequence else 64
    expected = streams.rate * (ledger.closes - ledger.opens)
    heard = [_Heard.of(stream, ledger, 1 / streams.rate) for stream in ledger.streams]
    accounts = [account(one.numbers, bits) for one in heard]
    messages = [one.messages for one in heard]
    kept = [
        stream.connected is not None and stream.ended is None and count >= 0.99 * expected - 1 and not book.lost
        for stream, count, book in zip(ledger.streams, messages, accounts, strict=True)
    ]
    return StreamReading(
        gaps=np.concatenate([one.gaps for one in heard]),
        messages=sum(messages),
        delivered=sum(messages) / (expected * len(heard)),
        account=sum(accounts, Account()),
        disconnects=sum(bool(stream.trouble) for stream in ledger.streams),
        malformed=sum(stream.malformed for stream in ledger.streams),
        silent=sum(not stream.times for stream in ledger.streams),
        sustained=sum(kept),
        connect=max(_since(stream, stream.connected, ledger.closes) for stream in ledger.streams),
        first_message=max(_since(stream, _first(stream.times), ledger.closes) for stream in ledger.streams),
    )


@dataclass(frozen=True, slots=True)
class _Heard:
    """One stream within the window; `numbers` begin with the last message before it, if there was one."""

    messages: int
    gaps: NDArray[np.float64]
    numbers: NDArray[np.uint64]

    @classmethod
    def of(cls, stream: Stream, ledger: Ledger, period: float) -> "_Heard":
        times = np.array(stream.times)
        first, last = np.searchsorted(times, (ledger.opens, ledger.closes))
        before = max(0, first - 1)
        gaps = np.diff(times[before:last])
        since = ledger.closes - (times[last - 1] if last else ledger.opens)
        if since > period:
            gaps = np.append(gaps, since)
        return cls(int(last - first), gaps, np.array(stream.numbers[before:last], np.uint64))


def _since(stream: Stream, then: float | None, otherwise: float) -> float:
    return (otherwise if then is None else then) - stream.asked


def _first(times: Sequence[float]) -> float | None:
    return times[0] if len(times) else None
