"""What clients need to know of an audio server, and how a private one is awaited and ended."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Literal

from perfkit.model.errors import Failed
from perfkit.model.launch import Target

ServerKind = Literal["pipewire", "jack", "running"]

_START_WITHIN = 10.0


@dataclass(frozen=True, slots=True)
class AudioServer:
    """A server that runs. `env` leads clients to it; what is played into `play` is recorded from `record`.

    `rate` in Hz and `block` in frames are what a private server was asked for; `block` is 0 of a running one. `method`
    names the server in a metric's identity.
    """

    kind: ServerKind
    name: str
    env: Mapping[str, str]
    play: str
    record: str
    rate: int
    block: int = 0

    def check(self, rate: int, block: int) -> None:
        """Raises Failed where a private server turned out to play otherwise than it was asked to."""
        if self.block and (rate, block) != (self.rate, self.block):
            raise Failed(
                f"{self.name} plays blocks of {block} frames at {rate} Hz, not of {self.block} at {self.rate}",
                hint="a power of two is a block that every server takes",
            )

    @property
    def method(self) -> str:
        """The server in a metric's method."""
        return self.kind

    @property
    def owner(self) -> str:
        """Whose server it is, in words."""
        return "running before, not perfkit's" if self.kind == "running" else "private"

    @property
    def loop(self) -> str:
        """What the signal passes beside the program, in words."""
        return "as connected on the running server" if self.kind == "running" else "virtual, converters not included"


@contextmanager
def awaited(target: Target, name: str) -> Iterator[None]:
    """Wait until the server listens and end it, by SIGTERM first so that it cleans up, whatever happens."""
    try:
        try:
            target.wait_ready(_START_WITHIN)
        except Failed as error:
            raise Failed(f"{name} did not start: {error}", hint=f"start {name} by hand and see what it says") from error
        yield
    finally:
        target.stop()
