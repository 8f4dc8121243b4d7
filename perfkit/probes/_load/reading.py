"""From the ledger to the deliveries of the window's streams."""

from dataclasses import dataclass

from perfkit.probes._load.deliveries import Stream
from perfkit.probes._load.ledger import Ledger
from perfkit.probes._load.sequence import Account
from perfkit.probes._load.settings import Streams
from perfkit.probes._load.slices import Slices
from perfkit.probes._load.tally import Readings


@dataclass(frozen=True, slots=True)
class StreamReading:
    """The window's deliveries. `gaps` lie between one stream's messages, s; a silence that goes on counts as one.

    `longest` are the longest of them by when they ended. `delivered` is the share of the expected messages that came;
    `connect` and `first_message`, s, are the slowest's.
    """

    gaps: Readings
    longest: Slices
    messages: int
    delivered: float
    account: Account
    disconnects: int
    malformed: int
    silent: int
    sustained: int
    connect: float
    first_message: float


def read_streams(ledger: Ledger, streams: Streams) -> StreamReading:
    """Draw up the deliveries of the window, once it is over."""
    heard, deliveries = ledger.streams, ledger.deliveries
    expected = streams.rate * (ledger.closes - ledger.opens)
    for stream in heard:
        deliveries.close(stream, 1 / streams.rate)
    deliveries.draw_up()
    messages = sum(stream.messages for stream in heard)
    return StreamReading(
        gaps=deliveries.gaps,
        longest=deliveries.longest,
        messages=messages,
        delivered=messages / (expected * len(heard)),
        account=sum((stream.numbering.account for stream in heard), Account()),
        disconnects=sum(bool(stream.trouble) for stream in heard),
        malformed=sum(stream.malformed for stream in heard),
        silent=sum(stream.first is None for stream in heard),
        sustained=sum(_kept(stream, expected) for stream in heard),
        connect=max(_since(stream, stream.connected, ledger.closes) for stream in heard),
        first_message=max(_since(stream, stream.first, ledger.closes) for stream in heard),
    )


def _kept(stream: Stream, expected: float) -> bool:
    """Whether it stayed, with 99 % of the messages and none lost."""
    stayed = stream.connected is not None and stream.ended is None
    return stayed and stream.messages >= 0.99 * expected - 1 and not stream.numbering.lost


def _since(stream: Stream, then: float | None, otherwise: float) -> float:
    return (otherwise if then is None else then) - stream.asked
