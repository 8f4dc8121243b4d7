import numpy as np
import pytest

from perfkit.model.detail import Curve
from perfkit.probes import build
from perfkit.probes._load.book import Book
from perfkit.probes._load.deliveries import Deliveries, Stream
from perfkit.probes._load.drawing import over_time, phases, request_details, stream_details
from perfkit.probes._load.drawn_up import requests_report
from perfkit.probes._load.flow import Flow
from perfkit.probes._load.ledger import Ledger
from perfkit.probes._load.pace import Pace
from perfkit.probes._load.reading import read_streams
from perfkit.probes._load.settings import Streams
from perfkit.probes._load.tally import ANSWERED, DROPPED, FAILED, TIMED_OUT, Tally

STREAMS = Streams(url="ws://127.0.0.1:1/", count=1, rate=10.0, sequence="<Q")


def tally(rows=(), *, duration=2.0, exact=True) -> Tally:
    """Rows are (due, sent, done, state); the window opens at 100."""
    made = Tally(opens=100.0, duration=duration, exact=exact, flow=Flow(100.0, duration, warmup=1.0, timeout=2.0))
    due, sent, done, state = (np.array([row[column] for row in rows]) for column in range(4))
    made.add(due, sent, done, state)
    return made


def each(readings) -> list[float]:
    return np.concatenate(readings._each).tolist()


def ledger(*told: list[tuple[float, int]], **more) -> Ledger:
    """A window from 100 to 102, and a stream for each list of (time, number)."""
    deliveries = Deliveries(100.0, 2.0)
    streams = tuple(Stream(asked=99.0, connected=99.1, **more) for _ in told)
    for stream, messages in zip(streams, told, strict=True):
        for time, number in messages:
            deliveries.hear(stream, time, number)
    return Ledger(None, streams, deliveries, 100.0, 102.0)


def retained(kept: object) -> int:
    """How many values an object keeps, in arrays and sequences of any depth; a number is one."""
    if isinstance(kept, np.ndarray | memoryview):
        return len(kept) if isinstance(kept, memoryview) else kept.size
    if isinstance(kept, list | tuple):
        return sum(map(retained, kept))
    slots = [name for kind in type(kept).__mro__ for name in getattr(kind, "__slots__", ())]
    return sum(retained(getattr(kept, name)) for name in slots) if slots else 1


def test_response_counts_from_when_a_request_was_due():
    made = tally([(100.0, 100.01, 100.05, ANSWERED), (100.5, 100.5, 100.6, FAILED)])
    assert each(made.response) == pytest.approx([0.05, 0.1])
    assert each(made.service) == pytest.approx([0.04, 0.1])
    assert each(made.lag) == pytest.approx([0.01, 0.0])
    assert (made.requests, made.failed, made.timed_out, made.dropped) == (2, 1, 0, 0)


def test_the_warmup_counts_for_throughput_only():
    made = tally([(99.9, 99.9, 100.1, ANSWERED), (100.2, 100.2, 100.3, ANSWERED), (101.9, 101.9, 102.1, ANSWERED)])
    assert each(made.response) == pytest.approx([0.1, 0.2])
    assert made.answered_in_window == 2
    assert made.requests == 2


def test_dropped_requests_have_no_latency_and_timeouts_have_theirs():
    rows = [(100.0, 100.0, 102.0, TIMED_OUT), (100.1, 100.1, 100.1, DROPPED), (100.2, 100.2, 100.3, ANSWERED)]
    made = tally(rows)
    assert each(made.response) == pytest.approx([2.0, 0.1])
    assert (made.requests, made.timed_out, made.dropped) == (3, 1, 1)


def test_a_book_loses_nothing_between_its_blocks():
    made = tally([(0.0, 0.0, 0.0, ANSWERED)], duration=60.0, exact=False)
    book = Book(made)
    for index in range(2500):
        book.answered(100 + index * 0.02, 100 + index * 0.02, 100.001 + index * 0.02)
    book.failed(150.0, 150.0, 150.5, "HTTP 500")
    book.failed(99.0, 99.0, 99.5, "HTTP 500")
    book.timed_out(151.0, 151.1, 2.0)
    book.dropped(152.0)
    book.close()
    assert (made.requests, made.failed, made.timed_out, made.dropped) == (2503, 1, 1, 1)
    assert made.response.count == 2502
    assert made.response.largest == pytest.approx(2.1)
    assert made.errors == {"HTTP 500": 1, "timeout": 1}
    assert made.flow.due.sum() == made.flow.done.sum() == 2504


def test_very_many_readings_are_kept_as_counts_only():
    rng = np.random.default_rng(4)
    values = rng.lognormal(-5, 0.7, 20_000)
    due = 100 + np.arange(20_000) / 10_000
    made, few = (
        Tally(opens=100.0, duration=2.0, exact=exact, flow=Flow(100.0, 2.0, timeout=2.0)) for exact in (False, True)
    )
    for one in (made, few):
        one.add(due, due, due + values, np.full(20_000, ANSWERED, np.uint8))
    assert made.response._each is None
    for share in (0.5, 0.95, 0.99):
        assert made.response.quantile(share) == pytest.approx(few.response.quantile(share), rel=0.01)


def test_tallies_of_two_generators_are_as_one():
    rng = np.random.default_rng(5)
    due = 99.5 + np.sort(rng.uniform(0, 2.5, 4000))
    sent = due + 1e-4
    done = sent + rng.exponential(0.02, 4000)
    state = rng.choice([ANSWERED, FAILED, TIMED_OUT], 4000, p=[0.9, 0.08, 0.02]).astype(np.uint8)
    rows = list(zip(due, sent, done, state, strict=True))
    together, first, second = tally(rows), tally(rows[::2]), tally(rows[1::2])
    first.merge(second)
    assert (first.requests, first.failed, first.timed_out) == (together.requests, together.failed, together.timed_out)
    assert first.response.quantile(0.99) == pytest.approx(together.response.quantile(0.99))
    assert first.response.histogram.encode() == together.response.histogram.encode()
    assert first.slowest.points == together.slowest.points
    assert (first.flow.due == together.flow.due).all()
    assert first.answered_in_window == together.answered_in_window


def test_a_stall_is_not_averaged_away():
    rows = [(100 + index * 0.005, 100 + index * 0.005, 100 + index * 0.005 + 0.001, ANSWERED) for index in range(400)]
    rows[137] = (rows[137][0], rows[137][1], rows[137][0] + 0.4, ANSWERED)
    curve = over_time("slowest response", "response time", tally(rows).slowest)
    assert curve.title == "slowest response in each 50 ms"
    assert len(curve.x) == 40
    assert max(curve.y) == pytest.approx(0.4)
    assert curve.x[curve.y.index(max(curve.y))] == pytest.approx(0.675, abs=0.026)


def test_long_loads_are_drawn_in_at_most_400_points():
    rows = [(100 + index * 0.05, 100 + index * 0.05, 100.01 + index * 0.05, ANSWERED) for index in range(12_000)]
    made = tally(rows, duration=600.0)
    by_nines, slowest, *_ = request_details(made, Pace(arrivals="fixed", rate=20, in_flight=1))
    assert len(slowest.x) <= 400
    assert slowest.moments == ()
    assert isinstance(by_nines, Curve)
    assert by_nines.x[0] == 1
    assert by_nines.x[-1] == pytest.approx(12_000)
    assert list(by_nines.y) == sorted(by_nines.y)


@pytest.mark.parametrize(
    ("pace", "marked"),
    [
        ({"arrivals": "ramp", "rate": 100, "rate_end": 500}, (("100/s at", 0.0), ("500/s at", 4.0))),
        ({"arrivals": "steps", "steps": ((100, 1.0), (400.5, 3.0))}, (("100/s from", 0.0), ("400.5/s from", 1.0))),
        ({"arrivals": "poisson", "rate": 100}, ()),
        ({"arrivals": "closed", "users": 3}, ()),
        ({"arrivals": "steps", "steps": ((100, 1.0),) * 9}, ()),
    ],
)
def test_where_the_rate_changes_is_marked_in_the_picture(pace, marked):
    assert phases(Pace(in_flight=1, **pace), 4.0) == marked


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"rate": 50, "duration": "2 s"}, "50 requests/s, fixed arrivals"),
        ({"arrivals": "ramp", "rate": 20, "rate_end": 80, "duration": "2 s"}, "20 to 80 requests/s, ramp arrivals"),
        ({"arrivals": "steps", "steps": [[20, "1 s"], [80, "1 s"]]}, "20, 80 requests/s, steps arrivals"),
    ],
)
def test_the_offered_rates_are_told(settings, said):
    offered = build("load", {"url": "http://127.0.0.1:1/"} | settings).plan(1)
    rows = [(due, due, due + 0.01, ANSWERED) for due in np.linspace(100, 101.99, 100)]
    assert dict(requests_report(offered, tally(rows)).rows)["offered"] == said


def test_a_loss_across_the_windows_opening_counts():
    times = [(99.95, 7), *((100.05 + index / 10, 10 + index) for index in range(20))]
    reading = read_streams(ledger(times), STREAMS)
    assert reading.account.lost == 2
    assert reading.messages == 20
    assert reading.delivered == pytest.approx(1.0)
    assert each(reading.gaps) == pytest.approx([0.1] * 20)


def test_messages_outside_the_window_do_not_count():
    times = [(99.2, 1), (99.9, 4), (102.1, 9), (102.2, 20)]
    reading = read_streams(ledger(times), STREAMS)
    assert reading.messages == 0
    assert reading.account.lost == 0
    assert each(reading.gaps) == pytest.approx([2.1])


def test_the_first_message_of_a_stream_ends_no_gap():
    reading = read_streams(ledger([(100.5, 3), (100.6, 4), (101.95, 5)]), STREAMS)
    assert each(reading.gaps) == pytest.approx([0.1, 1.35])
    assert reading.account.lost == 0


def test_a_silence_that_goes_on_is_a_gap():
    reading = read_streams(ledger([(99.9, 1), (100.0, 2), (100.1, 3)]), STREAMS)
    assert each(reading.gaps) == pytest.approx([0.1, 0.1, 1.9])
    assert reading.sustained == 0


def test_the_slowest_stream_gives_the_first_message():
    book = ledger([(99.2, 1)], [(99.7, 1)], [])
    book.streams[2].connected, book.streams[2].trouble = None, "connection refused"
    reading = read_streams(book, STREAMS)
    assert reading.first_message == pytest.approx(3.0)
    assert reading.disconnects == 1
    assert reading.silent == 1


def test_each_of_a_few_thousand_gaps_is_kept_as_it_was():
    deliveries, stream = Deliveries(0.0, 1e4), Stream(connected=0.0)
    times = np.cumsum(np.random.default_rng(8).exponential(0.02, 3000))
    for at in times.tolist():
        deliveries.hear(stream, at)
    deliveries.draw_up()
    assert each(deliveries.gaps) == pytest.approx(np.diff(times).tolist())


def test_a_stall_of_a_stream_is_drawn_where_it_ended():
    messages = [(100 + index / 20, index) for index in range(40) if not 10 <= index < 18]
    *_, longest = stream_details(read_streams(ledger(messages), STREAMS), 0.1)
    assert isinstance(longest, Curve)
    assert longest.lines == (("expected", 0.1),)
    assert max(longest.y) == pytest.approx(0.45)
    assert longest.x[longest.y.index(max(longest.y))] == pytest.approx(0.925, abs=0.026)


def test_what_is_kept_of_streams_does_not_grow_with_their_messages():
    deliveries, streams = Deliveries(0.0, 1e4), [Stream(connected=0.0) for _ in range(2)]
    rng = np.random.default_rng(6)
    gaps, kept, at = rng.lognormal(-3, 0.5, 150_000), [], 1.0
    for index, gap in enumerate(gaps.tolist()):
        if index % 50_000 == 0:
            kept.append(retained([deliveries, *streams]))
        at += gap
        for stream in streams:
            deliveries.hear(stream, at, index)
    kept.append(retained([deliveries, *streams]))
    assert kept[0] < kept[1] <= kept[0] + 100_000  # each by itself as long as there are few
    assert kept[2] == kept[3] <= kept[0] + 1
    deliveries.draw_up()
    assert deliveries.gaps.count == 2 * (gaps.size - 1)
    for share in (0.5, 0.99):
        assert deliveries.gaps.quantile(share) == pytest.approx(np.quantile(gaps[1:], share), rel=0.002)
    assert [stream.messages for stream in streams] == [150_000] * 2
    assert [stream.numbering.account.lost for stream in streams] == [0, 0]
