import asyncio
import time

import pytest

from perfkit.instruments.alarm import Alarm


async def wait_for(*ahead: float, fine: bool) -> list[tuple[float, float]]:
    """(due, woken) for times so many s from now."""
    start = time.monotonic()
    woken = []
    with Alarm(fine=fine) as clock:
        for seconds in ahead:
            await clock.until(start + seconds)
            woken.append((start + seconds, time.monotonic()))
    return woken


@pytest.mark.parametrize("fine", [True, False])
def test_it_never_wakes_early(fine):
    for due, woken in asyncio.run(wait_for(0.0131, 0.0132, 0.0207, 0.05, 0.02, fine=fine)):
        assert woken >= due


def test_a_time_that_has_passed_is_returned_from_without_yielding():
    async def both() -> list[str]:
        order = []

        async def other() -> None:
            order.append("other")

        with Alarm() as clock:
            task = asyncio.create_task(other())
            await clock.until(time.monotonic() - 1.0)
            order.append("alarm")
            await task
        return order

    assert asyncio.run(both()) == ["alarm", "other"]


def test_the_loop_works_while_it_waits():
    async def both() -> int:
        turns = 0

        async def work() -> None:
            nonlocal turns
            while True:
                turns += 1
                await asyncio.sleep(0.001)

        with Alarm() as clock:
            task = asyncio.create_task(work())
            await clock.until(time.monotonic() + 0.2)
            task.cancel()
        return turns

    assert asyncio.run(both()) > 5
