"""Programs that need a known amount of memory, read by every method that can see it."""

import socket
import time
from contextlib import suppress
from pathlib import Path

import pytest

from perfkit.instruments.resident import PSS_READABLE
from perfkit.model.detail import RESULT, Curve, Facts
from perfkit.model.errors import Failed, Skipped
from perfkit.probes import build

pytestmark = pytest.mark.machine

TOUCHED_AND_FREED = "block = bytearray(200 << 20); del block"
TOUCHED_AND_HELD = "import time; block = bytearray(200 << 20); time.sleep(0.15)"
MAPPED_UNTOUCHED = "import mmap, time; block = mmap.mmap(-1, 200 << 20); time.sleep(0.3)"
FORKS_THAT_SHARE = """
import os, time
block = bytearray(200 << 20)
for _ in range(3):
    if not os.fork():
        time.sleep(0.5)
        os._exit(0)
for _ in range(3):
    os.wait()
"""
CHILDREN_WITH_THEIR_OWN = """
import subprocess, sys
body = "import time; block = bytearray(100 << 20); time.sleep(0.6)"
for child in [subprocess.Popen([sys.executable, "-IS", "-c", body]) for _ in range(3)]:
    child.wait()
"""
NOTHING = "import time; time.sleep(0.15)"
ALONE = ("cgroup", "maxrss", "pss", "auto")
TREE = ("cgroup", "pss")
CLOSE = 0.05


def measure(launcher, program, method="auto", **settings):
    command = ["python", "-IS", "-c", program]
    try:
        return build("memory", {"command": command, "method": method, **settings}).measure(launcher)
    except Skipped as skipped:
        pytest.skip(str(skipped))


def peak(launcher, program, method):
    return measure(launcher, program, method).values["peak_memory"] / 2**20


def beyond_nothing(launcher, program, method):
    """MiB more than the same interpreter needs to do nothing, by the same method."""
    return peak(launcher, program, method) - peak(launcher, NOTHING, method)


@pytest.mark.parametrize("method", ALONE)
def test_what_is_touched_and_freed_at_once_counts(launcher, method):
    # Sampled, a block that is there for 50 ms may be missed; by high-water marks it never is.
    program = TOUCHED_AND_FREED if method != "pss" else TOUCHED_AND_HELD
    assert beyond_nothing(launcher, program, method) == pytest.approx(200, rel=CLOSE)


@pytest.mark.parametrize("method", ALONE)
def test_what_is_mapped_and_never_touched_does_not_count(launcher, method):
    assert peak(launcher, MAPPED_UNTOUCHED, method) < 15


@pytest.mark.parametrize("method", TREE)
def test_pages_that_forks_share_count_once(launcher, method):
    # Each fork writes to a mebibyte or two of its own.
    assert beyond_nothing(launcher, FORKS_THAT_SHARE, method) == pytest.approx(203, rel=CLOSE)


@pytest.mark.parametrize("method", TREE)
def test_children_with_memory_of_their_own_add_up(launcher, method):
    measured, nothing = measure(launcher, CHILDREN_WITH_THEIR_OWN, method), peak(launcher, NOTHING, method)
    assert measured.values["peak_memory"] / 2**20 == pytest.approx(300 + 3.5 * nothing, rel=CLOSE)
    assert measured.caveats == (("lower bound",) if method == "pss" else ())  # only what is sampled is one


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
import pathlib, signal, sys, time
folder = pathlib.Path(sys.argv[1])
print("up", flush=True)
while not (folder / "asked").exists():
    time.sleep(0.01)
block = bytearray(100 << 20)
(folder / "done").touch()
signal.pause()
"""
ASKS = """
import pathlib, sys, time
folder = pathlib.Path(sys.argv[1])
(folder / "asked").touch()
while not (folder / "done").exists():
    time.sleep(0.005)
"""


def test_a_driver_makes_a_server_need_its_memory(launcher):
    folder = str(launcher.tmp)
    settings = {"ready": {"stdout": "up"}, "drive": ["python", "-IS", "-c", ASKS, folder]}
    server = ["python", "-IS", "-c", SERVER, folder]
    values = build("memory", {"command": server, **settings}).measure(launcher).values
    assert 100 <= values["peak_memory"] / 2**20 <= 125


def test_holding_reads_what_comes_after_ready(launcher):
    program = "import time; print('up', flush=True); time.sleep(0.3); b = bytearray(100 << 20); time.sleep(60)"
    held = measure(launcher, program, ready={"stdout": "up"}, hold=1).values["peak_memory"]
    at_once = measure(launcher, program, ready={"stdout": "up"}).values["peak_memory"]
    assert at_once < 30 << 20 < 100 << 20 <= held


SPIKES = """
import mmap, pathlib, signal, sys, time
folder = pathlib.Path(sys.argv[1])
spike = mmap.mmap(-1, 300 << 20)
for place in range(0, len(spike), 4096):
    spike[place] = 1
spike.close()
(folder / "up").touch()
while not (folder / "asked").exists():
    time.sleep(0.005)
block = mmap.mmap(-1, 100 << 20)
for place in range(0, len(block), 4096):
    block[place] = 1
block.close()
(folder / "done").touch()
signal.pause()
"""


def under_load(launcher, server, driver=ASKS, arguments=(), **settings):
    folder = str(launcher.tmp)
    settings = {"ready": {"file": f"{folder}/up"}, "drive": ["python", "-IS", "-c", driver, folder], **settings}
    command = ["python", "-IS", "-c", server, folder, *arguments]
    return build("memory", {"mode": "load", "command": command, "idle": "0.3 s", **settings}).measure(launcher)


def test_a_spike_under_load_is_read_exactly_and_one_before_it_is_not(launcher):
    measured = under_load(launcher, SPIKES, hold="0.3 s")
    values = {name: value / 2**20 for name, value in measured.values.items()}
    assert values["idle_memory"] < 20
    assert values["growth"] == pytest.approx(100, rel=CLOSE)
    assert values["peak_memory"] == pytest.approx(values["idle_memory"] + values["growth"])
    assert values["idle_memory"] - 1 <= values["rss_p50"] <= values["rss_p95"] <= values["peak_memory"] + 1
    assert {metric.method for metric in measured.metrics if metric.name in {"peak_memory", "growth"}} == {"VmHWM"}
    assert measured.caveats == ()
    (curve,) = [each for each in measured.details if isinstance(each, Curve)]
    assert [name for name, _ in curve.moments] == ["idle", "driven", "afterwards", "end"]
    moments = [at for _, at in curve.moments]
    assert moments == sorted(moments)
    assert moments[1] - moments[0] >= 0.3


FORKS = """
import mmap, os, pathlib, signal, sys, time
folder = pathlib.Path(sys.argv[1])
def touch():
    block = mmap.mmap(-1, 50 << 20)
    for place in range(0, len(block), 4096):
        block[place] = 1
    return block
(folder / "up").touch()
while not (folder / "asked").exists():
    time.sleep(0.005)
child = os.fork()
block = touch()
if child == 0:
    (folder / "child").touch()
    ends = sys.argv[2] == "ends"
    time.sleep(0.2 if ends else 60)
    os._exit(0)
while not (folder / "child").exists():
    time.sleep(0.005)
time.sleep(0.1)
if sys.argv[2] == "ends":
    os.wait()
(folder / "done").touch()
signal.pause()
"""


@pytest.mark.parametrize(("child", "bound"), [("stays", "upper bound"), ("ends", "lower bound")])
def test_the_peaks_of_several_processes_are_a_bound(launcher, child, bound):
    measured = under_load(launcher, FORKS, arguments=[child], idle="0.2 s")
    assert measured.values["growth"] / 2**20 == pytest.approx(100 + 8, rel=0.1)  # the child's interpreter as well
    assert [bound in caveat for caveat in measured.caveats] == [True]
    assert {metric.name: metric.method for metric in measured.metrics}["peak_memory"] == "VmHWM summed"


def test_a_server_that_dies_under_load_is_a_failure(launcher):
    dies = "import pathlib, sys, time; pathlib.Path(sys.argv[1], 'up').touch(); time.sleep(0.5); sys.exit(3)"
    with pytest.raises(Failed, match="python ended with code 3"):
        under_load(launcher, dies, driver="import time; time.sleep(0.6)")


GROWS = """
import mmap, sys, time
rate, block, began, written = float(sys.argv[1]), mmap.mmap(-1, 1 << 30), time.monotonic(), 0
print("up", flush=True)
while True:
    while written < rate * (time.monotonic() - began):
        block[written] = 1
        written += 4096
    time.sleep(0.01)
"""


def leaking(launcher, rate, hold, **settings):
    command = ["python", "-IS", "-c", GROWS, str(rate)]
    settings = {"ready": {"stdout": "up"}, "hold": hold, "warmup": "0.2 s", **settings}
    return build("memory", {"mode": "leak", "command": command, **settings}).measure(launcher)


def said(measured):
    return dict(next(each for each in measured.details if isinstance(each, Facts)).rows)[RESULT]


@pytest.mark.parametrize(("rate", "hold"), [(500e3, "2.8 s"), (50e3, "2.8 s"), (0, "2.6 s")])
def test_a_slope_is_read_within_ten_percent(launcher, rate, hold):
    measured = leaking(launcher, rate, hold)
    assert measured.values["leak"] == pytest.approx(rate, rel=0.1, abs=100)
    # 50 kB/s come to less than 1 MiB in 3 s, which is no leak yet.
    assert said(measured).startswith("leaks " if rate > 100e3 else "no leak")


@pytest.mark.slow
@pytest.mark.parametrize("rate", [0, 50e3, 500e3])
def test_leaks_of_a_minute_are_told_from_none(launcher, rate):
    measured = leaking(launcher, rate, "40 s", warmup="5 s")
    assert measured.values["leak"] == pytest.approx(rate, rel=0.1, abs=50)
    assert said(measured).startswith("leaks" if rate else "no leak")


def test_counted_work_gives_a_leak_by_iteration(launcher):
    work = """
import mmap, time
block, place = mmap.mmap(-1, 1 << 28), 0
for number in range(1, 261):
    for _ in range(5):
        block[place] = 1
        place += 4096
    time.sleep(0.01)
print("iterations", number)
"""
    measured = measure(launcher, work, mode="leak", iterations=r"iterations (\d+)", warmup="0.3 s")
    assert measured.values["leak_per_iteration"] == pytest.approx(5 * 4096, rel=0.1)


KEEPS = """
import asyncio, sys
kept = []
class Answer(asyncio.Protocol):
    def connection_made(self, transport):
        self.transport = transport
    def data_received(self, data):
        kept.append(b"x" * int(sys.argv[2]))
        self.transport.write(b"HTTP/1.1 200 OK\\r\\nContent-Length: 2\\r\\n\\r\\nok")
async def main():
    server = await asyncio.get_running_loop().create_server(Answer, "127.0.0.1", int(sys.argv[1]))
    await server.serve_forever()
asyncio.run(main())
"""


def requested(kept, **settings):
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    load = {"url": f"http://127.0.0.1:{port}/", "rate": 100, "duration": "2.5 s"}
    command = ["python", "-IS", "-c", KEEPS, str(port), str(kept)]
    return build("memory", {"command": command, "ready": {"tcp": port}, "load": load, **settings})


def test_requests_drive_a_leak_that_each_of_them_makes(launcher):
    measured = requested(40_000, mode="leak", warmup="0.3 s").measure(launcher)
    assert measured.values["leak_per_iteration"] == pytest.approx(40_000, rel=0.1)
    assert said(measured).startswith("leaks ")


def test_a_program_that_passes_its_limit_by_requests_is_ended(launcher):
    with pytest.raises(Failed, match="passed the limit of 100 MB"):
        requested(2_000_000, mode="load", limit="100 MB").measure(launcher)


PASSES = """
import time
blocks = []
while True:
    blocks.append(b"x" * 10_000_000)
    time.sleep(0.01)
"""


def test_a_program_that_passes_its_limit_is_ended_and_says_when(launcher):
    with pytest.raises(Failed, match=r"passed the limit of 200 MB after [\d.]+ m?s \(2\d\d MB, 1 process\)"):
        measure(launcher, PASSES, limit="200 MB")


def test_a_tree_that_passes_its_limit_leaves_nothing_behind(launcher):
    marker = f"marker-{launcher.tmp}"
    children = f"import subprocess, sys\nbody = {PASSES!r}\n"
    children += f"for child in [subprocess.Popen([sys.executable, '-IS', '-c', body, {marker!r}]) for _ in range(3)]:"
    children += " child.wait()"
    with pytest.raises(Failed, match=r"passed the limit of 300 MB .* 4 processes"):
        measure(launcher, children, limit="300 MB")
    wait_until(lambda: not running(marker))


def test_shared_pages_count_once_against_the_limit(launcher):
    measured = measure(launcher, FORKS_THAT_SHARE, limit="300 MB")
    assert measured.values["peak_memory"] < 300e6


def test_the_driver_of_a_program_that_passes_its_limit_ends_with_it(launcher):
    marker = f"marker-{launcher.tmp}"
    driver = ["python", "-IS", "-c", "import time; time.sleep(60)", marker]
    with pytest.raises(Failed, match="passed the limit of 100 MB"):
        measure(launcher, "print('up', flush=True)" + PASSES, ready={"stdout": "up"}, drive=driver, limit="100 MB")
    wait_until(lambda: not running(marker))


def running(marker):
    """The processes that have `marker` among their arguments."""
    found = []
    for entry in Path("/proc").iterdir():
        with suppress(OSError):
            if entry.name.isdigit() and marker.encode() in (entry / "cmdline").read_bytes():
                found.append(int(entry.name))
    return found


def wait_until(condition):
    deadline = time.monotonic() + 5
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)
