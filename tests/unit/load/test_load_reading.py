import numpy as np
import pytest

from perfkit.model.detail import Curve
from perfkit.probes._load.book import Book
from perfkit.probes._load.drawing import over_time, request_details
from perfkit.probes._load.flow import Flow
from perfkit.probes._load.ledger import Ledger, Stream
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


def ledger(streams=()) -> Ledger:
    return Ledger(None, tuple(streams), 100.0, 102.0)


def heard(*pairs: tuple[float, int], **more) -> Stream:
    stream = Stream(asked=99.0, connected=99.1, **more)
    for time, number in pairs:
        stream.times.append(time)
        stream.numbers.append(number)
    return stream


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
    assert (first.slowest == together.slowest).all()
    assert (first.flow.due == together.flow.due).all()
    assert first.answered_in_window == together.answered_in_window


def test_a_stall_is_not_averaged_away():
    rows = [(100 + index * 0.005, 100 + index * 0.005, 100 + index * 0.005 + 0.001, ANSWERED) for index in range(400)]
    rows[137] = (rows[137][0], rows[137][1], rows[137][0] + 0.4, ANSWERED)
    curve = over_time(tally(rows))
    assert len(curve.x) == 40
    assert max(curve.y) == pytest.approx(0.4)
    assert curve.x[curve.y.index(max(curve.y))] == pytest.approx(0.675, abs=0.026)


def test_long_loads_are_drawn_in_at_most_400_points():
    rows = [(100 + index * 0.05, 100 + index * 0.05, 100.01 + index * 0.05, ANSWERED) for index in range(12_000)]
    made = tally(rows, duration=600.0)
    assert len(over_time(made).x) <= 400
    by_nines = request_details(made)[0]
    assert isinstance(by_nines, Curve)
    assert by_nines.x[0] == 1
    assert by_nines.x[-1] == pytest.approx(12_000)
    assert list(by_nines.y) == sorted(by_nines.y)


def test_a_loss_across_the_windows_opening_counts():
    times = [(99.95, 7), *((100.05 + index / 10, 10 + index) for index in range(20))]
    reading = read_streams(ledger(streams=[heard(*times)]), STREAMS)
    assert reading.account.lost == 2
    assert reading.messages == 20
    assert reading.delivered == pytest.approx(1.0)
    assert reading.gaps == pytest.approx(np.full(20, 0.1))


def test_messages_outside_the_window_do_not_count():
    times = [(99.2, 1), (99.9, 4), (102.1, 9), (102.2, 20)]
    reading = read_streams(ledger(streams=[heard(*times)]), STREAMS)
    assert reading.messages == 0
    assert reading.account.lost == 0


def test_a_silence_that_goes_on_is_a_gap():
    reading = read_streams(ledger(streams=[heard((99.9, 1), (100.0, 2), (100.1, 3))]), STREAMS)
    assert reading.gaps == pytest.approx([0.1, 0.1, 1.9])
    assert reading.sustained == 0


def test_the_slowest_stream_gives_the_first_message():
    streams = [heard((99.2, 1)), heard((99.7, 1)), Stream(asked=99.0, trouble="connection refused")]
    reading = read_streams(ledger(streams=streams), STREAMS)
    assert reading.first_message == pytest.approx(3.0)
    assert reading.disconnects == 1
    assert reading.silent == 1
