"""What a program said before it failed, as a message repeats it."""

from perfkit.model.reasons import shortened

_LINES = 8


def last_words(output: str, otherwise: str = "") -> tuple[str, str]:
    """The last line of its output, or `otherwise` without any, and the last 8 as evidence below, where there are more.

    Each is cut where it is very long.
    """
    lines = [shortened(line) for line in output.strip().splitlines()]
    tail = "".join(f"\n  {line}" for line in lines[-_LINES:]) if len(lines) > 1 else ""
    return (lines[-1].strip() if lines else otherwise), tail
