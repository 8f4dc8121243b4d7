"""Dropping files from the page cache, and what stays of them."""

import mmap
import os
from pathlib import Path

import pytest

from perfkit.instruments import page_cache
from perfkit.instruments.page_cache import DROPPABLE, IN_MEMORY, drop, file_system

pytestmark = pytest.mark.skipif(not DROPPABLE, reason="posix_fadvise is for Linux")
SIZE = 64 * mmap.PAGESIZE + 5


@pytest.fixture
def file(tmp_path):
    if file_system(tmp_path) in IN_MEMORY:
        pytest.skip("TMPDIR lies in memory; set it to a folder on a disk")
    file = tmp_path / "data"
    file.write_bytes(os.urandom(SIZE))
    return file


def test_what_was_just_written_is_dropped_whole(file):
    with file.open("rb") as opened:
        assert page_cache._resident(opened.fileno(), SIZE) == SIZE
    dropped = drop([file])
    assert (dropped.files, dropped.size, dropped.stayed) == ((file,), SIZE, {})


def test_what_a_process_has_mapped_stays_and_is_told(file):
    with file.open("rb") as opened, mmap.mmap(opened.fileno(), 0, access=mmap.ACCESS_READ) as view:
        touched = view[0] + view[10 * mmap.PAGESIZE]
        dropped = drop([file])
        assert touched >= 0
    assert 2 * mmap.PAGESIZE <= dropped.stayed[file] <= SIZE


def test_what_cannot_be_read_is_left_out(tmp_path, file):
    (tmp_path / "empty").touch()
    dropped = drop([file, tmp_path / "absent", tmp_path / "empty"])
    assert dropped.files == (file, tmp_path / "empty")


def test_the_file_system_is_that_of_the_nearest_mount():
    assert file_system(Path("/proc/self/status")) == "proc"
    assert file_system(Path("/")) not in {"proc", "an unknown file system"}
