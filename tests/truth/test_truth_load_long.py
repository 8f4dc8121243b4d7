"""Loads that are long or many: what is bounded stays bounded."""

import resource
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest

from perfkit.instruments.histogram import LatencyHistogram
from perfkit.model.errors import Invalid
from perfkit.probes import build
from tests.truth.test_truth_load import free_port, launching, service

pytestmark = [pytest.mark.machine, pytest.mark.slow, pytest.mark.timeout(900)]

FAST = str(Path(__file__).parents[2] / "scenarios" / "self" / "programs" / "fast_server.py")
MIB = 1024.0**2


def resident() -> float:
    """The memory of this process in MiB."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize() / MIB


class Watch(threading.Thread):
    """Notes this process's memory every second."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.seen: list[float] = []
        self.over = threading.Event()

    def run(self) -> None:
        while not self.over.wait(1.0):
            self.seen.append(resident())


def test_three_thousand_streams_are_held_from_a_soft_limit_of_a_thousand_files():
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (1024, before[1]))
    port = free_port()
    probe = build("load", {
        "service": service("sparse", port), "duration": "10 s", "warmup": "2 s", "request_timeout": "20 s",
        "streams": {
            "url": f"ws://127.0.0.1:{port}/stream", "count": 3000, "rate": 1, "sequence": ">I", "sequence_offset": 4,
        },
    })  # fmt: skip
    try:
        with launching(120.0) as launcher:
            measured = probe.measure(launcher)
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, before)
    print(measured.values)
    assert measured.values["streams_sustained"] == 3000
    assert measured.values["disconnects"] == 0
    assert measured.values["lost"] == 0
    assert measured.values["delivered"] == pytest.approx(1.0, abs=0.02)


def test_the_memory_of_a_long_load_is_flat():
    seconds = 75
    port = free_port()
    probe = build("load", {
        "service": {"command": ["python", FAST, str(port)], "ready": {"stdout": "ready"}},
        "url": f"http://127.0.0.1:{port}/", "rate": 5000, "duration": seconds, "warmup": "1 s",
    })  # fmt: skip
    watch = Watch()
    watch.start()
    try:
        with launching(seconds + 60.0) as launcher:
            measured = probe.measure(launcher)
    except Invalid as error:  # a busy machine; its memory is as flat
        print(error, file=sys.stderr)
    else:
        print(measured.values)
        assert measured.values["throughput"] == pytest.approx(5000, rel=0.01)
    watch.over.set()
    during = watch.seen[10:seconds]
    print(f"{during[0]:.1f} MiB after 10 s, {during[-1]:.1f} at the end, {max(during):.1f} at most")
    assert max(during) - during[0] < 4.0


def test_ten_million_values_take_no_more_memory_than_none():
    rng = np.random.default_rng(3)
    values = rng.lognormal(-6.0, 1.5, 100_000)
    histograms = [LatencyHistogram() for _ in range(3)]
    for histogram in histograms:
        histogram.record(values[:1000])
    before, began = resident(), time.monotonic()
    for _ in range(100):
        for first in range(0, values.size, 1000):
            for histogram in histograms:
                histogram.record(values[first : first + 1000])
    print(f"30 million records in {time.monotonic() - began:.1f} s, {resident() - before:+.2f} MiB")
    assert all(histogram.count == 10_001_000 for histogram in histograms)
    assert resident() - before < 2.0
