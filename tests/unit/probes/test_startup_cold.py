"""Probe startup with a cold page cache, on scripted ends."""

import mmap
import sys
from pathlib import Path

import pytest

from perfkit.instruments.page_cache import IN_MEMORY, Dropped, file_system
from perfkit.model.errors import Failed, Invalid
from perfkit.probes import build
from perfkit.probes._startup.cold import proof
from tests.fakes import FakeLauncher, an_exit

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="posix_fadvise is for Linux")


def cold(**settings):
    return build("startup", {"command": ["server", "main.cfg"], "cache": "cold", **settings})


@pytest.fixture
def side(tmp_path):
    if file_system(tmp_path) in IN_MEMORY:
        pytest.skip("TMPDIR lies in memory; set it to a folder on a disk")
    (tmp_path / "main.cfg").write_text("x" * 5000)
    (tmp_path / "code.pyc").write_text("y" * 3000)
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "one").write_text("z" * 2000)

    def started(program):
        if program.command[0] == "/bin/sh":
            assert program.env["PYTHONVERBOSE"] == "1"
            Path(program.command[3]).write_text(f"# code object from '{tmp_path}/code.pyc'\nlistening\n")

    return lambda *exits: FakeLauncher(tmp_path, exits, started)


def test_what_it_opens_and_what_is_named_is_dropped_before_the_start(side):
    fake = side(an_exit(), an_exit(blocks_in=20))
    measured = cold(cache_files=["data/**"]).measure(fake)
    assert [program.command[0] for program in fake.programs] == ["/bin/sh", "server"]
    facts = dict(measured.details[0].rows)
    assert facts["dropped from the page cache"] == "3 files, 10.0 kB"
    assert facts["read from the disk"] == "10.2 kB"
    assert measured.disturbance.io_pressure is None


def test_a_start_that_reads_nothing_was_not_cold(side):
    with pytest.raises(Invalid, match="the start was not cold: nothing was read from a disk") as caught:
        cold().measure(side(an_exit(), an_exit(blocks_in=0)))
    assert "cache_files" in caught.value.hint


def test_why_it_was_not_cold_is_said():
    dropped = Dropped((Path("/proc/version"), Path("/proc/stat")), 5, {})
    held = Dropped((Path("/usr/lib/libc.so.6"),), 5, {Path("/usr/lib/libc.so.6"): 5})
    with pytest.raises(Invalid, match="although 2 files on proc were dropped"):
        proof(dropped, an_exit())
    with pytest.raises(Invalid, match=r"other processes use all of its files \(libc\.so\.6\)"):
        proof(held, an_exit())


def test_what_stayed_is_told():
    many = {Path(f"/usr/lib/{name}.so"): 1000 * size for size, name in enumerate("abcde", 1)}
    facts = dict(proof(Dropped(tuple(many), 99, many), an_exit(blocks_in=1)).rows)
    assert facts["stayed, in use by other processes"] == "15.0 kB: e.so, d.so, c.so and 2 more"


def test_a_named_file_that_stays_in_memory_makes_it_warm(side, tmp_path):
    file = tmp_path / "data" / "one"
    with file.open("rb") as opened, mmap.mmap(opened.fileno(), 0, access=mmap.ACCESS_READ) as view:
        assert view[0] == ord("z")
        with pytest.raises(Invalid, match="the start would not be cold: one stays in the page cache"):
            cold(cache_files=["data/*"]).measure(side(an_exit(), an_exit(blocks_in=20)))


def test_a_glob_that_finds_nothing_is_a_failure(side):
    with pytest.raises(Failed, match="cache_files: 'none/"):
        cold(cache_files=["none/*"]).measure(side(an_exit(), an_exit()))


def test_a_program_that_fails_when_it_is_asked_for_its_code_says_so(side):
    with pytest.raises(Failed, match="server did not become ready with PYTHONVERBOSE=1 set: listening"):
        cold().measure(side(an_exit(3), an_exit()))
