"""Network namespaces where the kernel does not let us have one."""

import subprocess
import sys

import pytest

WITHOUT_RIGHTS = """
import os
from perfkit.instruments import netem
netem._TOOLS = ()  # none of them is come to
if os.geteuid() == 0:
    os.setgid(65534)
    os.setuid(65534)
try:
    with netem.network_space():
        print("a namespace")
except netem.CannotShapeError as error:
    print(error)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="network namespaces are Linux's")
def test_who_is_not_root_is_told_so():
    done = subprocess.run([sys.executable, "-c", WITHOUT_RIGHTS], capture_output=True, text=True, check=True)
    assert done.stdout.startswith("making a network namespace needs root")
