"""The parts of a command that runs Python."""

from pathlib import PurePath


def python_parts(command: tuple[str, ...]) -> tuple[str, tuple[str, ...], tuple[str, ...]]:
    """An interpreter's command as the interpreter, its own options, and what it is to run.

    Raises ValueError where the command does not begin with a Python interpreter or runs nothing.
    """
    python, *words = command
    if not PurePath(python).name.startswith("python"):
        raise ValueError(f"mode = 'allocated' needs a command that begins with python, not {python!r}")
    options: list[str] = []
    while words and words[0].startswith("-") and words[0] not in {"-c", "-m"}:
        options.append(words.pop(0))
        if options[-1] in {"-X", "-W"} and words:
            options.append(words.pop(0))
    if not words:
        raise ValueError("mode = 'allocated' needs a script, -m MODULE or -c CODE after python")
    return python, tuple(options), tuple(words)
