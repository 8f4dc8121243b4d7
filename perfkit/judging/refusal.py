"""Why two samples are not compared: a value like any other, never an exception."""

from dataclasses import dataclass

from perfkit.model.verdict import Reason


@dataclass(frozen=True, slots=True)
class Refusal:
    """The reason, a sentence, and what to do next. `new` marks a benchmark or metric that the base has never had."""

    reason: Reason
    why: str
    advice: str
    new: bool = False
