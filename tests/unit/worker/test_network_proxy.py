import asyncio
import random
import time

import pytest

from perfkit.worker.network_proxy import Clockwork, Link


def link(delay=0.0, jitter=0.0, rate=0.0) -> Link:
    return Link(delay, jitter, rate, random.Random(3))


def test_what_is_sent_at_once_queues_for_the_bandwidth_and_then_travels():
    # 1000 bytes take 1 ms at 8 Mbit/s.
    slow = link(delay=0.02, rate=8e6)
    assert [slow.arrival(5.0, 1000) for _ in range(3)] == pytest.approx([5.021, 5.022, 5.023])
    assert slow.arrival(6.0, 500) == pytest.approx(6.0205)


def test_without_a_rate_nothing_queues():
    assert {link(delay=0.02).arrival(5.0, size) for size in (1, 10**9)} == {5.02}
    assert link().piece > 10**9


def test_jitter_is_uniform_around_the_latency():
    jittery = link(delay=0.02, jitter=0.01)
    arrivals = sorted(jittery.arrival(0.0, 1) for _ in range(4000))
    assert arrivals[0] >= 0.01
    assert arrivals[-1] <= 0.03
    assert arrivals[2000] == pytest.approx(0.02, abs=0.0006)  # four standard errors of the median
    assert arrivals[1000] == pytest.approx(0.015, abs=0.0006)


@pytest.mark.parametrize(("rate", "piece"), [(8e6, 2000), (9600, 1448), (1e9, 250_000)])
def test_pieces_are_a_packet_or_two_milliseconds(rate, piece):
    assert link(rate=rate).piece == piece


def test_things_are_done_in_the_order_of_their_times_and_one_that_fails_stops_no_other():
    done = []

    def fail() -> None:
        raise ConnectionResetError

    async def run() -> Clockwork:
        clockwork = Clockwork(late=60.0)
        now = time.monotonic()
        over = asyncio.Event()
        clockwork.at(now + 0.03, lambda: (done.append("last"), over.set()))
        clockwork.at(now + 0.01, fail)
        clockwork.at(now + 0.01, lambda: done.append("first"))
        clockwork.at(now + 0.02, lambda: done.append("second"))
        await over.wait()
        assert time.monotonic() >= now + 0.03
        clockwork.close()
        return clockwork

    clockwork = asyncio.run(run())
    assert done == ["first", "second", "last"]
    assert clockwork.late == 0
