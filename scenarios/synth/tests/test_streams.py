import asyncio
import contextlib
import struct

import numpy as np

from synth.engine import Engine
from synth.streams import HEADER_BYTES, Broadcaster


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


class Ear:
    """A listener who hears no more than so many messages."""

    def __init__(self, most: int = 1_000) -> None:
        self.most = most
        self.heard: list[bytes] = []

    def offer(self, message: bytes) -> bool:
        """As a stream does."""
        if len(self.heard) == self.most:
            return False
        self.heard.append(message)
        return True


def test_a_slow_listener_loses_blocks_and_another_does_not() -> None:
    broadcaster = Broadcaster(Engine(), 480)
    slow, quick = Ear(2), Ear()

    async def scene() -> None:
        broadcaster.join(slow)
        broadcaster.join(quick)
        while broadcaster.counts.blocks < 5:
            await running_for(broadcaster, 0.05)

    asyncio.run(scene())
    counts = broadcaster.counts
    headers = {frame[:4] for frame in quick.heard}
    assert headers == {struct.pack("!BBH", 0x82, 126, HEADER_BYTES + 480 * 2 * 4)}
    assert [struct.unpack_from("<Q", frame, 4)[0] for frame in quick.heard] == list(range(counts.blocks))
    assert slow.heard == quick.heard[:2]
    assert counts.dropped_messages == counts.blocks - 2
    assert counts.messages == 2 * counts.blocks


def test_a_second_of_audio_may_wait() -> None:
    assert Broadcaster(Engine(), 960).most_waiting == 50 * (HEADER_BYTES + 960 * 2 * 4)
    assert Broadcaster(Engine(), 16_384).most_waiting == 3 * (HEADER_BYTES + 16_384 * 2 * 4)


def test_nothing_is_rendered_for_nobody() -> None:
    async def scene() -> int:
        broadcaster = Broadcaster(Engine(), 64)
        ear = Ear()
        broadcaster.join(ear)
        broadcaster.leave(ear)
        await running_for(broadcaster, 0.1)
        return broadcaster.counts.blocks

    assert asyncio.run(scene()) == 0
