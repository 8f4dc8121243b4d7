"""Reasons of more than one line: the first says it, those below are evidence (a traceback, the end of stderr)."""

_LONGEST = 300
"""Characters of a line of output that a message repeats."""


def said(reason: str) -> str:
    """What fits into a table or a sentence: the first line."""
    return reason.partition("\n")[0].rstrip()


def evidence(reason: str) -> str:
    """The lines below the first; empty where there are none."""
    return reason.partition("\n")[2].rstrip()


def shortened(line: str) -> str:
    """A line of somebody's output, cut at 300 characters: a program may write without ever ending a line."""
    return line if len(line) <= _LONGEST else f"{line[: _LONGEST - 2]} …"


def adding(reason: str, more: str) -> str:
    """The reason with `more` at the end of what it says, above its evidence."""
    return "\n".join(part for part in (said(reason) + more, evidence(reason)) if part)
