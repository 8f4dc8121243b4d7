"""What every audio probe checks of its settings, and what it says without real-time rights."""

from collections.abc import Iterable

_SMALL_BLOCK = 64
_LARGEST_BLOCK = 8192
"""Of PipeWire and jackd, which silently take no larger one."""
OF_A_CLIENT = ("ready", "output_port", "midi_port")
"""Settings that only a JACK client has."""


def caveats(smallest: int, *, real_time: bool) -> tuple[str, ...]:
    """What reports repeat where `smallest` frames were played: `not real-time` makes the verdict inconclusive."""
    if real_time:
        return ()
    return ("not real-time",) if smallest <= _SMALL_BLOCK else ("non-RT",)


def check_unused(settings: object, names: Iterable[str], why: str) -> None:
    """Raises ValueError for the first of these settings that is given although nothing would read it."""
    for name in names:
        if getattr(settings, name):
            raise ValueError(f"{name} {why}: leave it out")


def check_body(body: str) -> None:
    """Raises ValueError unless `body` names a function."""
    module, _, function = body.rpartition(":")
    if not (module and function.isidentifier()):
        raise ValueError(f"body = {body!r} must be 'module:function' or 'path/to/file.py:function'")


def check_format(rate: int, frames: int, key: str) -> None:
    """Raises ValueError for a sample rate or a block size that no sound card has."""
    if not 8_000 <= rate <= 768_000:
        raise ValueError(f"rate = {rate} must lie between 8000 and 768000 Hz")
    if not 8 <= frames <= _LARGEST_BLOCK:
        raise ValueError(f"{key} = {frames} must lie between 8 and {_LARGEST_BLOCK} frames")
