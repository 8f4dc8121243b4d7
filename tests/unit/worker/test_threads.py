"""Which of a program's threads a server calls."""

import os
import sys
import threading
import time

import pytest

from perfkit.worker.perfkit_audio.threads import Followed, called, snapshot

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")

US = 1000
NOBODY = 2**22 + 1  # no process has such a number


def test_it_is_the_busiest_of_those_that_are_woken_in_most_cycles():
    before = {(NOBODY, k): (0, 0, 0) for k in range(4)}
    after = {
        (NOBODY, 0): (900 * US, 0, 3),  # works, but is not called
        (NOBODY, 1): (20 * US, 5, 90),
        (NOBODY, 2): (300 * US, 7, 100),
        (NOBODY, 3): (1 * US, 0, 0),
    }
    assert called(before, after, 100) == (NOBODY, 2)


def test_one_that_is_always_late_hardly_sleeps():
    before = {(NOBODY, k): (0, 0, 0) for k in range(2)}
    assert called(before, {(NOBODY, 0): (900 * US, 0, 3), (NOBODY, 1): (2 * US, 0, 1)}, 100) == (NOBODY, 0)


def test_there_is_none_where_nothing_ran():
    assert called({}, {}, 100) is None
    assert called({(NOBODY, 1): (5, 5, 5)}, {(NOBODY, 1): (5, 5, 5)}, 100) is None


def test_this_process_is_seen_with_its_threads_and_what_they_use():
    stop = threading.Event()

    def work():
        while not stop.wait(0.001):
            pass

    thread = threading.Thread(target=work)
    thread.start()
    try:
        before = snapshot(os.getpid())
        time.sleep(0.1)
        found = called(before, snapshot(os.getpid()), 40)
        assert found == (os.getpid(), thread.native_id)
        followed = Followed(found)
        first = followed.process_time()
        time.sleep(0.05)
        assert followed.process_time() > first > 0
        assert followed.told()["used"] > 0
        assert followed.told()["kept"] is False
        core = min(os.sched_getaffinity(0))
        assert Followed(found, core).told()["kept"] is True
        assert os.sched_getaffinity(thread.native_id) == {core}
    finally:
        stop.set()
        thread.join()


def test_a_process_that_is_gone_tells_nothing():
    assert snapshot(0) == {}
    assert snapshot(NOBODY) == {}
