"""What a started program must come to until it is ready, and when it did: as seen, or by its own stamp."""

from collections.abc import Sequence
from contextlib import suppress
from typing import TypeGuard

from perfkit.model.errors import Failed
from perfkit.model.launch import Ready, Stage
from perfkit.model.units import format_quantity

_HINT = "a stamp is CLOCK_MONOTONIC in ns, such as Python's time.monotonic_ns()"
_SHOWN = 40
"""Characters of a stamp that a message repeats."""


class Way:
    """The stages of a program, or the one thing by which it is ready; nothing where that is its end."""

    def __init__(self, awaited: Sequence[Ready]) -> None:
        self._awaited = tuple(awaited)
        self._told: list[float | str | None] = [None] * len(self._awaited)
        self._refused = [0] * len(self._awaited)
        self._heard = 0.0

    @property
    def ends_at_exit(self) -> bool:
        """Whether nothing but its end is waited for."""
        return not self._awaited

    @property
    def passed(self) -> bool:
        """Whether all of it is reached."""
        return None not in self._told

    def take(self, told: Sequence[float | str | None], refused: Sequence[int], now: float) -> None:
        """Note what is known `now`: for each a clock in s, the text of the program's own stamp, or None.

        `refused` are the statuses of answers that were none.
        """
        self._told, self._refused, self._heard = list(told), list(refused), now

    def not_passed(self) -> str:
        """What is not reached, to be said after what happened: the stages' names, or what was awaited."""
        left = [one for one, at in zip(self._awaited, self._told, strict=True) if at is None]
        if stages := [one.name for one in left if _is_stage(one)]:
            return f" (not reached: {', '.join(stages)})"
        return f" (awaited: {', '.join(map(_wanted, left))})" if left else ""

    def wanting(self) -> str:
        """What has not come, in words."""
        rows = zip(self._awaited, self._told, self._refused, strict=True)
        return "; ".join(
            (f"stage {one.name}: " if _is_stage(one) else "") + _lack(one, refused)
            for one, at, refused in rows
            if at is None
        )

    def clocks(self, started: float, program: str) -> tuple[float, ...]:
        """When each was reached, CLOCK_MONOTONIC s. Raises Failed for a stamp that cannot be that of this start."""
        return tuple(self._clock(at, started, program) for at in self._told if at is not None)

    def seen(self, started: float) -> tuple[float | None, ...]:
        """The same, with None for what was not reached or has no stamp that can be."""
        found: list[float | None] = []
        for at in self._told:
            found.append(None)
            with suppress(Failed):
                found[-1] = None if at is None else self._clock(at, started, "it")
        return tuple(found)

    def _clock(self, at: float | str, started: float, program: str) -> float:
        if not isinstance(at, str):
            return at
        if not (at.isascii() and at.isdigit()):
            raise Failed(f"{program} gave the stamp {at[:_SHOWN]!r}, which is no number of nanoseconds", hint=_HINT)
        clock = int(at) / 1e9
        if clock < started:
            early = format_quantity(started - clock, "s")
            raise Failed(f"{program} gave a stamp from {early} before its own start", hint=_HINT)
        if clock > self._heard:
            ahead = format_quantity(clock - self._heard, "s")
            raise Failed(f"{program} gave a stamp that lies {ahead} in the future", hint=_HINT)
        return clock


def _is_stage(one: Ready) -> TypeGuard[Stage]:
    return isinstance(one, Stage)


def _wanted(one: Ready) -> str:
    if one.stdout is not None:
        return f"a line of stdout that matches {one.stdout!r}"
    if one.tcp is not None:
        return f"a listener on port {one.tcp}"
    if one.http is not None:
        return f"an answer from {one.http}"
    if one.notify:
        return "READY=1 on $NOTIFY_SOCKET"
    return f"the file {one.file}" if one.file else f"a stamp in {one.stamp}"


def _lack(one: Ready, refused: int) -> str:
    if one.stdout is not None:
        return f"no line of stdout matched {one.stdout!r}"
    if one.tcp is not None:
        return f"nothing listened on port {one.tcp}"
    if one.http is not None:
        return f"{one.http} answered {refused}" if refused else f"nothing answered at {one.http}"
    if one.notify:
        return "no READY=1 came to $NOTIFY_SOCKET"
    return f"there was no file {one.file}" if one.file else f"there was no stamp in {one.stamp}"


def latest(clocks: Sequence[float | None]) -> float | None:
    """The last of them; None unless all were reached."""
    reached = [clock for clock in clocks if clock is not None]
    return max(reached) if clocks and len(reached) == len(clocks) else None
