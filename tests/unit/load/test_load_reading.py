import numpy as np
import pytest

from perfkit.model.launch import Curve
from perfkit.probes._load.drawing import http_details, over_time
from perfkit.probes._load.ledger import ANSWERED, DROPPED, FAILED, TIMED_OUT, Ledger, Requests, Stream
from perfkit.probes._load.reading import read_requests, read_streams
from perfkit.probes._load.settings import Streams

STREAMS = Streams(url="ws://127.0.0.1:1/", count=1, rate=10.0, sequence="<Q")


def ledger(rows=(), warmup=0, streams=(), opens=100.0, closes=102.0) -> Ledger:
    """Rows are (due, sent, done, state)."""
    requests = Requests(np.array([row[0] for row in rows], float))
    for index, (_, sent, done, state) in enumerate(rows):
        requests.sent[index], requests.done[index], requests.state[index] = sent, done, state
    return Ledger(requests, warmup, tuple(streams), opens, closes)


def heard(*pairs: tuple[float, int], **more) -> Stream:
    stream = Stream(asked=99.0, connected=99.1, **more)
    for time, number in pairs:
        stream.times.append(time)
        stream.numbers.append(number)
    return stream


def test_response_counts_from_when_a_request_was_due():
    reading = read_requests(ledger([(100.0, 100.01, 100.05, ANSWERED), (100.5, 100.5, 100.6, FAILED)]))
    assert reading.response == pytest.approx([0.05, 0.1])
    assert reading.service == pytest.approx([0.04, 0.1])
    assert reading.lag == pytest.approx([0.01, 0.0])
    assert (reading.requests, reading.failed, reading.timed_out, reading.dropped) == (2, 1, 0, 0)


def test_the_warmup_counts_for_throughput_only():
    rows = [(99.9, 99.9, 100.1, ANSWERED), (100.2, 100.2, 100.3, ANSWERED), (101.9, 101.9, 102.1, ANSWERED)]
    reading = read_requests(ledger(rows, warmup=1))
    assert reading.response == pytest.approx([0.1, 0.2])
    assert reading.answered_in_window == 2


def test_dropped_requests_have_no_latency_and_timeouts_have_theirs():
    rows = [(100.0, 100.0, 102.0, TIMED_OUT), (100.1, 0.0, 0.0, DROPPED), (100.2, 100.2, 100.3, ANSWERED)]
    reading = read_requests(ledger(rows))
    assert reading.response == pytest.approx([2.0, 0.1])
    assert (reading.requests, reading.timed_out, reading.dropped) == (3, 1, 1)


def test_a_stall_is_not_averaged_away():
    rows = [(100 + index * 0.005, 100 + index * 0.005, 100 + index * 0.005 + 0.001, ANSWERED) for index in range(400)]
    rows[137] = (rows[137][0], rows[137][1], rows[137][0] + 0.4, ANSWERED)
    curve = over_time(read_requests(ledger(rows)), 2.0)
    assert len(curve.x) == 40
    assert max(curve.y) == pytest.approx(0.4)
    assert curve.x[curve.y.index(max(curve.y))] == pytest.approx(0.675, abs=0.026)


def test_long_loads_are_drawn_in_at_most_400_points():
    rows = [(100 + index * 0.05, 100 + index * 0.05, 100.01 + index * 0.05, ANSWERED) for index in range(12_000)]
    reading = read_requests(ledger(rows, closes=700.0))
    assert len(over_time(reading, 600.0).x) <= 400
    by_nines = http_details(reading, 600.0)[0]
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
