"""Ends a probe that goes on after its launch's time: one that loops, or waits for what never comes."""

import signal
import traceback
from collections.abc import Iterator
from contextlib import contextmanager

from perfkit.model.errors import TimedOut

_AGAIN = 1.0
"""Seconds after which it is interrupted once more, should its code have swallowed the first time."""
_FRAMES = 4


class _OverdueError(KeyboardInterrupt):
    """What the probe's code sees: no `except Exception` holds it, and event loops let it pass."""


@contextmanager
def ended_after(seconds: float, kind: str) -> Iterator[None]:
    """Interrupt the code within after `seconds`, wherever its Python code is then. Raises TimedOut that says where.

    In the main thread only. A call into a library that does not return to Python is not interrupted.
    """
    armed = True

    def interrupt(number: int, frame: object) -> None:  # noqa: ARG001 - the signal handler's form
        if armed:
            raise _OverdueError

    before = signal.signal(signal.SIGALRM, interrupt)
    signal.setitimer(signal.ITIMER_REAL, seconds, _AGAIN)
    try:
        yield
    except _OverdueError as error:
        armed = False
        raise TimedOut(_where(kind, seconds, error), hint="launcher.remaining tells a probe how long it has") from None
    finally:
        armed = False
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def _where(kind: str, seconds: float, error: BaseException) -> str:
    """One line, and below it the innermost frames of the probe."""
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if frame.filename != __file__][-_FRAMES:]
    at = f" ({frames[-1].filename}:{frames[-1].lineno})" if frames else ""
    return f"probe {kind!r} had not ended after {seconds:g} s{at}\n{''.join(traceback.format_list(frames))}".rstrip()
