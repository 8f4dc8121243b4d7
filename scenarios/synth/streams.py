"""Rendering in real time, once for all listeners.

A message is the block's index (8 bytes, unsigned, little-endian) and the block itself (frames × 2 samples, float32,
little-endian, interleaved). A listener who sees the index jump has lost what lies between.
"""

import asyncio
import time
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
from websockets.frames import Frame, Opcode

from synth.engine import CHANNELS, Engine

HEADER_BYTES = 8
_WAITING_SECONDS = 1.0
"""The audio that waits for a slow listener before it loses blocks; a schedule that is later than this begins anew."""


class Listener(Protocol):
    """Somebody who hears the blocks."""

    def offer(self, message: bytes) -> bool:
        """Take a framed message without waiting. False where it is lost, as too many wait already."""
        ...


@dataclass(slots=True)
class Counts:
    """What has happened since the start."""

    blocks: int = 0
    late_blocks: int = 0
    """Rendered more than a block after their time."""
    messages: int = 0
    dropped_messages: int = 0
    render_seconds: float = 0.0
    audio_seconds: float = 0.0


@dataclass(slots=True)
class Broadcaster:
    """Renders `engine` in blocks of `frames` frames at the pace of its rate, while anyone listens."""

    engine: Engine
    frames: int
    counts: Counts = field(default_factory=Counts)
    listeners: set[Listener] = field(default_factory=set)
    _present: asyncio.Event = field(default_factory=asyncio.Event)
    _message: bytearray = field(init=False)

    def __post_init__(self) -> None:
        samples = self.frames * CHANNELS
        self._message = bytearray(HEADER_BYTES + samples * np.dtype(np.float32).itemsize)

    @property
    def period(self) -> float:
        """Seconds of audio in a block."""
        return self.frames / self.engine.rate

    @property
    def most_waiting(self) -> int:
        """Bytes that may wait for a slow listener."""
        return max(2, round(_WAITING_SECONDS / self.period)) * len(self._message)

    def join(self, listener: Listener) -> None:
        """Send it every block from the next one on."""
        self.listeners.add(listener)
        self._present.set()

    def leave(self, listener: Listener) -> None:
        """Send it nothing more."""
        self.listeners.discard(listener)
        if not self.listeners:
            self._present.clear()

    def render(self) -> bytes:
        """The next message."""
        began = time.perf_counter()
        block = np.frombuffer(self._message, "<f4", offset=HEADER_BYTES).reshape(self.frames, CHANNELS)
        self._message[:HEADER_BYTES] = self.counts.blocks.to_bytes(HEADER_BYTES, "little")
        self.engine.render_into(block)
        message = bytes(self._message)
        self.counts.blocks += 1
        self.counts.audio_seconds += self.period
        self.counts.render_seconds += time.perf_counter() - began
        return message

    async def run(self) -> None:
        """Hand out blocks until cancelled. Block k is due k periods after the first, so that errors do not add up."""
        while True:
            await self._present.wait()
            await self._play(time.monotonic())

    async def _play(self, start: float) -> None:
        block = 0
        while self.listeners:
            late = time.monotonic() - (start + block * self.period)
            if late > _WAITING_SECONDS:
                return
            if late > self.period:
                self.counts.late_blocks += 1
            self._hand_out(self.render())
            block += 1
            await asyncio.sleep(max(0.0, start + block * self.period - time.monotonic()))

    def _hand_out(self, message: bytes) -> None:
        framed = Frame(Opcode.BINARY, message).serialize(mask=False)
        self.counts.messages += len(self.listeners)
        self.counts.dropped_messages += sum(not listener.offer(framed) for listener in self.listeners)
