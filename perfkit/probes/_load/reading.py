"""From the ledger to numbers: latencies of the window's requests, deliveries of the window's streams."""

import struct
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from perfkit.instruments.histogram import LatencyHistogram
from perfkit.probes._load.ledger import ANSWERED, DROPPED, FAILED, TIMED_OUT, Ledger, Stream
from perfkit.probes._load.sequence import Account, account
from perfkit.probes._load.settings import Streams
from perfkit.probes._load.validity import Offered, falling_behind
from perfkit.stats.quantiles import harrell_davis

MOST_EXACT = 100_000
"""Readings up to which a quantile is computed from them all; of more, the histogram's 0.1 % is finer than noise."""


@dataclass(frozen=True, slots=True)
class HttpReading:
    """The window's requests in the order due, times in s; `due` counts from the window's opening.

    `response` = done - due (it gates), `service` = done - sent, `lag` = sent - due. Failed requests are in all three.
    """

    due: NDArray[np.float64]
    response: NDArray[np.float64]
    service: NDArray[np.float64]
    lag: NDArray[np.float64]
    requests: int
    failed: int
    timed_out: int
    dropped: int
    behind: int
    answered_in_window: int

    @property
    def offered(self) -> Offered:
        """What the validity is judged by."""
        return Offered(
            self.requests,
            self.dropped,
            self.timed_out,
            self.behind,
            quantile(self.lag, 0.99) if self.lag.size else 0.0,
            quantile(self.response, 0.99) if self.response.size else 0.0,
        )


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


def quantile(values: ArrayLike, share: float) -> float:
    """Harrell-Davis of the readings themselves, or the histogram's percentile where there are very many."""
    readings = np.asarray(values, float)
    if readings.size <= MOST_EXACT:
        return harrell_davis(readings, share)
    return histogram_of(readings).percentile(share)


def histogram_of(values: ArrayLike) -> LatencyHistogram:
    """A histogram of durations in s."""
    histogram = LatencyHistogram()
    histogram.record(values)
    return histogram


def read_requests(ledger: Ledger) -> HttpReading:
    """Draw up the requests of the window."""
    book = ledger.requests
    state = np.frombuffer(book.state, np.uint8)
    sent, done = np.frombuffer(book.sent), np.frombuffer(book.done)
    measured = np.arange(state.size) >= ledger.warmup
    flown = measured & np.isin(state, (ANSWERED, FAILED, TIMED_OUT))
    answered = (state == ANSWERED) & (done >= ledger.opens) & (done < ledger.closes)
    ended = np.isin(state, (ANSWERED, FAILED, TIMED_OUT))
    due = book.due[flown]
    return HttpReading(
        due=due - ledger.opens,
        response=done[flown] - due,
        service=(done - sent)[flown],
        lag=np.maximum(0.0, sent[flown] - due),
        requests=int(measured.sum()),
        failed=int((measured & (state == FAILED)).sum()),
        timed_out=int((measured & (state == TIMED_OUT)).sum()),
        dropped=int((measured & (state == DROPPED)).sum()),
        behind=falling_behind(book.due[ended], done[ended], ledger.opens, ledger.closes),
        answered_in_window=int(answered.sum()),
    )


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
