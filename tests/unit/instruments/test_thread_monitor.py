"""A monitor of threads on small programs."""

import resource
import subprocess
import sys
import time
from pathlib import Path

import pytest

from perfkit.instruments.threads import READABLE, ThreadMonitor

pytestmark = pytest.mark.skipif(not READABLE, reason="this kernel does not tell the clocks of threads")

THREADS = """
import sys, threading, time
for _ in range(int(sys.argv[1])):
    threading.Thread(target=time.sleep, args=(60,), daemon=True).start()
print("up", flush=True)
time.sleep(60)
"""


@pytest.fixture
def program(request):
    count = str(getattr(request, "param", 5))
    with subprocess.Popen([sys.executable, "-IS", "-c", THREADS, count], stdout=subprocess.PIPE) as started:
        started.stdout.readline()
        yield started
        started.kill()


def open_files():
    return [int(entry.name) for entry in Path("/proc/self/fd").iterdir()]


def test_every_thread_is_followed_and_every_file_closed(program):
    before = len(open_files())
    with ThreadMonitor(program.pid, interval=0.02) as monitor:
        time.sleep(0.1)
    assert len(monitor.threads) == 6
    assert {len(clock.samples) for clock in monitor.threads} == {len(monitor.at)}
    assert len(open_files()) == before


def test_a_program_that_ends_is_noticed_and_its_files_closed(program):
    before = len(open_files())
    with ThreadMonitor(program.pid, interval=0.02) as monitor:
        program.kill()
        program.wait()
        assert monitor.gone.wait(2)
    assert len(open_files()) == before


def test_a_program_that_is_gone_has_no_threads(program):
    program.kill()
    program.wait()
    with ThreadMonitor(program.pid) as monitor:
        assert monitor.gone.is_set()
    assert monitor.threads == []


@pytest.mark.parametrize("program", [100], indirect=True)
def test_threads_beyond_the_open_files_are_counted(program):
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    monitor = ThreadMonitor(program.pid, interval=0.02)
    resource.setrlimit(resource.RLIMIT_NOFILE, (100, hard))
    try:
        with monitor:
            time.sleep(0.05)
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    assert monitor.unread > 0
