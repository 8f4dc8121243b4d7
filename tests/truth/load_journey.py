"""Async functions that a load calls: run in the measured side's interpreter, never imported by the tests."""

import asyncio
import sys
import time
from pathlib import Path


async def steady(seconds):
    await asyncio.sleep(seconds)


async def sometimes(path):
    """Fails at every fourth call and hangs at the fiftieth; set up once and torn down once."""
    calls = 0

    async def once():
        nonlocal calls
        calls += 1
        if calls == 50:
            await asyncio.sleep(3600)
        if calls % 4 == 0:
            raise LookupError(f"call {calls}")

    append(path, f"up {sys.executable}")
    try:
        yield once
    finally:
        append(path, f"down after {calls}")


def append(path, line):
    with Path(path).open("a") as file:
        file.write(line + "\n")


async def blocking():
    """Holds the loop for 20 ms at once in a hundred calls."""
    blocking.calls = getattr(blocking, "calls", 0) + 1
    if blocking.calls % 100 == 50:
        time.sleep(0.02)  # noqa: ASYNC251 - that is the stall


async def broken():
    raise ValueError("no such shop")


def plain():
    return None
