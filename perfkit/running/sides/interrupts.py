"""Ctrl-C and its relatives: held back while something must be done whole, and alike in what they cause."""

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import FrameType

_SIGNALS = tuple(getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name))


@dataclass(slots=True)
class Interrupts:
    """SIGINT, SIGTERM and SIGHUP in a stretch of work: outside of `allowed` they wait, inside the first one counts."""

    _allowed: bool = False
    _raised: bool = False
    _held: list[int] = field(default_factory=list)

    @contextmanager
    def allowed(self) -> Iterator[None]:
        """Let the first signal raise KeyboardInterrupt; those after it wait, for cleaning up has begun."""
        self._allowed = True
        try:
            if self._held:
                self.take(self._held.pop(), None)
            yield
        finally:
            self._allowed = False

    def take(self, number: int, _frame: FrameType | None) -> None:
        """The handler."""
        if not self._allowed:
            self._held.append(number)
            return
        self._allowed, self._raised = False, True
        raise KeyboardInterrupt

    def give_back(self) -> None:
        """Let those that still wait do what they would have done, unless one was raised already."""
        for number in self._held if not self._raised else ():
            signal.raise_signal(number)


@contextmanager
def interrupts() -> Iterator[Interrupts]:
    """Take over the signals that end a process, but for those that are ignored."""
    taken = Interrupts()
    with _handled(taken.take):
        yield taken
    taken.give_back()


@contextmanager
def deferred() -> Iterator[None]:
    """Hold the signals back until the block has ended; then they do what they would have done. For short steps."""
    held: list[int] = []

    def hold(number: int, _frame: FrameType | None) -> None:
        held.append(number)

    try:
        with _handled(hold):
            yield
    finally:
        for number in held:
            signal.raise_signal(number)


@contextmanager
def _handled(handler: Callable[[int, FrameType | None], None]) -> Iterator[None]:
    """Signals reach the main thread alone, so elsewhere there is nothing to handle."""
    here = threading.current_thread() is threading.main_thread()
    usual = {number: signal.getsignal(number) for number in _SIGNALS} if here else {}
    replaced = {number: before for number, before in usual.items() if before not in {None, signal.SIG_IGN}}
    try:
        for number in replaced:
            signal.signal(number, handler)
        yield
    finally:
        for number, before in replaced.items():
            signal.signal(number, before)
