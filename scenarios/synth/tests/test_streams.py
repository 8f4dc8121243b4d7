import asyncio
import contextlib
import struct

import numpy as np

from synth.engine import Engine
from synth.streams import HEADER_BYTES, Broadcaster, Listener


async def running_for(broadcaster: Broadcaster, seconds: float) -> None:
    player = asyncio.create_task(broadcaster.run())
    await asyncio.sleep(seconds)
    player.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await player


def test_a_message_is_an_index_and_a_block() -> None:
    engine, twin = Engine(), Engine()
    engine.note_on(60)
    twin.note_on(60)
    broadcaster = Broadcaster(engine, 480)
    for index in range(3):
        message = broadcaster.render()
        assert struct.unpack_from("<Q", message) == (index,)
        block = np.frombuffer(message, "<f4", offset=HEADER_BYTES).reshape(-1, 2)
        assert np.array_equal(block, twin.render(480))


def test_a_slow_listener_loses_blocks_and_another_does_not() -> None:
    async def scene() -> tuple[list[bytes], Listener, Broadcaster]:
        broadcaster = Broadcaster(Engine(), 12_000)
        slow, quick = broadcaster.join(), broadcaster.join()
        heard: list[bytes] = []

        async def listen() -> None:
            while True:
                heard.append(await quick.next())

        listening = asyncio.create_task(listen())
        await running_for(broadcaster, 1.6)
        listening.cancel()
        return heard, slow, broadcaster

    heard, slow, broadcaster = asyncio.run(scene())
    counts = broadcaster.counts
    assert [struct.unpack_from("<Q", message)[0] for message in heard] == list(range(counts.blocks))
    assert counts.blocks > 4
    assert slow.dropped == counts.dropped_messages == counts.blocks - 4
    assert counts.messages == 2 * counts.blocks


def test_nothing_is_rendered_for_nobody() -> None:
    async def scene() -> int:
        broadcaster = Broadcaster(Engine(), 64)
        broadcaster.leave(broadcaster.join())
        await running_for(broadcaster, 0.1)
        return broadcaster.counts.blocks

    assert asyncio.run(scene()) == 0
