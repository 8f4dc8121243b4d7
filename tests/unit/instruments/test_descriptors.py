import os
import subprocess
import sys

import pytest

resource = pytest.importorskip("resource", reason="this system has no limits of open files")

PROGRAM = """
import resource, subprocess, sys
from perfkit.instruments.descriptors import allow_open_files
from perfkit.model.errors import Skipped
soft, hard, connections = map(int, sys.argv[1:])
resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
child = subprocess.Popen(["sleep", "60"])
try:
    allow_open_files(connections, child.pid)
    print(*resource.getrlimit(resource.RLIMIT_NOFILE), *resource.prlimit(child.pid, resource.RLIMIT_NOFILE))
except Skipped as error:
    print(error, "-", error.hint)
finally:
    child.kill()
    child.wait()
"""


def allowed(soft: int, hard: int, connections: int) -> str:
    words = [sys.executable, "-c", PROGRAM, *map(str, (soft, hard, connections))]
    return subprocess.run(words, capture_output=True, text=True, check=True).stdout.strip()


@pytest.mark.skipif(not hasattr(resource, "prlimit") or os.name != "posix", reason="only Linux sets others' limits")
def test_generator_and_service_get_what_they_need_and_no_more():
    assert allowed(256, 8000, 3000) == "3064 8000 4024 8000"
    assert allowed(256, 3500, 3000) == "3064 3500 3500 3500"
    assert allowed(5000, 8000, 3000) == "5000 8000 5000 8000"


@pytest.mark.skipif(not hasattr(resource, "prlimit"), reason="only Linux sets others' limits")
def test_what_the_machine_does_not_allow_is_said():
    said = allowed(256, 2000, 3000)
    assert said.startswith("3000 connections need 3064 open files and this machine allows 2000")
    assert "ulimit -Hn 3064" in said
