"""Programs that need a known amount of memory, read by every method that can see it."""

import pytest

from perfkit.instruments.memory import PSS_READABLE
from perfkit.model.errors import Skipped
from perfkit.model.launch import Curve
from perfkit.probes import build

pytestmark = pytest.mark.machine

TOUCHED_AND_FREED = "block = bytearray(200 << 20); del block"
MAPPED_UNTOUCHED = "import mmap, time; block = mmap.mmap(-1, 200 << 20); time.sleep(0.3)"
FORKS_THAT_SHARE = """
import os, time
block = bytearray(200 << 20)
for _ in range(3):
    if not os.fork():
        time.sleep(0.7)
        os._exit(0)
for _ in range(3):
    os.wait()
"""
CHILDREN_WITH_THEIR_OWN = """
import subprocess, sys
body = "import time; block = bytearray(100 << 20); time.sleep(0.9)"
for child in [subprocess.Popen([sys.executable, "-IS", "-c", body]) for _ in range(3)]:
    child.wait()
"""
ALONE = ("cgroup", "maxrss", "pss", "auto")
TREE = ("cgroup", "pss", "auto")


def measure(launcher, program, method="auto", **settings):
    command = ["python", "-IS", "-c", program]
    try:
        return build("memory", {"command": command, "method": method, **settings}).measure(launcher)
    except Skipped as skipped:
        pytest.skip(str(skipped))


def peak(launcher, program, method):
    return measure(launcher, program, method).values["peak_memory"] / 2**20


@pytest.mark.parametrize("method", ALONE)
def test_what_is_touched_and_freed_at_once_counts(launcher, method):
    assert 200 <= peak(launcher, TOUCHED_AND_FREED, method) <= 230


@pytest.mark.parametrize("method", ALONE)
def test_what_is_mapped_and_never_touched_does_not_count(launcher, method):
    assert peak(launcher, MAPPED_UNTOUCHED, method) < 15


@pytest.mark.parametrize("method", TREE)
def test_pages_that_forks_share_count_once(launcher, method):
    assert 200 <= peak(launcher, FORKS_THAT_SHARE, method) <= 225


@pytest.mark.parametrize("method", TREE)
def test_children_with_memory_of_their_own_add_up(launcher, method):
    assert 305 <= peak(launcher, CHILDREN_WITH_THEIR_OWN, method) <= 345


def test_the_largest_process_alone_misses_the_other_children_and_says_so(launcher):
    measured = measure(launcher, CHILDREN_WITH_THEIR_OWN, "maxrss")
    assert 100 <= measured.values["peak_memory"] / 2**20 <= 120
    assert measured.caveats == ("largest process only",)


@pytest.mark.skipif(not PSS_READABLE, reason="this kernel does not tell PSS")
def test_without_a_cgroup_a_tree_is_read_by_pss_and_a_process_by_its_high_water_mark(launcher, monkeypatch):
    start = launcher.start
    monkeypatch.setattr(type(launcher), "start", lambda self, program, *, cgroup=False: start(program))
    tree, alone = measure(launcher, CHILDREN_WITH_THEIR_OWN), measure(launcher, TOUCHED_AND_FREED)
    assert (tree.metrics[0].method, tree.caveats) == ("pss", ("lower bound",))
    assert (alone.metrics[0].method, alone.caveats) == ("maxrss", ())
    assert 305 <= tree.values["peak_memory"] / 2**20 <= 345


def test_the_curve_shows_when_memory_was_needed(launcher):
    program = "import time; time.sleep(0.5); block = bytearray(100 << 20); time.sleep(0.5)"
    (curve,) = measure(launcher, program).details
    assert isinstance(curve, Curve)
    levels = dict(zip(curve.x, curve.y, strict=True))
    assert max(levels.values()) >= 100 << 20
    assert all(level < 30 << 20 for second, level in levels.items() if second < 0.3)


SERVER = """
import signal, sys, time, pathlib
print("up", flush=True)
while not pathlib.Path(sys.argv[1]).exists():
    time.sleep(0.01)
block = bytearray(100 << 20)
signal.pause()
"""


def test_a_driver_makes_a_server_need_its_memory(launcher):
    asked = launcher.tmp / "asked"
    driver = f"import pathlib, time; pathlib.Path({str(asked)!r}).touch(); time.sleep(0.5)"
    settings = {"ready": {"stdout": "up"}, "drive": ["python", "-IS", "-c", driver]}
    server = ["python", "-IS", "-c", SERVER, str(asked)]
    values = build("memory", {"command": server, **settings}).measure(launcher).values
    assert 100 <= values["peak_memory"] / 2**20 <= 125


def test_holding_reads_what_comes_after_ready(launcher):
    program = "import time; print('up', flush=True); time.sleep(0.3); b = bytearray(100 << 20); time.sleep(60)"
    held = measure(launcher, program, ready={"stdout": "up"}, hold=1).values["peak_memory"]
    at_once = measure(launcher, program, ready={"stdout": "up"}).values["peak_memory"]
    assert at_once < 30 << 20 < 100 << 20 <= held
