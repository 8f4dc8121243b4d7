import subprocess
import sys
import time

import pytest

from perfkit.instruments.affinity import Cores, pinned, split_cores
from perfkit.instruments.cpu import CpuReading, between, read_tree, tree

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="clocks of other processes are Linux's")

BURN = "import time\nwhile time.process_time() < {seconds}: pass\n"


def started(code: str) -> subprocess.Popen:
    return subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, stdin=subprocess.PIPE)


def test_a_window_is_the_difference_of_its_readings():
    first = CpuReading(10.0, {1: 2.0}, {1: 0.5}, 0.1)
    last = CpuReading(14.0, {1: 3.0, 2: 0.5}, {1: 0.5}, 0.3)
    window = between(first, last)
    assert (window.elapsed, window.used, window.cores) == (4.0, 1.5, 0.375)
    assert window.run_delay == pytest.approx(0.2)


def test_a_child_that_ended_counts_by_its_parents_record():
    first = CpuReading(0.0, {1: 1.0, 2: 3.0}, {1: 0.0, 2: 0.0}, None)
    last = CpuReading(1.0, {1: 1.0}, {1: 3.4}, None)
    assert between(first, last).used == pytest.approx(0.4)
    assert between(first, last).run_delay is None


def test_what_a_program_burns_is_read_while_it_lives():
    code = BURN.format(seconds=0.3) + "print('burnt', flush=True)\ninput()"
    with started(code) as process:
        process.stdout.readline()
        reading = read_tree(process.pid)
        process.communicate(b"\n")
    # Python's own start is in it; its clock stood at .3 s when it said so.
    assert 0.3 <= reading.used[process.pid] < 0.4


def test_threads_that_ended_and_children_are_in_it():
    burn_in_thread = "import threading\ndef work():\n import time\n while time.thread_time() < .1: pass\n"
    burn_in_thread += "t = threading.Thread(target=work); t.start(); t.join()\n"
    child = f"import subprocess, sys\np = subprocess.Popen([sys.executable, '-c', {BURN.format(seconds=0.2)!r}\n"
    child += "+ \"print('burnt', flush=True)\\ninput()\"], stdin=subprocess.PIPE, stdout=subprocess.PIPE)\n"
    child += "p.stdout.readline()\nprint('burnt', flush=True)\ninput()\np.communicate(b'\\n')"
    with started(burn_in_thread + child) as process:
        process.stdout.readline()
        members, reading = tree(process.pid), read_tree(process.pid)
        process.communicate(b"\n")
    assert len(members) == 2
    assert members[0] == process.pid
    assert 0.3 <= sum(reading.used.values()) < 0.5


def test_a_program_that_is_gone_reads_as_nothing():
    with started("pass") as process:
        process.communicate()
    assert between(read_tree(process.pid), read_tree(process.pid)).used == 0.0


def test_cores_are_never_shared():
    cores = split_cores()
    if cores is None:
        pytest.skip("one core")
    assert not cores.generator & cores.service
    assert len(cores.generator) == 1


def test_pinning_is_undone_for_the_generator_and_holds_for_the_service():
    import os

    before = os.sched_getaffinity(0)
    one = frozenset({min(before)})
    with started("input()") as process:
        with pinned(Cores(one, one), process.pid):
            assert os.sched_getaffinity(0) == one
            assert os.sched_getaffinity(process.pid) == one
        process.communicate(b"\n")
    assert os.sched_getaffinity(0) == before


def test_no_pinning_leaves_everything():
    import os

    with pinned(None, os.getpid()):
        assert time.process_time() >= 0
