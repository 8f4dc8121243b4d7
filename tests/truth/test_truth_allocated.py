"""Programs that request a known number of bytes, counted by memray."""

from importlib.util import find_spec

import pytest

from perfkit.model.detail import Facts
from perfkit.model.errors import Failed, Skipped
from perfkit.probes import build

pytestmark = pytest.mark.machine

BLOCKS = 20_000
EACH = 1000 + 33
"""A block of 1000 B with its object's head; the deque that holds it takes 8 more."""
WORK = """
from collections import deque
from itertools import repeat


def fill(count):
    {{str(number) for number in range(1000)}}.pop()
    return deque(map(bytes, repeat(1000, count)))


fill({count})
"""


@pytest.fixture(autouse=True)
def memray(require):
    require(find_spec("memray"), "pip install memray")


def allocated(launcher, code, **settings):
    command = ["python", "-c", code]
    return build("memory", {"mode": "allocated", "command": command, **settings}).measure(launcher)


def filled(launcher, count):
    (launcher.root / "work.py").write_text(WORK.format(count=count))
    return build("memory", {"mode": "allocated", "command": ["python", "work.py"]}).measure(launcher)


def test_requested_bytes_are_counted_told_by_place_and_the_same_each_time(launcher):
    measured, again, nothing = filled(launcher, BLOCKS), filled(launcher, BLOCKS), filled(launcher, 0).values
    assert measured.values["allocated"] - nothing["allocated"] == pytest.approx(BLOCKS * (EACH + 8), rel=0.01)
    assert measured.values["allocations"] - nothing["allocations"] == pytest.approx(BLOCKS * 65 / 64, rel=0.01)
    assert measured.values["peak_heap"] >= BLOCKS * EACH
    assert again.values == measured.values
    places = next(each for each in measured.details if isinstance(each, Facts) and each.title.startswith("most"))
    assert places.rows[0][1] == "fill  work.py:8"
    assert not any("memray" in where for _, where in places.rows)


def test_processes_that_it_forks_are_counted(launcher):
    forked = allocated(launcher, "import os; block = os.wait() if os.fork() else bytes(50_000_000)")
    assert dict(forked.details[0].rows)["processes"] == "2"
    assert 50e6 < forked.values["allocated"] < 60e6


def test_an_interpreter_without_memray_says_how_to_get_it(launcher):
    with pytest.raises(Skipped, match="memray is not in the side's interpreter") as caught:
        build("memory", {"mode": "allocated", "command": ["python", "-IS", "-c", "pass"]}).measure(launcher)
    assert "-m pip install memray" in caught.value.hint


def test_a_program_that_fails_has_failed(launcher):
    with pytest.raises(Failed, match="ended with code"):
        allocated(launcher, "raise SystemExit(3)")
