"""Programs that know when they were ready and what they had used by then."""

import json

import pytest

from perfkit.model.errors import Failed
from perfkit.probes import build
from tests.truth.clean import until_clean

pytestmark = pytest.mark.machine

STAMPS = """
import json, sys, time
def stamp(**more):
    with open(sys.argv[1], "w") as out:
        json.dump({"cpu": time.process_time(), "wall": time.monotonic() - begun, **more}, out)
def burn(seconds):
    end = time.process_time() + seconds
    while time.process_time() < end:
        pass
begun, before = time.monotonic(), time.process_time()
"""
SLEEPER = STAMPS + "time.sleep(0.5); stamp(before=before); print('ready', flush=True); time.sleep(60)"
SLEEPER_THAT_ENDS = STAMPS + "time.sleep(0.5); stamp(before=before)"
SHUTS_DOWN_SLOWLY = (
    STAMPS + "import signal; signal.signal(signal.SIGTERM, lambda *_: (burn(0.4), sys.exit(0)));"
    "burn(0.2); stamp(); print('ready', flush=True); signal.pause()"
)
HAS_CHILDREN = (
    STAMPS + "import os, signal\n"
    "for _ in range(2):\n"
    "    if not os.fork():\n"
    "        burn(0.1); os._exit(0)\n"
    "    os.wait()\n"
    "stamp(); print('ready', flush=True); signal.pause()"
)


def measure(launcher, program, **settings):
    """The measurement and the program's own stamps."""
    out = launcher.tmp / "stamps.json"
    command = ["python", "-IS", "-c", program, str(out)]
    measured = build("startup", {"command": command, **settings}).measure(launcher)
    return measured, json.loads(out.read_text()) if out.exists() else {}


@pytest.mark.parametrize(
    ("program", "settings"),
    [(SLEEPER, {"ready": {"stdout": "^ready$"}}), (SLEEPER_THAT_ENDS, {})],
    ids=["ready by a line", "ready at its end"],
)
def test_ready_time_is_what_the_program_knows_of_itself(launcher, program, settings):
    measured, own = until_clean(lambda: measure(launcher, program, **settings))
    truth = own["before"] + own["wall"]  # the interpreter's start costs wall time as it costs CPU time
    assert own["wall"] < measured.values["ready_time"] < truth + 0.03


def test_cpu_time_is_that_until_ready_without_the_end(launcher):
    measured, own = measure(launcher, SHUTS_DOWN_SLOWLY, ready={"stdout": "^ready$"})
    assert own["cpu"] >= 0.2
    assert measured.values["cpu_time"] == pytest.approx(own["cpu"], abs=0.005)


def test_cpu_time_holds_children_that_ended_before(launcher):
    measured, own = measure(launcher, HAS_CHILDREN, ready={"stdout": "^ready$"})
    assert measured.values["cpu_time"] == pytest.approx(own["cpu"] + 0.2, abs=0.03)


@pytest.mark.parametrize("ready", [{}, {"stdout": "ready"}], ids=["at its end", "by a line"])
def test_every_page_touched_is_a_minor_fault(launcher, ready):
    touch = """
import mmap, sys, time
pages = int(sys.argv[2])
block = mmap.mmap(-1, 4000 * mmap.PAGESIZE)
block.madvise(mmap.MADV_NOHUGEPAGE)
for page in range(pages):
    block[page * mmap.PAGESIZE] = 1
print("ready", flush=True)
"""
    touch += "time.sleep(60)" if ready else ""
    counts = []
    for pages in ("0", "3000"):
        command = ["python", "-IS", "-c", touch, "", pages]
        counts.append(build("startup", {"command": command, "ready": ready}).measure(launcher).values["minor_faults"])
    assert counts[1] - counts[0] == pytest.approx(3000, abs=150)


def test_the_peak_of_a_small_program_is_not_perfkits_own(launcher):
    ballast = bytearray(300 << 20)
    measured = build("startup", {"command": ["/bin/true"]}).measure(launcher)
    assert measured.values["peak_memory"] < 12 * 2**20 < len(ballast)


def test_an_early_death_fails_at_once_with_its_last_words(launcher):
    program = "import sys; sys.stderr.write('no sound card\\n'); sys.exit(3)"
    with pytest.raises(Failed) as caught:
        measure(launcher, program, ready={"stdout": "never"})
    assert "no sound card" in f"{caught.value} {caught.value.hint}"
