"""Which files a program works with."""

import os
import sys
from pathlib import Path

import pytest

from perfkit.instruments.opened_files import mapped_files, python_code

TOLD = """\
# /usr/lib/python3.11/__pycache__/site.cpython-311.pyc matches /usr/lib/python3.11/site.py
# code object from '/opt/my app/__pycache__/main.cpython-311.pyc'
# code object from /opt/old/plain.py
import 'site' # <_frozen_importlib_external.SourceFileLoader object at 0x7f>
# destroy site
"""


def test_the_code_that_a_python_loads_is_read_from_what_it_tells():
    assert python_code(TOLD) == {
        Path("/usr/lib/python3.11/__pycache__/site.cpython-311.pyc"),
        Path("/usr/lib/python3.11/site.py"),
        Path("/opt/my app/__pycache__/main.cpython-311.pyc"),
        Path("/opt/old/plain.py"),
    }


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_an_executable_is_among_what_is_mapped_and_nothing_that_is_no_file():
    found = mapped_files(os.getpid())
    assert Path(sys.executable).resolve() in {file.resolve() for file in found}
    assert all(file.is_absolute() for file in found)
    assert not any(str(file).startswith("[") for file in found)


def test_of_a_process_that_is_gone_nothing_is_mapped():
    assert mapped_files(2**22 + 1) == set()
