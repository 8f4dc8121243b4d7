"""A noisy neighbour: one process of our own that is busy in bursts and moves memory."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

LIFE = 600
"""Seconds after which a neighbour ends by itself, whatever became of us."""

BUSY = """\
import os, random, signal, sys, time
signal.alarm(int(sys.argv[1]))
parent, block, draw = int(sys.argv[2]), bytearray(1 << 24), random.Random(int(sys.argv[3]))
while os.getppid() == parent:
    until = time.monotonic() + draw.expovariate(1 / 0.5)
    while time.monotonic() < until:
        bytes(block)
    time.sleep(draw.expovariate(1 / 0.1))
"""


@contextmanager
def busy_neighbour(seed: int) -> Iterator[int]:
    """Its process id; it has ended on leaving.

    It copies memory for half a second and rests for a tenth, on average: a neighbour that never rests would meet
    both launches of a pair alike.
    """
    arguments = (str(LIFE), str(os.getpid()), str(seed))
    child = subprocess.Popen((sys.executable, "-I", "-S", "-c", BUSY, *arguments), stdin=subprocess.DEVNULL)
    try:
        yield child.pid
    finally:
        child.kill()
        child.wait()
