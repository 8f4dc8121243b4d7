"""What load generators of others are asked and what they tell, whichever they are."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from perfkit.probes._load.pace import Pace
from perfkit.probes._load.settings import Http, Plan

Command = tuple[str, ...]
_OURS = "perfkit {"


@dataclass(frozen=True, slots=True)
class Told:
    """What a tool tells of a load: answers of any status in `duration` s, response times in s, errors by class.

    `dropped` requests were due and not sent; they are not among the `requests`.
    """

    requests: int
    answered: int
    duration: float
    p50: float
    p95: float
    p99: float
    longest: float
    errors: dict[str, int]
    dropped: int = 0


@dataclass(frozen=True, slots=True)
class Tool:
    """`commands` load for so many seconds, with a folder for files of their own; `read` what the last one printed."""

    commands: Callable[[Plan, float, Path], tuple[Command, ...]]
    read: Callable[[str], Told]
    install: str


def asked(plan: Plan) -> tuple[Http, Pace]:
    """What a tool is to request, and when."""
    assert plan.http is not None
    assert plan.pace is not None
    return plan.http, plan.pace


def our_line(text: str) -> str:
    """The JSON that a script of ours made a tool print, in a line of its own. Raises ValueError without it."""
    line = next((line for line in text.splitlines() if line.startswith(_OURS)), None)
    if line is None:
        raise ValueError("it printed no result")
    return line.removeprefix("perfkit ")
